"""What waits at Asterisk and what does not go apart, each with its own connections."""

import asyncio

import pytest

from hotline.ari import Client, ConnectionLost, Outcome, TimedOut, http
from hotline.ari.fake import FakeAsterisk

SHORT, LONG = "sound:/short", "sound:/long"


@pytest.fixture
async def fake():
    """An Asterisk with a short sound and a long one."""
    async with FakeAsterisk(sounds={SHORT: 0.05, LONG: 30.0}) as asterisk:
        yield asterisk


async def test_with_every_waiting_connection_taken_the_rest_goes_on(fake, monkeypatch):
    """With all connections for what waits taken, sounds, stops, variables, gets and hang-ups pass; an answer waits."""
    monkeypatch.setattr(http, "WAITING_LIMIT", 2)
    client = Client(fake.url, fake.user, fake.password, "app", request_limit_seconds=2.0)
    stays, over = asyncio.Queue(), asyncio.Event()

    async def handler(stay):
        stays.put_nowait(stay)
        await over.wait()

    running = asyncio.create_task(client.run(handler))
    await asyncio.wait_for(client.connected.wait(), 2)
    calls = [await fake.incoming() for _ in range(3)]
    first, second, free = [await asyncio.wait_for(stays.get(), 2) for _ in calls]
    playing = [asyncio.create_task(stay.play([LONG], limit_seconds=60)) for stay in (first, second)]
    for call in calls[:2]:
        await call.playing(LONG)
    stuck = [asyncio.create_task(stay.answer()) for stay in (first, second)]
    await asyncio.sleep(0.1)
    async with asyncio.timeout(1.6):
        assert (await free.play([SHORT], limit_seconds=5)).outcome is Outcome.FINISHED
        assert (await client.channels.get(free.channel.id)).id == free.channel.id
        assert await client.channels.get_channel_var(free.channel.id, "x") is None
    answering = asyncio.create_task(free.answer())
    ended = []
    for request in (*stuck, answering):
        request.add_done_callback(ended.append)
    await asyncio.wait([*stuck, answering], timeout=5)
    assert ended[0] is not answering, "it was served while all connections were taken"
    for answer in stuck:
        with pytest.raises(TimedOut):
            answer.result()
    answering.result()
    first.stop_playback()
    assert (await asyncio.wait_for(playing[0], 0.5)).outcome is Outcome.STOPPED
    await asyncio.wait_for(second.hang_up(), 0.5)
    over.set()
    await client.close()
    await running


async def test_connections_are_begun_a_few_at_a_time(fake, monkeypatch):
    """However many requests are made at once, no more connections are begun than Asterisk's backlog holds."""
    monkeypatch.setattr("hotline.ari.pool.BEGIN_SECONDS", 1.0)
    fake.delay_seconds = 9.0
    async with Client(fake.url, fake.user, fake.password, "app", request_limit_seconds=5.0) as client:
        asking = [asyncio.create_task(client.asterisk.ping()) for _ in range(2 * http.QUICK_BEGUN)]
        asking += [asyncio.create_task(client.channels.answer("x")) for _ in range(2 * http.WAITING_BEGUN)]
        await asyncio.sleep(0.4)
        assert len(fake.requests) == http.QUICK_BEGUN + http.WAITING_BEGUN <= 10
        await asyncio.sleep(1.0)
        assert len(fake.requests) == 2 * (http.QUICK_BEGUN + http.WAITING_BEGUN)
        for request in asking:
            request.cancel()
        await asyncio.wait(asking)
        fake.delay_seconds = 0.0


async def test_closing_leaves_no_connection(fake):
    """A request that waits when all is closed is not tried again over a connection that nobody would close."""
    client = Client(fake.url, fake.user, fake.password, "app")
    fake.delay_seconds = 1.0
    asking = [asyncio.create_task(client.asterisk.ping()), asyncio.create_task(client.channels.answer("x"))]
    await asyncio.sleep(0.2)
    await client.close()
    for request in asking:
        with pytest.raises(ConnectionLost):
            await request
    assert len(fake.requests) == 2
    assert client._requests._quick._session.closed
    assert client._requests._waiting._session.closed
