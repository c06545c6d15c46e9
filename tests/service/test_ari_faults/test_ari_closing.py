"""The end of a client, and its beginning anew, against the fake Asterisk."""

import asyncio
import contextlib

import pytest

from hotline.ari import Client, Outcome
from pupil import APP, LONG, SHORT, Pupil


async def test_closing_lets_handlers_say_goodbye(fake):
    """On close a handler is cancelled, may still play something, and its channel is hung up after it."""
    said = []

    async def handler(stay):
        try:
            await stay.play([LONG], limit_seconds=60)
        except asyncio.CancelledError:
            said.append((await stay.play([SHORT], limit_seconds=2)).outcome)
            raise

    client = Client(fake.url, fake.user, fake.password, APP)
    running = asyncio.create_task(client.run(handler))
    await fake.connected()
    call = await fake.incoming()
    await call.playing(LONG)
    await asyncio.wait_for(client.close(), 3)
    await running
    assert said == [Outcome.FINISHED]
    assert call.ended.is_set()
    assert not client.connected.is_set()


async def test_cancelling_is_closing(fake):
    """Cancelling `run` ends handlers and channels as closing does."""
    pupil = Pupil()
    client = Client(fake.url, fake.user, fake.password, APP)
    running = asyncio.create_task(client.run(pupil))
    await fake.connected()
    call = await fake.incoming()
    await pupil.stay()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert call.cause == 16


async def test_a_handler_that_will_not_end_is_left(fake):
    """A handler that ignores its cancellation holds up the close no longer than it may; its caller is not left."""

    async def stubborn(stay):
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.3)

    client = Client(fake.url, fake.user, fake.password, APP, shutdown_seconds=0.1)
    running = asyncio.create_task(client.run(stubborn))
    await fake.connected()
    call = await fake.incoming()
    await asyncio.sleep(0.05)
    await asyncio.wait_for(client.close(), 2)
    await running
    assert call.cause == 16
    await asyncio.sleep(0.7)


async def test_it_runs_once_at_a_time(client_of):
    """Running a client that runs is an error of the program; running it after its end is not."""
    async with client_of(Pupil()) as client:
        with pytest.raises(RuntimeError, match="runs already"):
            await client.run(Pupil())
    again = asyncio.create_task(client.run(Pupil()))
    await asyncio.wait_for(client.connected.wait(), 2)
    await client.close()
    await again


async def test_closed_before_it_runs(fake):
    """A close before `run` had its turn, or before it was called, is not forgotten: it ends at once, and only once."""
    client = Client(fake.url, fake.user, fake.password, APP)
    running = asyncio.create_task(client.run(Pupil()))
    await client.close()
    await asyncio.wait_for(running, 1)
    assert not fake.requests
    again = asyncio.create_task(client.run(Pupil()))
    await asyncio.wait_for(client.connected.wait(), 2)
    await client.close()
    await asyncio.wait_for(again, 1)


async def test_who_waits_for_the_close_is_not_forgotten(fake):
    """When a shutdown is cut short, a `close` that waits for it ends all the same, and the client is not connected."""

    async def stubborn(stay):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await over.wait()

    over = asyncio.Event()
    client = Client(fake.url, fake.user, fake.password, APP)
    running = asyncio.create_task(client.run(stubborn))
    await fake.connected()
    await asyncio.wait_for(client.connected.wait(), 2)
    await fake.incoming()
    await asyncio.sleep(0.05)
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    running.cancel()
    await asyncio.wait_for(closing, 1)
    assert running.cancelled()
    assert not client.connected.is_set()
    over.set()
    await asyncio.wait(client._admission.served)
    await client.close()
