"""Calls, against the fake Asterisk."""

import asyncio
import contextlib

import pytest
import structlog

from hotline.ari import Client
from hotline.ari.fake import FakeAsterisk, Heard

MENU, LONG, GAP, NEVER = "sound:/menu", "sound:/long", "sound:/none", "bogus:x"
SOUNDS = {MENU: 0.05, LONG: 30.0, NEVER: 0.0}


@pytest.fixture
async def fake():
    """An Asterisk with a short sound, a long one, and one that never ends."""
    async with FakeAsterisk(sounds=SOUNDS, endless={NEVER}) as asterisk:
        yield asterisk


@pytest.fixture
async def serve(fake):
    """Start a client with a handler; returns it when it is connected."""
    running = []

    async def start(handler, **options):
        client = Client(fake.url, fake.user, fake.password, "hotline")
        task = asyncio.create_task(client.run(handler, **options))
        running.append((client, task))
        await asyncio.wait_for(client.connected.wait(), 2)
        return client

    yield start
    for client, task in running:
        await client.close()
        await task


@pytest.fixture
def one_call(fake, serve):
    """Let one call come in and hand it to a test as its stay; the handler ends with the test."""

    @contextlib.asynccontextmanager
    async def begin(*args):
        stays, over = asyncio.Queue(), asyncio.Event()

        async def handler(stay):
            stays.put_nowait(stay)
            await over.wait()

        client = await serve(handler)
        call = await fake.incoming(args, caller="0912345678")
        yield call, await asyncio.wait_for(stays.get(), 2)
        over.set()
        await asyncio.wait_for(call.ended.wait(), 2)
        assert not client.stays

    return begin


async def test_misuse_is_told(one_call):
    """Nothing to play, or two lists at a time, is an error of the program."""
    async with one_call() as (call, stay):
        with pytest.raises(ValueError, match="nothing to play"):
            await stay.play([], limit_seconds=1)
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        await call.playing(LONG)
        with pytest.raises(RuntimeError, match="one list of sounds at a time"):
            await stay.play([MENU], limit_seconds=1)
        stay.stop_playback()
        await playing


async def test_keys_come_in_order(one_call):
    """Ten keys and a hash arrive in the order they were pressed, those before anybody listened first."""
    async with one_call() as (call, stay):
        await call.press("01234")
        await asyncio.sleep(0.05)
        keys = []
        stay.listen(keys.append, lambda: None)
        assert keys == list("01234")
        await call.press("56789#")
        await asyncio.sleep(0.05)
        assert "".join(keys) == "0123456789#"


async def test_the_end_is_told_once(one_call):
    """Hang-up request, end of stay and a late listener: each listener hears of the end once."""
    async with one_call() as (call, stay):
        ends = []
        stay.listen(lambda _: None, lambda: ends.append("first"))
        await call.hang_up()
        await asyncio.wait_for(stay.ended.wait(), 2)
        await asyncio.sleep(0.02)
        stay.listen(lambda _: None, lambda: ends.append("late"))
        assert ends == ["first", "late"]


async def test_a_listener_that_fails_harms_nobody(one_call):
    """A fault in a listener is logged, and the next key arrives all the same."""
    async with one_call() as (call, stay):
        keys = []

        def on_key(key):
            keys.append(key)
            raise RuntimeError("not today")

        with structlog.testing.capture_logs() as logs:
            stay.listen(on_key, lambda: None)
            await call.press("12")
            await asyncio.sleep(0.05)
        assert keys == ["1", "2"]
        assert [line["event"] for line in logs] == ["ari_listener_failed"] * 2


async def test_a_slow_handler_delays_nobody(fake, serve):
    """While one handler waits, another call is served from start to end."""
    gate = asyncio.Event()

    async def handler(stay):
        if stay.args == ["slow"]:
            await gate.wait()
        else:
            await stay.answer()

    await serve(handler)
    slow = await fake.incoming(["slow"])
    quick = await fake.incoming(["quick"])
    await asyncio.wait_for(quick.ended.wait(), 2)
    assert quick.answered
    assert not slow.ended.is_set()
    gate.set()


async def test_a_handler_that_fails_hangs_up(fake, serve):
    """A fault in a handler is logged, its channel is hung up, and nothing is kept."""

    async def handler(stay):
        raise RuntimeError("not today")

    client = await serve(handler)
    with structlog.testing.capture_logs() as logs:
        call = await fake.incoming()
        await asyncio.wait_for(call.ended.wait(), 2)
    assert call.cause == 16
    assert [line["event"] for line in logs] == ["ari_handler_failed"]
    await asyncio.sleep(0.02)
    assert not client.stays


async def test_a_handler_whose_work_was_cancelled_has_failed(fake, serve):
    """A cancelled task that a handler waited for is a fault of the handler, and is logged; its channel is hung up."""

    async def handler(stay):
        work = asyncio.create_task(asyncio.sleep(60))
        asyncio.get_running_loop().call_soon(work.cancel)
        await work

    client = await serve(handler)
    with structlog.testing.capture_logs() as logs:
        call = await fake.incoming()
        await asyncio.wait_for(call.ended.wait(), 2)
        await asyncio.sleep(0.02)
    assert call.cause == 16
    assert [line["event"] for line in logs] == ["ari_handler_failed"]
    assert not client.stays


async def test_a_caller_who_leaves_is_not_an_error(fake, serve):
    """A handler that ends because the caller is gone leaves no error in the log."""
    answered = asyncio.Event()

    async def handler(stay):
        await answered.wait()
        await stay.answer()

    await serve(handler)
    with structlog.testing.capture_logs() as logs:
        call = await fake.incoming()
        await call.hang_up()
        answered.set()
        await asyncio.sleep(0.05)
    assert not [line for line in logs if line["log_level"] in {"warning", "error"}]


async def test_many_calls_leave_nothing(fake, serve):
    """After fifty calls at once no stay, task or playback is left."""

    async def handler(stay):
        await stay.answer()
        await stay.play([MENU], limit_seconds=5)

    client = await serve(handler)
    calls = [await fake.incoming() for _ in range(50)]
    await asyncio.wait_for(asyncio.gather(*(call.ended.wait() for call in calls)), 5)
    await asyncio.sleep(0.05)
    assert all(call.heard == [Heard((MENU,), "done", stopped=False)] for call in calls)
    assert not client.stays
    assert client.load == 0
    assert not client._work
    assert not fake._playbacks
