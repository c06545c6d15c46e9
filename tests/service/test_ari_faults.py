"""Lost sockets, broken connections, wrong passwords and second clients, against the fake Asterisk."""

import asyncio
import contextlib
import re
import traceback

import pytest
import structlog

from hotline.ari import (
    Client,
    ConnectionLost,
    NotFound,
    Outcome,
    Refused,
    Rejected,
    Replaced,
    TimedOut,
    Unavailable,
)
from hotline.ari.fake import FakeAsterisk

SHORT, MIDDLE, LONG = "sound:/short", "sound:/middle", "sound:/long"
PASSWORD = "correct-horse-battery"
APP = "hotline"


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


class Pupil:
    """A handler that does as the test says: it hands over its stay and waits."""

    def __init__(self):
        self.stays = asyncio.Queue()
        self.over = asyncio.Event()

    async def __call__(self, stay):
        self.stays.put_nowait(stay)
        await self.over.wait()

    async def stay(self):
        return await asyncio.wait_for(self.stays.get(), 2)


async def reconnected(client):
    """Wait until the client has noticed the loss and is back."""
    async with asyncio.timeout(5):
        while client.connected.is_set():
            await asyncio.sleep(0.005)
        await client.connected.wait()


@pytest.mark.parametrize("clean", [False, True])
async def test_a_live_call_outlives_its_socket(fake, client_of, clean):
    """When the socket breaks, or is closed cleanly, the call goes on over the next one: keys and sounds."""
    pupil = Pupil()
    async with client_of(pupil) as client:
        call = await fake.incoming()
        stay = await pupil.stay()
        keys = []
        stay.listen(keys.append, lambda: None)
        playing = asyncio.create_task(stay.play([MIDDLE], limit_seconds=5))
        await call.playing(MIDDLE)
        await fake.lose_socket(clean=clean)
        await reconnected(client)
        assert (await playing).outcome is Outcome.FINISHED
        await call.press("8")
        assert (await stay.play([SHORT], limit_seconds=2)).observed
        assert keys == ["8"]
        assert client.stays == {call.id: stay}


async def test_the_end_of_a_playback_was_missed(fake, client_of):
    """A playback that ended while there was no socket does not hang; its result says that its end was not seen."""
    pupil = Pupil()
    async with client_of(pupil):
        call = await fake.incoming()
        stay = await pupil.stay()
        playing = asyncio.create_task(stay.play([SHORT], limit_seconds=30))
        await call.playing(SHORT)
        fake.status = 503
        await fake.lose_socket()
        await asyncio.sleep(0.1)
        fake.status = None
        result = await asyncio.wait_for(playing, 3)
        assert (result.outcome, result.observed) == (Outcome.FINISHED, False)
        assert result.seconds >= 0.05


async def test_the_end_of_a_call_was_missed(fake, client_of):
    """A caller who hung up while there was no socket is found gone, and so is his playback."""
    pupil = Pupil()
    async with client_of(pupil) as client:
        call = await fake.incoming()
        other = await fake.incoming()
        stay, kept = await pupil.stay(), await pupil.stay()
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        await call.playing(LONG)
        fake.status = 503
        await fake.lose_socket()
        await call.hang_up()
        await asyncio.sleep(0.3)
        fake.status = None
        result = await asyncio.wait_for(playing, 3)
        assert (result.outcome, result.observed) == (Outcome.GONE, False)
        assert result.seconds < 0.3
        assert client.stays == {other.id: kept}


async def test_a_half_open_socket_is_found(fake, client_of):
    """A socket on which nothing comes any more, not even the answer to a ping, is replaced."""
    pupil = Pupil()
    async with client_of(pupil, heartbeat_seconds=0.1) as client:
        call = await fake.incoming()
        stay = await pupil.stay()
        fake.freeze_socket()
        await reconnected(client)
        keys = []
        stay.listen(keys.append, lambda: None)
        await call.press("1")
        await asyncio.sleep(0.05)
        assert keys == ["1"]


