"""A running process is steered from its own machine: no more calls, calls again, how it is."""

import asyncio
import os
import socket
from types import SimpleNamespace
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from hotline.console import Process, ProcessAway, Steering, Vitals, ask, control, processes
from hotline.console.steering import SECONDS

CALM = Vitals(
    doors={"ari": True}, draining=False, calls=2, calls_at_once=300, connections=1, transactions_waiting=3, hashes=0,
    hashes_waiting=4, entries_waiting=0, prompts_missing=0, limits_hit={}, alarms_open={},
)  # fmt: skip


@pytest.fixture
def served():
    """What a process can be wished, and what was."""
    wished = []

    async def vitals():
        return CALM

    steering = Steering(vitals, lambda: wished.append("drain"), lambda: wished.append("resume"))
    return SimpleNamespace(steering=steering, wished=wished, process=Process(os.geteuid(), f"test-{uuid4().hex}"))


async def test_a_wish_is_carried_out_and_answered_with_how_it_is(served):
    """It is found by its user and name; who waits for the database or a hash waits."""
    async with control(served.process.name, served.steering):
        assert served.process in processes()
        state = await ask(served.process, "state")
        assert (state.pid, state.ready, state.calls, state.waiting) == (os.getpid(), True, 2, 7)
        await ask(served.process, "drain")
        await ask(served.process, "resume")
    assert served.wished == ["drain", "resume"]
    assert served.process not in processes()
    with pytest.raises(ProcessAway, match="does not answer"):
        await ask(served.process, "state")


async def test_a_second_process_of_one_name_serves_and_says_that_it_is_not_steered(served):
    """Restarted before the old one has ended, or by mistake: calls matter more."""
    async with control(served.process.name, served.steering):
        with capture_logs() as logs:
            async with control(served.process.name, served.steering):
                assert [line["event"] for line in logs] == ["control_unavailable"]
        assert (await ask(served.process, "state")).ready


async def test_other_users_are_not_answered_and_not_believed(served, monkeypatch):
    """Who may do it is who could as well send the process a signal; and nobody is fooled by a name that was taken."""
    async with control(served.process.name, served.steering):
        monkeypatch.setattr("hotline.console.steering._user", lambda _: 54321)
        with pytest.raises(ProcessAway, match="another user"):
            await ask(served.process, "drain")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(line, served.process.address)
            # At once: connections that wait for a word would be file descriptors that anybody here could hold.
            assert await asyncio.wait_for(loop.sock_recv(line, 99), SECONDS / 2) == b""
    assert served.wished == []


async def test_nonsense_is_answered_by_the_end_of_the_connection(served):
    """Nothing is carried out, and the next one is served."""
    async with control(served.process.name, served.steering):
        for nonsense in (b"shutdown\n", b"\n", b"x" * 100_000 + b"\n"):
            reader, writer = await asyncio.open_unix_connection(served.process.address)
            writer.write(nonsense)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await asyncio.wait_for(reader.readexactly(1), 6)
            writer.close()
        assert (await ask(served.process, "state")).ready
    assert served.wished == []
