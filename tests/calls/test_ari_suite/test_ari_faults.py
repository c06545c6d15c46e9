"""Lost, half-open, slow and frozen connections, a PBX that freezes or crashes: over the fake and a real Asterisk."""

import asyncio
import contextlib

import pytest

from hotline.ari import AriError, Client, Outcome, Replaced, TimedOut, pool

pytestmark = pytest.mark.asyncio(loop_scope="session")

SLACK = 0.2
"""Seconds by which something may seem longer than it is, on a busy machine."""


async def lost(client):
    """Wait until the client has noticed that its socket is lost."""
    async with asyncio.timeout(5):
        while client.connected.is_set():
            await asyncio.sleep(0.005)


async def reconnected(client):
    """Wait until the client has noticed the loss and is back; return the seconds that took."""
    began = asyncio.get_running_loop().time()
    await lost(client)
    await asyncio.wait_for(client.connected.wait(), 8)
    return asyncio.get_running_loop().time() - began


async def test_a_live_call_outlives_its_socket(serve, incoming, pupil, pbx, gate):
    """When every connection is reset in a playback, the call goes on over new ones, and nothing of it is forgotten."""
    client = await serve(pupil)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    playing = asyncio.create_task(stay.play([pbx.sound("middle")], limit_seconds=5))
    await call.playing(pbx.sound("middle"))
    gate.cut()
    assert await reconnected(client) < 0.5
    result = await playing
    assert (result.outcome, result.observed) == (Outcome.FINISHED, True)
    assert 0.55 <= result.seconds <= 0.6 + SLACK
    await call.press("8")
    assert await stay.key(within=1) == "8"
    assert client.stays == {call.id: stay}


async def test_the_end_of_a_playback_was_missed(serve, incoming, pupil, pbx, gate):
    """A playback that ended while there was no socket does not hang; its result says that its end was not seen."""
    client = await serve(pupil)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    playing = asyncio.create_task(stay.play([pbx.sound("short")], limit_seconds=30))
    await call.playing(pbx.sound("short"))
    await gate.shut()
    await asyncio.sleep(0.3)
    assert not client.connected.is_set()
    await gate.open()
    result = await asyncio.wait_for(playing, 3)
    assert (result.outcome, result.observed) == (Outcome.FINISHED, False)
    assert result.seconds >= 0.1


async def test_the_end_of_a_call_was_missed(serve, incoming, pupil, pbx, gate):
    """A caller who hung up while there was no socket is found gone; another one's call is resumed."""
    client = await serve(pupil)
    call, other = await incoming(), await incoming()
    stays = {stay.channel.id: stay for stay in [await pupil.stay(), await pupil.stay()]}
    stay, kept = stays[call.id], stays[other.id]
    await asyncio.gather(stay.answer(), kept.answer())
    playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
    resumed = asyncio.create_task(kept.play([pbx.sound("long")], limit_seconds=60, stop_keys="5"))
    await call.playing(pbx.sound("long"))
    await other.playing(pbx.sound("long"))
    await gate.shut()
    await call.hang_up()
    await asyncio.sleep(0.3)
    await gate.open()
    result = await asyncio.wait_for(playing, 3)
    assert (result.outcome, result.observed) == (Outcome.GONE, False)
    assert result.seconds < 0.3
    assert client.stays == {other.id: kept}
    await other.press("5")
    assert (await asyncio.wait_for(resumed, 2)).outcome is Outcome.STOPPED


async def test_a_half_open_socket_is_found(serve, incoming, pupil, gate):
    """A socket on which nothing comes any more, not even the answer to a ping, is replaced; its call goes on."""
    client = await serve(pupil, heartbeat_seconds=0.2)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    gate.half_open()
    assert await reconnected(client) < 0.2 * 1.5 + 0.5
    await call.press("1")
    assert await stay.key(within=1) == "1"


@pytest.fixture
def new_connections(monkeypatch):
    """Nearly every request goes over a connection of its own, as after some seconds of quiet."""
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.05)


@pytest.mark.usefixtures("new_connections")
@pytest.mark.parametrize("hangs_up", [False, True])
async def test_a_limit_that_is_up_before_the_loss_is_found(serve, incoming, pupil, pbx, gate, *, hangs_up):
    """A sound heard in full over a half-open socket has not failed; a caller who went meanwhile has not heard it."""
    client = await serve(pupil, heartbeat_seconds=2.0)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    await asyncio.sleep(0.6)  # beyond the check that follows a connect
    playing = asyncio.create_task(stay.play([pbx.sound("middle")], limit_seconds=0.9))
    await call.playing(pbx.sound("middle"))
    gate.half_open()
    if hangs_up:
        await call.hang_up()
    result = await asyncio.wait_for(playing, 2)
    assert client.connected.is_set()
    assert (result.outcome, result.observed) == (Outcome.GONE if hangs_up else Outcome.FINISHED, False)
    assert result.seconds < 0.1 if hangs_up else result.seconds >= 0.6
    assert stay.ended.is_set() is hangs_up
    await reconnected(client)