async def test_a_quiet_socket_is_left_alone(fake, client_of):
    """A socket on which nothing happens, but pings are answered, stays."""
    async with client_of(Pupil(), heartbeat_seconds=0.05) as client:
        await asyncio.sleep(0.4)
        assert client.connected.is_set()
        assert fake.requests.count("GET /events") == 1


async def test_a_restart_is_waited_out(fake, client_of):
    """Refused, 404 and 503 are what a restarting Asterisk says; the client is back when it is."""
    async with client_of(Pupil()) as client:
        await fake.stop()
        await asyncio.sleep(0.05)
        assert not client.connected.is_set()
        fake.status = 404
        await fake.start()
        await asyncio.sleep(0.3)
        fake.status = 503
        await asyncio.sleep(0.3)
        assert not client.connected.is_set()
        fake.status = None
        await asyncio.wait_for(client.connected.wait(), 5)


async def test_it_starts_before_asterisk(fake):
    """A client that starts first connects when Asterisk has started."""
    fake.status = 503
    client = Client(fake.url, fake.user, fake.password, APP)
    task = asyncio.create_task(client.run(Pupil()))
    await asyncio.sleep(0.1)
    fake.status = None
    await asyncio.wait_for(client.connected.wait(), 2)
    await client.close()
    await task


async def test_a_second_client_is_fatal_for_the_first(fake):
    """The client whose name was taken ends its stays, says why, and does not take the name back."""
    pupil = Pupil()
    first = Client(fake.url, fake.user, fake.password, APP)
    running = asyncio.create_task(first.run(pupil))
    await asyncio.wait_for(first.connected.wait(), 2)
    call = await fake.incoming()
    stay = await pupil.stay()
    fake.replace(APP)
    with pytest.raises(Replaced, match="one client for each name"):
        await asyncio.wait_for(running, 2)
    assert stay.ended.is_set()
    assert call.alive
    assert fake.requests.count("GET /events") == 1
    assert not first.connected.is_set()


async def test_a_second_client_fences_the_first_at_once(fake):
    """Once it has learnt that its name was taken a client asks nothing, however long closing its socket takes."""

    class Slow(Client):
        async def _dial(self):
            socket = await super()._dial()
            close, socket.close = socket.close, lambda: asyncio.wait_for(closed.wait(), 5)
            sockets.append(close)
            return socket

    closed, sockets, pupil = asyncio.Event(), [], Pupil()
    first = Slow(fake.url, fake.user, fake.password, APP)
    running = asyncio.create_task(first.run(pupil))
    await asyncio.wait_for(first.connected.wait(), 2)
    await fake.incoming()
    stay = await pupil.stay()
    fake.replace(APP)
    await asyncio.sleep(0.1)
    asked = len(fake.requests)
    for request in (stay.ring, stay.answer, stay.hang_up):
        with pytest.raises(Replaced):
            await request()
    assert len(fake.requests) == asked
    assert not running.done()
    closed.set()
    with pytest.raises(Replaced):
        await asyncio.wait_for(running, 2)
    for close in sockets:
        await close()


async def test_a_wrong_password_is_fatal(fake):
    """A wrong password ends the client at once, with a message that says what to check."""
    client = Client(fake.url, fake.user, "wrong", APP)
    with pytest.raises(Refused, match="check user and password"):
        await asyncio.wait_for(client.run(Pupil()), 2)


async def test_orphans_are_hung_up(fake, client_of):
    """A channel left over from a process before us is hung up, for nobody talks to it."""
    before = Client(fake.url, fake.user, fake.password, APP)
    pupil = Pupil()
    running = asyncio.create_task(before.run(pupil))
    await fake.connected()
    call = await fake.incoming()
    await pupil.stay()
    fake.replace(APP)
    with pytest.raises(Replaced):
        await running
    async with client_of(Pupil()):
        await asyncio.wait_for(call.ended.wait(), 3)
    assert call.cause == 16


