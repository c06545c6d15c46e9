"""A fake Asterisk with sounds and a password, and clients of it."""

import asyncio
import contextlib

import pytest

from hotline.ari import Client
from hotline.ari.fake import FakeAsterisk
from pupil import APP, LONG, MIDDLE, PASSWORD, SHORT


@pytest.fixture
async def fake():
    """An Asterisk with a password worth hiding."""
    sounds = {SHORT: 0.05, MIDDLE: 0.4, LONG: 30.0}
    async with FakeAsterisk(password=PASSWORD, sounds=sounds) as asterisk:
        yield asterisk


@pytest.fixture
def client_of(fake):
    """Run a client within a block; it waits until the client is connected."""

    @contextlib.asynccontextmanager
    async def run(handler, *, on_orphan=None, **options):
        client = Client(fake.url, fake.user, fake.password, APP, **options)
        orphans = {} if on_orphan is None else {"on_orphan": on_orphan}
        task = asyncio.create_task(client.run(handler, **orphans))
        await asyncio.wait_for(client.connected.wait(), 2)
        yield client
        await client.close()
        await task

    return run
