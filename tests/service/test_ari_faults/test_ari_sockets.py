"""A client that loses its socket, or its place to another, against the fake Asterisk."""

import asyncio

import pytest

from hotline.ari import Client, Outcome, Replaced
from pupil import APP, LONG, MIDDLE, SHORT, Pupil, reconnected


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
