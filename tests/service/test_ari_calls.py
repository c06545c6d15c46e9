"""Calls, against the fake Asterisk."""

import asyncio
import contextlib

import pytest
import structlog

from hotline.ari import Client, Gone, NotInStasis, Outcome
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


async def test_a_call_comes_in_with_its_arguments(one_call):
    """A handler gets the channel, its caller and the dialplan's arguments."""
    async with one_call("origin=trunk", "pai=%2B84") as (call, stay):
        assert stay.channel.id == call.id
        assert stay.channel.caller.number == "0912345678"
        assert stay.args == ["origin=trunk", "pai=%2B84"]


async def test_ring_progress_answer(one_call):
    """What is asked of a channel reaches it in order, and answering twice is harmless."""
    async with one_call() as (call, stay):
        await stay.ring()
        await stay.progress()
        await stay.answer()
        await stay.answer()
        assert call.answered
        assert call.done == ["ring", "progress", "answer", "answer"]


async def test_a_list_is_played_to_its_end(one_call, fake):
    """A list takes one request, and the seconds of all its sounds."""
    async with one_call() as (call, stay):
        result = await stay.play([MENU, MENU], limit_seconds=2)
        assert result.outcome is Outcome.FINISHED
        assert 0.1 <= result.seconds < 1
        assert call.heard == [Heard((MENU, MENU), "done", stopped=False)]
        assert sum("/play/" in request for request in fake.requests) == 1


async def test_a_key_stops_the_playback(one_call):
    """A listener may stop the playback without an await; the result says that it was stopped."""
    async with one_call() as (call, stay):
        stay.listen(lambda _: stay.stop_playback(), lambda: None)
        playing = asyncio.create_task(stay.play([LONG, MENU], limit_seconds=60))
        await call.playing(LONG)
        await call.press("8")
        result = await asyncio.wait_for(playing, 2)
        assert result.outcome is Outcome.STOPPED
        assert result.seconds < 2
        assert call.heard == [Heard((LONG,), "done", stopped=True)]


async def test_a_stop_before_asterisk_has_it_is_not_lost(one_call, fake):
    """A stop that comes while the request is on its way stops the playback as soon as Asterisk has it."""
    async with one_call() as (call, stay):
        fake.delay_seconds = 0.05
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        await asyncio.sleep(0.01)
        stay.stop_playback()
        stay.stop_playback()
        assert (await asyncio.wait_for(playing, 2)).outcome is Outcome.STOPPED
        assert call.heard[0].stopped


async def test_a_stop_after_the_end_is_harmless(one_call):
    """A stop with nothing playing does nothing, and the next playback is not stopped by it."""
    async with one_call() as (_, stay):
        stay.stop_playback()
        assert (await stay.play([MENU], limit_seconds=2)).outcome is Outcome.FINISHED
        stay.stop_playback()
        assert (await stay.play([MENU], limit_seconds=2)).outcome is Outcome.FINISHED


async def test_cancelling_stops_the_sound(one_call, fake):
    """When nobody waits for a playback any more it is stopped, even if its request was still on its way."""
    async with one_call() as (call, stay):
        fake.delay_seconds = 0.02
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        await asyncio.sleep(0.01)
        playing.cancel()
        await asyncio.sleep(0)
        assert (await stay.play([MENU], limit_seconds=2)).outcome is Outcome.FINISHED
        assert [heard.stopped for heard in call.heard] == [True, False]


async def test_a_hang_up_in_the_middle(one_call):
    """A caller who hangs up in a prompt is gone, and the seconds he heard are told."""
    async with one_call() as (call, stay):
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        await call.playing(LONG)
        await asyncio.sleep(0.05)
        await call.hang_up()
        result = await asyncio.wait_for(playing, 2)
        assert result.outcome is Outcome.GONE
        assert 0.05 <= result.seconds < 2


async def test_an_end_without_a_request(one_call, fake):
    """When the dialplan's time limit ends a call, the cut playback comes before the end and still means gone."""
    async with one_call() as (call, stay):
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        await call.playing(LONG)
        await call.leave("fake", "T", 1)
        assert (await asyncio.wait_for(playing, 2)).outcome is Outcome.GONE


async def test_a_missing_file_fails(one_call):
    """A missing file is told, and so is one at the end of a list."""
    async with one_call() as (_, stay):
        assert (await stay.play([GAP], limit_seconds=2)).outcome is Outcome.FAILED
        result = await stay.play([MENU, GAP], limit_seconds=2)
        assert result.outcome is Outcome.FAILED
        assert result.seconds >= 0.05


async def test_a_missing_file_in_the_middle_shows_in_the_seconds_only(one_call):
    """Asterisk skips a missing file in the middle: the playback is finished, and too short."""
    async with one_call() as (call, stay):
        result = await stay.play([GAP, MENU], limit_seconds=2)
        assert result.outcome is Outcome.FINISHED
        assert call.heard[0].media == (MENU,)


async def test_a_playback_that_never_ends_is_overdue(one_call):
    """A sound of an unknown scheme never ends by itself; the limit ends the waiting, and the call goes on."""
    async with one_call() as (_, stay):
        assert (await stay.play([NEVER], limit_seconds=0.1)).outcome is Outcome.OVERDUE
        assert (await stay.play([MENU], limit_seconds=2)).outcome is Outcome.FINISHED


async def test_an_overdue_playback_is_stopped(one_call):
    """What runs over its limit is not heard any longer."""
    async with one_call() as (call, stay):
        assert (await stay.play([LONG], limit_seconds=0.1)).outcome is Outcome.OVERDUE
        assert (await stay.play([MENU], limit_seconds=2)).outcome is Outcome.FINISHED
        assert call.heard[0].stopped


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


async def test_after_the_end_nothing_hangs(one_call, fake):
    """After a hang-up requests say that the caller is gone, and hanging up again is a success."""
    async with one_call() as (call, stay):
        await call.hang_up()
        await asyncio.wait_for(stay.ended.wait(), 2)
        assert (await stay.play([MENU], limit_seconds=2)).outcome is Outcome.GONE
        with pytest.raises(Gone):
            await stay.answer()
        await stay.hang_up()


async def test_a_hang_up_gives_its_reason(one_call):
    """The reason of a hang-up reaches Asterisk, and ends the stay."""
    async with one_call() as (call, stay):
        await stay.hang_up(34)
        assert call.cause == 34
        assert stay.ended.is_set()


async def test_going_on_in_the_dialplan(one_call, serve):
    """A channel that goes on in the dialplan is not hung up when its handler ends, and is ours no more."""
    async with one_call() as (call, stay):
        await stay.continue_in_dialplan("after", "x", 3)
        assert call.continued == ("after", "x", 3)
        with pytest.raises(NotInStasis):
            await stay.answer()
    await asyncio.sleep(0.02)
    assert call.alive
    assert call.cause is None


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
    assert not client._handlers
    assert not client._work
    assert not fake._playbacks