async def test_nothing_is_known_of_a_limit_that_is_up_on_a_dead_line(serve, incoming, pupil, pbx, gate):
    """When every connection is half-open nobody can tell what became of a sound, and nothing is claimed."""
    client = await serve(pupil, heartbeat_seconds=2.0)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    await asyncio.sleep(0.6)
    playing = asyncio.create_task(stay.play([pbx.sound("short")], limit_seconds=0.4))
    await call.playing(pbx.sound("short"))
    gate.half_open()
    result = await asyncio.wait_for(playing, 2)
    assert (result.outcome, result.observed) == (Outcome.OVERDUE, False)
    await reconnected(client)
    assert (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.FINISHED


@pytest.mark.parametrize("pbx", ["real"], indirect=True)
async def test_it_never_stays_deaf(serve, incoming, gate):
    """Of reconnects at once some leave the socket open but without its application; a moment later calls come again."""
    served = asyncio.Queue()
    client = await serve(served.put)
    for _ in range(6):
        gate.cut()
        await reconnected(client)
        async with asyncio.timeout(3):
            while served.empty():
                call = await incoming()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(call.over(), 0.5)
        served.get_nowait()


async def test_a_slow_line_is_only_slow(serve, incoming, pupil, pbx, gate):
    """Over a line with a fifth of a second each way everything is right, only later, and no socket is given up."""
    client = await serve(pupil, heartbeat_seconds=1.2)
    gate.delay_seconds = 0.2
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    result = await stay.play([pbx.sound("short"), pbx.sound("none"), pbx.sound("middle")], limit_seconds=5)
    assert (result.outcome, result.missing) == (Outcome.FAILED, (pbx.sound("none"),))
    assert 0.65 <= result.seconds <= 0.7 + SLACK
    await call.press("1")
    assert await stay.key(within=2) == "1"
    assert client.connected.is_set()
    gate.delay_seconds = 0.0


async def test_a_line_that_stops_for_a_while(serve, incoming, pupil, pbx, gate):
    """What was held up for a moment arrives, in order; a playback is as long as what was heard of it."""
    await serve(pupil)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    connections = gate.accepted
    playing = asyncio.create_task(stay.play([pbx.sound("middle")], limit_seconds=5))
    await call.playing(pbx.sound("middle"))
    gate.freeze()
    pressing = asyncio.create_task(call.press("12"))
    await asyncio.sleep(1.0)
    gate.thaw()
    await pressing
    assert (await asyncio.wait_for(playing, 1)).outcome is Outcome.FINISHED
    assert [await stay.key(within=1), await stay.key(within=1)] == ["1", "2"]
    assert gate.accepted <= connections + 1


async def test_frozen_in_the_middle_of_a_playback(serve, incoming, pupil, pbx):
    """A PBX that stands still in a playback and goes on: so does the playback, on the same socket, that much longer."""
    client = await serve(pupil)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    playing = asyncio.create_task(stay.play([pbx.sound("middle")], limit_seconds=9))
    await call.playing(pbx.sound("middle"))
    await asyncio.sleep(0.2)
    await pbx.freeze()
    await asyncio.sleep(1.0)
    assert not playing.done()
    await pbx.thaw()
    result = await asyncio.wait_for(playing, 2)
    assert (result.outcome, result.observed) == (Outcome.FINISHED, True)
    assert 1.55 <= result.seconds <= 1.6 + 2 * SLACK
    assert client.connected.is_set()


async def test_frozen_for_longer_than_a_socket_lasts(serve, incoming, pupil, pbx):
    """A PBX that stands still longer costs the socket, not the call: the playback goes on, and so do keys."""
    client = await serve(pupil, heartbeat_seconds=0.2, request_limit_seconds=0.4)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60, stop_keys="5"))
    await call.playing(pbx.sound("long"))
    await pbx.freeze()
    try:
        await lost(client)
        with pytest.raises(TimedOut):
            await client.asterisk.ping()
        assert not playing.done()
    finally:
        await pbx.thaw()
    await asyncio.wait_for(client.connected.wait(), 3)
    await call.press("5")
    assert (await asyncio.wait_for(playing, 2)).outcome is Outcome.STOPPED


