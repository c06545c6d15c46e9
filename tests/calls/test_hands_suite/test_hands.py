"""Two real processes of the application on one real Asterisk: what happens to one costs no new call."""

import asyncio
import logging
import signal
import socket

import aiohttp
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

log = logging.getLogger(__name__)

PATIENCE = 4.0
"""Seconds after which the dialplan takes a call away from a process that does not act."""


def figures(what, hand_over, calls):
    """Say how long the calls waited for their answer; shown by `pytest --log-cli-level=INFO`."""
    waits = sorted(call.after for call in calls)
    lost = sum(call.status != 200 for call in calls)
    middle, last = waits[len(waits) // 2] * 1000, waits[-1] * 1000
    log.info(
        "%s, %s: %d calls, %d lost, answered in %.0f ms, the last in %.0f ms",
        what,
        hand_over,
        len(calls),
        lost,
        middle,
        last,
    )


def cut(calls):
    """The calls that were answered and then not ended by their caller."""
    return [call for call in calls if call.status == 200 and not call.ended_by_us]


async def two(serve):
    """Both processes."""
    processes = [await serve("hotline-a"), await serve("hotline-b")]
    for process in processes:
        await process.ready()
    return processes


async def test_a_frozen_process_loses_no_new_call(serve, callers, hand_over):
    """While one of two processes stands still every call is answered by the other, and by both when it goes on."""
    frozen, _ = await two(serve)
    await frozen.freeze()
    calls = await callers.stream(12)
    figures("one of two frozen", hand_over, calls)
    assert [call.status for call in calls] == [200] * 12
    limit = 0.0 if hand_over == "broadcast" else PATIENCE
    assert max(call.after for call in calls) < limit + 2.0
    frozen.send(signal.SIGCONT)
    assert [call.status for call in await callers.stream(4, talk_seconds=0.2)] == [200] * 4


async def test_a_killed_process_loses_no_new_call(serve, callers, hand_over):
    """Calls that come while one of two processes is killed, and after it, are answered by the other."""
    killed, _ = await two(serve)
    stream = asyncio.create_task(callers.stream(30, talk_seconds=0.2))
    await asyncio.sleep(1.0)
    await killed.kill()
    calls = await stream
    figures("one of two killed", hand_over, calls)
    assert [call.status for call in calls] == [200] * 30


@pytest.mark.parametrize("hand_over", ["broadcast"], indirect=True)
@pytest.mark.parametrize("accident", ["killed", "frozen"])
async def test_a_caller_whose_process_is_gone_hears_so_from_another(serve, ring, hand_over, *, accident):
    """In the middle of a call, while its process is not started again; one that was frozen ends when it goes on."""
    peers = {"HOTLINE_ARI__PEERS": "hotline-a,hotline-b"}
    gone = await serve("hotline-a", **peers)
    await gone.ready()
    ringer = await ring()
    await ringer.reach()
    other = await serve("hotline-b", **peers)
    await other.ready()
    await (gone.kill() if accident == "killed" else gone.freeze())
    began = asyncio.get_running_loop().time()
    await ringer.caller.hears("interrupted", within=30)
    log.info("%s: told so after %.1f s", accident, asyncio.get_running_loop().time() - began)
    await ringer.caller.closed()
    assert "ari_peer_gone" in other.said
    if accident == "frozen":
        gone.send(signal.SIGCONT)
        assert await gone.ended() == 2
    await (await serve("hotline-a", **peers)).ready()


@pytest.mark.parametrize("hand_over", ["agi"], indirect=True)
@pytest.mark.parametrize("accident", ["killed", "frozen"])
async def test_a_caller_whose_process_is_gone_hears_so_from_the_dialplan(serve, ring, hand_over, *, accident):
    """In the middle of a call: at once, or when the time of a frozen one is over, which serves others afterwards."""
    gone = await serve("hotline-a")
    await gone.ready()
    ringer = await ring()
    await ringer.reach()
    await (gone.kill() if accident == "killed" else gone.freeze())
    began = asyncio.get_running_loop().time()
    await ringer.caller.hears("interrupted", within=30)
    log.info("%s: told so after %.1f s", accident, asyncio.get_running_loop().time() - began)
    assert not (await ringer.caller.closed()).by_us
    if accident == "frozen":
        gone.send(signal.SIGCONT)
        await (await ring(1)).reach()


async def console(port, path):
    """Return status and text of what a process says of itself."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/{path}") as answer:
        return answer.status, await answer.text()


async def test_a_stopped_process_lets_its_calls_end(serve, callers, hand_over):
    """After SIGTERM a process takes no more calls and says so, its own goes on to its end, and it ends with 0."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stopped = await serve("hotline-a", HOTLINE_CONSOLE__ENABLED="true", HOTLINE_CONSOLE__PORT=str(port))
    await stopped.ready()
    assert await console(port, "readyz") == (200, "ready\n")
    call = await callers.reach()
    other = await serve("hotline-b")
    await other.ready()
    stopped.send(signal.SIGTERM)
    async with asyncio.timeout(5):
        while "draining: no more calls are taken\n" not in (await console(port, "readyz"))[1]:
            await asyncio.sleep(0.02)
    calls = await callers.stream(10, talk_seconds=0.2)
    assert [call.status for call in calls] == [200] * 10
    assert not call.over.is_set()
    assert (await console(port, "readyz"))[0] == 503
    assert "hotline_calls_live 1.0\n" in (await console(port, "metrics"))[1]
    callers.hang_up(call)
    assert await stopped.ended() == 0
    assert stopped.said.count("call_began") == 1
    assert other.said.count("call_began") == 10


async def test_a_stopped_process_does_not_wait_for_ever(serve, callers, hand_over):
    """When the time for it is up the callers who are left are told that their call can't go on, and it ends with 0."""
    stopped = await serve("hotline-a", HOTLINE_CALL__DRAIN_SECONDS="0.5")
    await stopped.ready()
    call = await callers.reach()
    began = asyncio.get_running_loop().time()
    stopped.send(signal.SIGTERM)
    await asyncio.wait_for(call.over.wait(), 10)
    assert asyncio.get_running_loop().time() - began > 1.0  # the time, and the sentence
    assert not call.ended_by_us
    assert await stopped.ended() == 0


async def test_a_second_signal_does_not_wait(serve, callers, hand_over):
    """Who is in a hurry sends SIGTERM twice."""
    stopped = await serve("hotline-a", HOTLINE_CALL__DRAIN_SECONDS="600")
    await stopped.ready()
    call = await callers.reach()
    stopped.send(signal.SIGTERM)
    await asyncio.sleep(0.3)
    stopped.send(signal.SIGTERM)
    await asyncio.wait_for(call.over.wait(), 10)
    assert await stopped.ended() == 0


async def test_a_rolling_restart_loses_no_call(serve, callers, hand_over, patience):
    """One process after the other is stopped and started again under a stream of calls: all are answered, none cut."""
    one, other = await two(serve)
    restarted = asyncio.Event()
    stream = asyncio.create_task(callers.stream(40, until=restarted))
    for name, process in (("hotline-a", one), ("hotline-b", other)):
        process.send(signal.SIGTERM)
        assert await process.ended() == 0
        await (await serve(name)).ready()
    await asyncio.sleep(1.0)
    restarted.set()
    calls = await stream
    figures("rolling restart", hand_over, calls)
    assert {call.status for call in calls} == {200}
    assert cut(calls) == []


@pytest.mark.parametrize("hand_over", ["agi"], indirect=True)
async def test_a_second_copy_does_not_get_in(serve, callers, hand_over):
    """Where one process listens a second one can't: it says which setting to change and ends, and no call notices."""
    first = await serve("hotline-a")
    await first.ready()
    second = await serve("hotline-a")
    assert await second.ended() == 2
    assert "HOTLINE_FASTAGI__PORT" in second.said
    assert [call.status for call in await callers.stream(5, talk_seconds=0.2)] == [200] * 5


@pytest.mark.parametrize("hand_over", ["agi"], indirect=True)
async def test_where_nobody_takes_a_call_the_dialplan_speaks(serve, callers, hand_over):
    """One process gone and the other frozen: after its patience the dialplan has the last word, unanswered."""
    frozen = await serve("hotline-b")
    await frozen.ready()
    await frozen.freeze()
    calls = await callers.stream(3)
    assert [call.status for call in calls] == [480] * 3
    assert min(call.after for call in calls) > PATIENCE


@pytest.mark.parametrize("hand_over", ["broadcast", "stasis"], indirect=True)
async def test_a_second_copy_takes_over(serve, callers, hand_over, patience):
    """A second process on one name gets every new call; the first says what to do, ends with 2, and touches nothing."""
    first = await serve("hotline-a")
    await first.ready()
    call = await callers.reach()
    stream = asyncio.create_task(callers.stream(60, each_second=20, talk_seconds=0.2))
    second = await serve("hotline-a")
    await second.ready()
    assert await first.ended() == 2
    began = asyncio.get_running_loop().time()
    assert "run one client for each name" in first.said
    assert "HOTLINE_ARI__APP" in first.said
    await asyncio.wait_for(call.over.wait(), 15)
    log.info(
        "taken over, %s: the first one's call over after %.1f s", hand_over, asyncio.get_running_loop().time() - began
    )
    calls = await stream
    figures("taken over", hand_over, calls)
    assert [call.status for call in calls] == [200] * 60
