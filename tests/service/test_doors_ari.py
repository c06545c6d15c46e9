"""The ARI door against the fake Asterisk: what counts as heard."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from hotline.ari import Client
from hotline.ari.fake import FakeAsterisk
from hotline.call import CallerGone, Ended
from hotline.doors.ari import AriLine

SECONDS = 1.0


@dataclass(frozen=True)
class Sound:
    path: Path = Path("/reading")
    seconds: float = SECONDS


@pytest.fixture
async def listener():
    """Play one sound to a caller; return what came of it, and the call."""
    async with FakeAsterisk(sounds={"sound:/reading": SECONDS}) as fake, contextlib.AsyncExitStack() as stack:
        results = asyncio.Queue()

        async def handle(stay):
            line = AriLine(stay)
            try:
                results.put_nowait((await line.play([Sound()], "")).ended)
            except CallerGone:
                results.put_nowait(CallerGone)

        client = await stack.enter_async_context(Client(fake.url, fake.user, fake.password, "hotline"))
        running = asyncio.create_task(client.run(handle))
        await client.connected.wait()
        yield fake, results
        running.cancel()
        await asyncio.wait({running})


async def test_a_sound_played_out_was_heard(listener):
    """Played to its end it counts, also for a caller who hangs up right after."""
    fake, results = listener
    await fake.incoming()
    assert await asyncio.wait_for(results.get(), 3) is Ended.FINISHED


async def test_a_sound_cut_by_a_hang_up_was_not_heard(listener):
    """Half a reading is none."""
    fake, results = listener
    call = await fake.incoming()
    await asyncio.sleep(SECONDS / 2)
    await call.hang_up()
    assert await asyncio.wait_for(results.get(), 3) is CallerGone