async def test_an_orphan_can_be_told(fake, client_of):
    """What is to be done with a left-over channel can be chosen: it is a stay like any other, without arguments."""
    seen = []

    async def apologise(stay):
        seen.append((stay.args, (await stay.play([SHORT], limit_seconds=2)).outcome))

    pupil = Pupil()
    before = Client(fake.url, fake.user, fake.password, APP)
    running = asyncio.create_task(before.run(pupil))
    await fake.connected()
    call = await fake.incoming(["a"])
    await pupil.stay()
    fake.replace(APP)
    with pytest.raises(Replaced):
        await running
    async with client_of(Pupil(), on_orphan=apologise):
        await asyncio.wait_for(call.ended.wait(), 3)
    assert seen == [([], Outcome.FINISHED)]


async def test_a_channel_that_could_not_be_hung_up_is_hung_up_later(fake, client_of):
    """When a handler ends while Asterisk can't be reached, its channel is hung up after the next connect."""
    pupil = Pupil()
    async with client_of(pupil, request_limit_seconds=0.2) as client:
        call = await fake.incoming()
        await pupil.stay()
        fake.status = 503
        await fake.lose_socket()
        pupil.over.set()
        await asyncio.sleep(0.4)
        assert call.alive
        assert not client.stays
        fake.status = None
        await asyncio.wait_for(call.ended.wait(), 3)


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


async def playing_id(fake, call):
    """The id of what plays to a caller."""
    await call.playing(LONG)
    return next(one for one, playback in fake._playbacks.items() if playback.target == call.id)


async def test_a_stop_without_an_answer_is_not_a_finish(fake, client_of):
    """If nobody knows whether a stop was done, an end that follows was a stop: nobody is said to have heard it all."""
    pupil = Pupil()
    async with client_of(pupil, request_limit_seconds=0.2):
        call = await fake.incoming()
        stay = await pupil.stay()
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        fake.late[await playing_id(fake, call)] = 0.5
        stay.stop_playback()
        result = await asyncio.wait_for(playing, 2)
        assert (result.outcome, result.observed) == (Outcome.STOPPED, True)


async def test_a_stop_whose_answer_was_lost_is_not_a_finish(fake, client_of):
    """A stop that was done before its connection broke is not sent again, for the second answer would hide it."""
    pupil = Pupil()
    async with client_of(pupil) as client:
        call = await fake.incoming()
        stay = await pupil.stay()
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        fake.late[await playing_id(fake, call)] = 0.3
        stay.stop_playback()
        await asyncio.sleep(0.1)
        await fake.lose_socket()
        assert (await asyncio.wait_for(playing, 2)).outcome is Outcome.STOPPED
        assert len([one for one in fake.requests if one.startswith("DELETE /playbacks")]) == 1
        await asyncio.wait_for(client.connected.wait(), 2)


async def test_who_hung_up_is_gone_whatever_became_of_a_stop(fake, client_of):
    """A handler whose caller has gone does not wait for the answer to a stop."""
    pupil = Pupil()
    async with client_of(pupil):
        call = await fake.incoming()
        stay = await pupil.stay()
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        await call.playing(LONG)
        fake.delay_seconds = 1.5
        stay.stop_playback()
        await call.hang_up()
        assert (await asyncio.wait_for(playing, 1)).outcome is Outcome.GONE
        fake.delay_seconds = 0.0


async def test_one_bad_answer_holds_up_no_other_call(fake, client_of):
    """When Asterisk will not tell about one call's playback after a reconnect, all calls go on over the new socket."""
    pupil = Pupil()
    async with client_of(pupil) as client:
        calls = [await fake.incoming() for _ in range(3)]
        stays = {stay.channel.id: stay for stay in [await pupil.stay() for _ in calls]}
        playing = [asyncio.create_task(stays[call.id].play([LONG], limit_seconds=60)) for call in calls]
        bad = [await playing_id(fake, call) for call in calls][1]
        fake.statuses[bad] = 500
        with structlog.testing.capture_logs() as logs:
            await fake.lose_socket()
            await reconnected(client)
        assert [line["channel"] for line in logs if line["event"] == "ari_not_caught_up"] == [calls[1].id]
        del fake.statuses[bad]
        assert fake.requests.count("GET /events") == 2
        for call, result in zip(calls, playing, strict=True):
            stays[call.id].stop_playback()
            assert (await asyncio.wait_for(result, 1)).outcome is Outcome.STOPPED


