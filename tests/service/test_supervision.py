"""What a supervisor is told: that calls can come, and that the process still goes."""

import asyncio
import contextlib
import os
import socket
import time

import pytest

from hotline.supervision import supervised, watchdog_seconds


@pytest.fixture
def supervisor(tmp_path):
    """The socket on which systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(5)
        yield line


def said(supervisor):
    """Return what has been said and not been read yet."""
    supervisor.setblocking(False)
    messages = []
    with contextlib.suppress(BlockingIOError):
        while True:
            messages.append(supervisor.recv(100))
    return messages


async def test_it_is_told_when_calls_can_come_and_then_that_all_is_well(supervisor):
    """First that it is ready, then again and again that it goes; nothing more afterwards."""
    environment = {
        "NOTIFY_SOCKET": supervisor.getsockname(),
        "WATCHDOG_USEC": "30000",
        "WATCHDOG_PID": str(os.getpid()),
    }
    async with supervised(environment):
        assert supervisor.recv(100) == b"READY=1"
        for _ in range(3):
            assert await asyncio.to_thread(supervisor.recv, 100) == b"WATCHDOG=1"
    said(supervisor)
    await asyncio.sleep(0.05)
    assert said(supervisor) == []


async def test_a_process_that_is_frozen_tells_nothing(supervisor):
    """While the event loop stands still there is silence, so that it is found out."""
    async with supervised({"NOTIFY_SOCKET": supervisor.getsockname(), "WATCHDOG_USEC": "3000"}):
        await asyncio.sleep(0)
        said(supervisor)
        time.sleep(0.05)  # noqa: ASYNC251 - that is what it is to be frozen
        assert said(supervisor) == []


async def test_an_abstract_address_is_known(supervisor):
    """One that begins with an @ stands for a name in no folder."""
    name = f"hotline-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"\0{name}")
        line.settimeout(5)
        async with supervised({"NOTIFY_SOCKET": f"@{name}"}):
            assert line.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [({}, None), ({"WATCHDOG_USEC": "15000000"}, 15.0), ({"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}, None)],
)
def test_how_long_it_may_be_silent(environment, seconds):
    """As long as systemd says, if it says so to this process."""
    assert watchdog_seconds(environment) == seconds


async def test_started_by_anybody_else_it_tells_nobody():
    """Without a supervisor there is nothing to do."""
    async with supervised({}):
        pass
