"""What the fake and the gate can be told to do, and what the client makes of it."""

import asyncio
import contextlib
import gc

import aiohttp
import pytest

from hotline.ari import Client, Outcome, TimedOut
from hotline.ari.fake import Gate
from hotline.ari.fake.plugin import ari_gate, fake_asterisk

__all__ = ["ari_gate", "fake_asterisk"]

SOUND = "sound:/a"


@pytest.fixture
async def one_call(fake_asterisk):
    """A client with one call: the caller's side and ours."""
    stays, over = asyncio.Queue(), asyncio.Event()

    async def handler(stay):
        stays.put_nowait(stay)
        await over.wait()

    client = Client(fake_asterisk.url, fake_asterisk.user, fake_asterisk.password, "app", request_limit_seconds=0.3)
    running = asyncio.create_task(client.run(handler))
    await asyncio.wait_for(client.connected.wait(), 2)
    call = await fake_asterisk.incoming()
    yield call, await asyncio.wait_for(stays.get(), 2)
    over.set()
    await client.close()
    await running


async def test_a_late_answer(fake_asterisk, one_call):
    """A request that was done but is answered too late has timed out; its work is done all the same."""
    call, stay = one_call
    fake_asterisk.late["answer"] = 0.4
    with pytest.raises(TimedOut):
        await stay.answer()
    assert call.answered


@pytest.mark.parametrize(
    ("kind", "until"),
    [("PlaybackStarted", "PlaybackFinished"), ("PlaybackFinished", "PlaybackStarted")],
)
async def test_events_out_of_order(fake_asterisk, one_call, kind, until):
    """A playback whose start is told after its end, or after the next one's start, is finished all the same."""
    _, stay = one_call
    await stay.answer()
    fake_asterisk.hold_back(kind, until=until)
    playing = asyncio.create_task(stay.play([SOUND], limit_seconds=0.3))
    result = await playing
    if kind == "PlaybackStarted":
        assert (result.outcome, result.missing) == (Outcome.FINISHED, ())
        assert result.seconds >= 0.02
    else:
        # Its end comes with the next start only, so Asterisk does not know it any more when the limit is up.
        assert result.outcome is Outcome.FAILED
    result = await stay.play([SOUND], limit_seconds=2)
    assert (result.outcome, result.missing) == (Outcome.FINISHED, ())


async def test_an_end_before_the_keys_that_led_to_it(fake_asterisk, one_call):
    """A key told after the end of its call wakes nobody."""
    call, stay = one_call
    keys = []
    stay.listen(keys.append, lambda: keys.append("gone"))
    fake_asterisk.hold_back("ChannelDtmfReceived", until="StasisEnd")
    await call.press("1")
    await call.hang_up()
    await asyncio.sleep(0.05)
    assert keys == ["gone"]


async def test_frozen_it_stands_still(fake_asterisk, one_call):
    """While it is frozen it answers nothing and no sound goes on; afterwards all goes on where it was."""
    call, stay = one_call
    playing = asyncio.create_task(stay.play([SOUND], limit_seconds=5))
    await call.playing(SOUND)
    fake_asterisk.freeze()
    pressing = asyncio.create_task(call.press("1"))
    await asyncio.sleep(0.2)
    assert not playing.done()
    assert not pressing.done()
    fake_asterisk.thaw()
    assert (await playing).seconds >= 0.2
    assert await stay.key(within=1) == "1"


async def test_a_half_open_socket_is_found_in_ten_seconds(fake_asterisk, ari_gate):
    """With the times that are shipped, a half-open socket is found, and replaced, in less than ten seconds."""
    client = Client(ari_gate.url, fake_asterisk.user, fake_asterisk.password, "app")
    running = asyncio.create_task(client.run(lambda stay: stay.key(within=60)))
    await asyncio.wait_for(client.connected.wait(), 2)
    await asyncio.sleep(0.6)  # beyond the check that follows a connect
    ari_gate.half_open()
    async with asyncio.timeout(10):
        while client.connected.is_set():
            await asyncio.sleep(0.01)
        await client.connected.wait()
    await client.close()
    await running


@pytest.mark.parametrize("after", [0.0, 0.8])
async def test_a_deaf_socket_is_found(fake_asterisk, after):
    """A socket that stays open but has lost its application is replaced, at once after connecting and later on."""
    client = Client(fake_asterisk.url, fake_asterisk.user, fake_asterisk.password, "app", heartbeat_seconds=0.4)
    running = asyncio.create_task(client.run(lambda stay: stay.key(within=60)))
    await asyncio.wait_for(client.connected.wait(), 2)
    await asyncio.sleep(after)
    fake_asterisk.deafen("app")
    await fake_asterisk.connected(limit_seconds=2.0)
    call = await fake_asterisk.incoming()
    assert not call.refused
    await client.close()
    await running


async def test_a_gate_with_nobody_behind():
    """Without a server behind it, a gate resets what connects; shut, it refuses; open again, it has the same port."""
    async with Gate("127.0.0.1", 1) as gate, aiohttp.ClientSession() as session:
        port = gate.port
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(gate.url)
        await gate.shut()
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(gate.url)
        await gate.open()
        assert gate.port == port
        assert gate.open_connections == 0


async def test_a_gate_lets_pass_what_it_held(fake_asterisk, ari_gate):
    """What passes is delayed or held as long as it should, and nothing is left when the gate is shut."""
    loop = asyncio.get_running_loop()
    async with Client(ari_gate.url, fake_asterisk.user, fake_asterisk.password, "app") as client:
        ari_gate.delay_seconds = 0.1
        began = loop.time()
        await client.asterisk.ping()
        assert loop.time() - began >= 0.2
        ari_gate.delay_seconds = 0.0
        ari_gate.freeze()
        asking = asyncio.create_task(client.asterisk.ping())
        await asyncio.sleep(0.1)
        assert not asking.done()
        ari_gate.thaw()
        assert (await asking).ping == "pong"
        assert ari_gate.open_connections == 1
    await asyncio.sleep(0.05)
    assert ari_gate.open_connections == 0


@pytest.mark.parametrize("turns", range(6))
async def test_a_gate_that_is_shut_lets_go_of_who_comes_in(turns):
    """A connection that is let in while the gate is shut is reset, however far it had come; none is left behind."""

    async def serve(reader, writer):
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        gate = Gate("127.0.0.1", server.sockets[0].getsockname()[1])
        await gate.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
        for _ in range(turns):
            await asyncio.sleep(0)
        await gate.shut()
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 2) == b""
        writer.close()
        gc.collect()  # what was left open complains now
        await asyncio.sleep(0.01)