async def test_orphans_are_served_once_asterisk_tells(fake, client_of):
    """When Asterisk does not tell at first which channels are left over, they are asked for again."""
    before = Client(fake.url, fake.user, fake.password, APP)
    pupil = Pupil()
    running = asyncio.create_task(before.run(pupil))
    await fake.connected()
    call = await fake.incoming()
    await pupil.stay()
    fake.replace(APP)
    with pytest.raises(Replaced):
        await running
    with structlog.testing.capture_logs() as logs:
        async with client_of(Pupil()):
            fake.statuses[APP] = 500
            await asyncio.sleep(0.8)
            assert call.alive
            del fake.statuses[APP]
            await asyncio.wait_for(call.ended.wait(), 3)
    told = [line["event"] for line in logs if line["event"].startswith("ari_orphan")]
    assert set(told[:-1]) == {"ari_orphans_not_served"}
    assert told[-1] == "ari_orphan"


async def test_an_answer_is_no_sign_that_events_come(fake, client_of):
    """A deaf client still gets answers; who hung up meanwhile has heard what there was until the last event."""
    pupil = Pupil()
    async with client_of(pupil, heartbeat_seconds=1.6):
        call = await fake.incoming()
        stay = await pupil.stay()
        await asyncio.sleep(0.6)  # beyond the check that follows a connect
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        await call.playing(LONG)
        fake.deafen(APP)
        await asyncio.sleep(0.4)
        await stay.ring()
        await call.hang_up()
        result = await asyncio.wait_for(playing, 5)
        assert (result.outcome, result.observed) == (Outcome.GONE, False)
        assert result.seconds < 0.3


async def test_a_lost_answer_to_a_play_does_not_play_it_twice(fake, client_of):
    """If the connection breaks after Asterisk took a playback, it is not sent again: Asterisk would play it twice."""
    pupil = Pupil()
    async with client_of(pupil):
        call = await fake.incoming()
        stay = await pupil.stay()
        fake.cut_answers = 1
        assert (await stay.play([SHORT], limit_seconds=2)).outcome is Outcome.FINISHED
        assert len(call.heard) == 1


async def test_a_lost_answer_to_an_answer_is_tried_again(fake, client_of):
    """A request that may be done twice is tried again when its connection breaks."""
    pupil = Pupil()
    async with client_of(pupil):
        call = await fake.incoming()
        stay = await pupil.stay()
        fake.cut_answers = 2
        await stay.answer()
        assert call.done == ["answer"] * 3


async def test_a_lost_answer_to_a_hang_up_is_a_success(fake, client_of):
    """A hang-up that was done, but whose answer was lost, is found done when tried again."""
    pupil = Pupil()
    async with client_of(pupil):
        call = await fake.incoming()
        stay = await pupil.stay()
        fake.cut_answers = 1
        await stay.hang_up()
        assert call.ended.is_set()


async def test_a_play_without_an_answer_never_starts(fake, client_of):
    """A playback that Asterisk does not take in time has not started, and is stopped if it starts after all."""
    pupil = Pupil()
    async with client_of(pupil, request_limit_seconds=0.2):
        call = await fake.incoming()
        stay = await pupil.stay()
        fake.delay_seconds = 0.3
        result = await asyncio.wait_for(stay.play([LONG], limit_seconds=5), 3)
        assert (result.outcome, result.seconds) == (Outcome.NEVER_STARTED, 0.0)
        fake.delay_seconds = 0.0
        await asyncio.sleep(0.4)
        assert call.heard[0].stopped
        assert (await stay.play([SHORT], limit_seconds=5)).outcome is Outcome.FINISHED