async def test_a_stop_that_was_lost(serve, incoming, pupil, pbx, gate):
    """What was to be stopped while there was no connection is stopped as soon as there is one."""
    client = await serve(pupil, request_limit_seconds=0.5)
    calls = [await incoming(), await incoming()]
    stays = {stay.channel.id: stay for stay in [await pupil.stay(), await pupil.stay()]}
    stopped, overdue = [stays[call.id] for call in calls]
    await asyncio.gather(stopped.answer(), overdue.answer())
    long = [pbx.sound("long")]
    playing = asyncio.create_task(stopped.play(long, limit_seconds=60))
    late = asyncio.create_task(overdue.play(long, limit_seconds=0.4))
    for call in calls:
        await call.playing(*long)
    await gate.shut()
    stopped.stop_playback()
    assert (await asyncio.wait_for(late, 2)).outcome is Outcome.OVERDUE
    await asyncio.sleep(0.6)
    await gate.open()
    assert (await asyncio.wait_for(playing, 3)).outcome is Outcome.STOPPED
    await asyncio.wait_for(client.connected.wait(), 3)
    assert (await overdue.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.FINISHED
    assert [(await call.has_heard())[0].stopped for call in calls] == [True, True]


async def test_frozen_when_the_limit_is_up(serve, incoming, pupil, pbx):
    """A playback's limit holds also when the PBX does not answer, and what is overdue is stopped once it does."""
    await serve(pupil, request_limit_seconds=0.3)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=0.3))
    await call.playing(pbx.sound("long"))
    await pbx.freeze()
    try:
        result = await asyncio.wait_for(playing, 0.3 + 0.2 + SLACK)
        assert result.outcome is Outcome.OVERDUE
    finally:
        await pbx.thaw()
    assert (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.FINISHED
    assert (await call.has_heard())[0].stopped


async def test_a_crash(serve, incoming, pupil, pbx):
    """When the PBX crashes its calls are gone, nothing hangs, and the client is back for the next call by itself."""
    client = await serve(pupil)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
    await call.playing(pbx.sound("long"))
    await pbx.crash()
    result = await asyncio.wait_for(playing, 5)
    assert (result.outcome, result.observed) == (Outcome.GONE, False)
    assert result.seconds < 1
    await asyncio.wait_for(client.connected.wait(), 5)
    assert not client.stays
    pupil.over.set()
    call = await incoming()
    await call.over()


async def test_a_second_client_takes_the_name(serve, incoming, pupil, pbx, *, gate, app):
    """The first client ends and does not take its name back; its caller, an orphan now, is told something and ended."""
    told = []

    async def apologise(stay):
        told.append((stay.channel.id, stay.args, (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome))

    first = Client(gate.url, "hotline", "correct-horse-battery", app)
    running = asyncio.create_task(first.run(pupil))
    await asyncio.wait_for(first.connected.wait(), 3)
    call = await incoming("a")
    stay = await pupil.stay()
    await stay.answer()
    await serve(pupil, on_orphan=apologise)
    with pytest.raises(Replaced, match="one client for each name"):
        await asyncio.wait_for(running, 2)
    assert stay.ended.is_set()
    await call.over()
    assert told == [(call.id, [], Outcome.FINISHED)]
    assert (await call.has_heard())[-1].state == "done"


async def test_closing_lets_handlers_say_goodbye(serve, incoming, pbx):
    """On close a handler is cancelled, may still play something, and its channel is hung up after it."""
    said = []

    async def handler(stay):
        await stay.answer()
        try:
            await stay.play([pbx.sound("long")], limit_seconds=60)
        except asyncio.CancelledError:
            said.append((await stay.play([pbx.sound("short")], limit_seconds=2)).outcome)
            raise

    client = await serve(handler)
    call = await incoming()
    await call.playing(pbx.sound("long"))
    await asyncio.wait_for(client.close(), 2)
    await call.over()
    assert said == [Outcome.FINISHED]
    assert not client.connected.is_set()


async def test_a_cut_between_request_and_answer(serve, incoming, pupil, pbx, gate):
    """A playback whose request was lost or not with its connection is heard exactly once."""
    await serve(pupil)
    call = await incoming()
    stay = await pupil.stay()
    await stay.answer()
    for pause in (0.0, 0.01, 0.03):
        gate.delay_seconds = 0.02
        playing = asyncio.create_task(stay.play([pbx.sound("short")], limit_seconds=5))
        await asyncio.sleep(pause)
        gate.cut()
        gate.delay_seconds = 0.0
        assert (await asyncio.wait_for(playing, 5)).outcome is Outcome.FINISHED
    await asyncio.sleep(0.2)
    assert [heard.media for heard in await call.has_heard(3)] == [(pbx.sound("short"),)] * 3


@pytest.mark.parametrize("pause", [0.0, 0.045], ids=["request lost", "answer lost"])
async def test_a_cut_while_going_on_in_the_dialplan(serve, incoming, gate, pause):
    """A caller who is handed on to the dialplan is not hung up for a connection that broke over it."""

    async def handler(stay):
        await stay.answer()
        gate.delay_seconds = 0.03
        going = asyncio.create_task(stay.continue_in_dialplan("after", "x", 3))
        await asyncio.sleep(pause)
        gate.cut()
        gate.delay_seconds = 0.0
        await going

    await serve(handler)
    call = await incoming()
    await call.over()
    await asyncio.sleep(0.5)
    assert await call.place() == ("after", "x", 3)
    await call.hang_up()


async def test_no_password_gets_into_the_log(serve, incoming, pupil, gate, capsys):
    """Through losses and time-outs the password shows up in no line of the log."""
    client = await serve(pupil, request_limit_seconds=0.3)
    await incoming()
    stay = await pupil.stay()
    gate.freeze()
    with contextlib.suppress(AriError):
        await stay.answer()
    gate.thaw()
    gate.cut()
    await reconnected(client)
    shown = capsys.readouterr()
    assert "ari_disconnected" in shown.out + shown.err
    assert "correct-horse-battery" not in shown.out + shown.err
    assert "Basic" not in shown.out + shown.err
