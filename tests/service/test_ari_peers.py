"""Processes that watch over each other's calls, by way of the fake Asterisk."""

import asyncio
import contextlib
import time

import aiohttp
import pytest

from hotline.ari import Client, PeerWatch, Replaced, hang_up, peers
from hotline.ari.fake import FakeAsterisk, Gate

PULSE, SILENCE = 0.1, 0.6
NAMES = {"a": ["a.1", "a.2"], "b": ["b.1", "b.2"]}


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    """What takes seconds takes tenths."""
    monkeypatch.setattr(peers, "PULSE_SECONDS", PULSE)
    monkeypatch.setattr(peers, "SILENCE_SECONDS", SILENCE)


@pytest.fixture
async def fake():
    """A fake Asterisk."""
    async with FakeAsterisk() as asterisk:
        yield asterisk


@pytest.fixture
async def process(fake):
    """Start what stands for a process, with a peer; return its task, and the orphans it looked after."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(name, peer, *, url=fake.url):
            def under(names):
                return Client(url, fake.user, fake.password, names)

            async def help_orphan(stay):
                helped.append(stay.channel.id)

            async def serve():
                watching = asyncio.create_task(watch.run(on_orphan=help_orphan, on_refused=hang_up))
                try:
                    await client.run(lambda _stay: asyncio.Event().wait())
                finally:
                    watching.cancel()
                    await asyncio.wait({watching})

            async def end():
                await client.close()
                await asyncio.wait({running})

            helped = []
            client = under(NAMES[name])
            watch = PeerWatch(client, NAMES[name], [NAMES[peer]], under=under)
            running = asyncio.create_task(serve())
            stack.push_async_callback(end)
            await asyncio.wait_for(client.connected.wait(), 3)
            return running, helped

        yield start


@contextlib.asynccontextmanager
async def bare(fake, apps):
    """A client that does nothing; it is killed with the block."""
    async with (
        aiohttp.ClientSession(
            headers={"Authorization": aiohttp.encode_basic_auth(fake.user, fake.password)}
        ) as session,
        session.ws_connect(f"{fake.url}/ari/events", params={"app": ",".join(apps)}),
    ):
        yield


async def test_the_calls_of_a_peer_that_is_gone_are_looked_after(fake, process):
    """On whichever of its names; and its names are free afterwards."""
    async with bare(fake, NAMES["b"]):
        calls = [await fake.incoming(app=app) for app in NAMES["b"]]
    began = asyncio.get_running_loop().time()
    _, helped = await process("a", "b")
    for call in calls:
        await asyncio.wait_for(call.ended.wait(), 5)
    assert asyncio.get_running_loop().time() - began > SILENCE
    assert sorted(helped) == sorted(call.id for call in calls)
    await asyncio.sleep(0.3)
    assert (await fake.incoming(app="b.1")).refused


async def test_no_call_is_taken_for_a_peer(fake, process):
    """A call that comes under its name meanwhile is refused as any that may not be taken."""
    async with bare(fake, NAMES["b"]):
        call = await fake.incoming(app="b.1")
    _, helped = await process("a", "b")
    async with asyncio.timeout(5):
        while (late := await fake.incoming(app="b.2")).refused:
            await asyncio.sleep(0.05)
    await asyncio.wait_for(late.ended.wait(), 3)
    await asyncio.wait_for(call.ended.wait(), 3)
    assert helped == [call.id]


async def test_a_peer_that_lives_keeps_its_calls(fake, process):
    """However long a call lasts; and a peer without calls is nobody's business."""
    one, _ = await process("a", "b")
    other, _ = await process("b", "a")
    call = await fake.incoming(app="b.1")
    await asyncio.sleep(3 * SILENCE)
    assert call.alive
    assert not one.done()
    assert not other.done()


async def test_a_peer_that_stands_still_is_fenced(fake, process):
    """One that goes on later ends, and its callers were looked after."""
    port = int(fake.url.rpartition(":")[2])
    async with Gate("127.0.0.1", port) as gate:
        frozen, _ = await process("b", "a", url=gate.url)
        call = await fake.incoming(app="b.1")
        _, helped = await process("a", "b")
        gate.freeze()
        await asyncio.wait_for(call.ended.wait(), 5)
        gate.thaw()
        with pytest.raises(Replaced):
            await asyncio.wait_for(frozen, 3)
    assert helped == [call.id]


async def test_who_stood_still_accuses_nobody(fake, process):
    """A process that has not run for a while has heard no pulse, and waits for the next."""
    one, _ = await process("a", "b")
    await process("b", "a")
    call = await fake.incoming(app="b.1")
    await asyncio.sleep(3 * PULSE)
    time.sleep(2 * SILENCE)  # noqa: ASYNC251 - that is the standing still
    await asyncio.sleep(4 * PULSE)
    assert call.alive
    assert not one.done()


async def test_who_was_cut_off_accuses_nobody(fake, process):
    """While a process has no socket it hears no pulse; that is not its peer's fault."""
    port = int(fake.url.rpartition(":")[2])
    async with Gate("127.0.0.1", port) as gate:
        await process("a", "b", url=gate.url)
        other, _ = await process("b", "a")
        call = await fake.incoming(app="b.1")
        await gate.shut()
        await asyncio.sleep(2 * SILENCE)
        await gate.open()
        await asyncio.sleep(2 * SILENCE)
        assert call.alive
        assert not other.done()