async def test_errors_are_named_by_meaning(fake):
    """What an operation could not do is told by an error of the tree."""
    async with Client(fake.url, fake.user, fake.password, APP, request_limit_seconds=0.2) as client:
        assert (await client.asterisk.ping()).ping == "pong"
        with pytest.raises(NotFound, match="Channel not found"):
            await client.channels.get("none")
        with pytest.raises(NotFound, match="Application not found"):
            await client.applications.get(APP)
        fake.status = 500
        with pytest.raises(Rejected):
            await client.channels.list()
        fake.status = 503
        with pytest.raises((Unavailable, TimedOut)):
            await client.channels.list()
        fake.status, fake.delay_seconds = None, 1.0
        with pytest.raises(TimedOut, match=r"no answer in 0\.2 s"):
            await client.asterisk.ping()
    await fake.stop()
    async with Client(fake.url, fake.user, fake.password, APP) as client:
        with pytest.raises(ConnectionLost):
            await client.asterisk.ping()


async def test_no_secret_is_shown(fake, client_of):
    """Neither the password nor the header made of it is in any error, traceback, repr or line of the log."""
    secrets = re.compile(f"{PASSWORD}|{fake._authorization.split()[1]}|Authorization|Basic ")
    shown = []
    with structlog.testing.capture_logs() as logs:
        async with client_of(Pupil(), request_limit_seconds=0.5) as client:
            shown += [repr(client), repr(client._requests), str(vars(client))]
            for status in (401, 404, 500, 503):
                fake.status = status
                with pytest.raises(Exception) as caught:
                    await client.asterisk.ping()
                shown += traceback.format_exception(caught.value)
                assert caught.value.__context__ is None
            fake.status, fake.cut_answers = None, 9
            with pytest.raises(ConnectionLost) as lost:
                await client.asterisk.ping()
            assert lost.value.__context__ is None
            shown += traceback.format_exception(lost.value)
            fake.cut_answers = 0
            await fake.lose_socket()
            await reconnected(client)
        refused = Client(fake.url, fake.user, fake.password, APP)
        fake.status = 401
        with pytest.raises(Refused) as caught:
            await refused.run(Pupil())
        assert caught.value.__context__ is None
        shown += traceback.format_exception(caught.value)
    assert not [text for text in [*shown, *map(str, logs)] if secrets.search(text)]


@pytest.mark.parametrize("url", ["ftp://host", "127.0.0.1:8088", "", f"http://u:{PASSWORD}@host"])
async def test_a_bad_address_is_refused_without_repeating_it(url):
    """An address of another kind, or with a password in it, is refused, and not repeated in the message."""
    with pytest.raises(ValueError, match="the address of Asterisk must") as caught:
        Client(url, "u", "p", APP)
    assert PASSWORD not in str(caught.value)


async def test_the_events_we_do_not_use_are_not_sent(fake, client_of):
    """After each connect Asterisk is told which events not to send."""
    async with client_of(Pupil()) as client:
        assert "ChannelVarset" in fake._disallowed[APP]
        await fake.lose_socket()
        await reconnected(client)
        assert fake.requests.count(f"PUT /applications/{APP}/eventFilter") == 2


async def test_strange_events_do_no_harm(fake, client_of):
    """An event of an unknown type, or about an unknown channel, is skipped."""
    pupil = Pupil()
    async with client_of(pupil) as client:
        fake.send(APP, {"type": "ChannelSang"})
        fake.send(APP, {"type": "StasisEnd", "channel": {"id": "none"}})
        fake.send(APP, {"type": "PlaybackFinished", "playback": {"id": "p", "target_uri": "bridge:b", "state": "done"}})
        await fake.incoming()
        await pupil.stay()
        assert client.connected.is_set()
