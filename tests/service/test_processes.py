"""Children in their boxes."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from hotline.processes import Box, Child, MissingProgram, need

FORKS = "sleep 77.123 & sleep 77.123 & trap '' TERM; sleep 77.123"


def sleepers(seconds="77.123"):
    """Return how many processes sleep this long."""
    found = subprocess.run(["pgrep", "-fc", f"^sleep {seconds}"], capture_output=True, text=True, check=False)
    return int(found.stdout)


async def until(condition):
    """Wait for a moment until it holds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_stopped_child_is_gone_with_all_it_started():
    """When stop returns, nothing of it is left, however deep it forked and whatever it ignores."""
    child = await Child.start(["sh", "-c", FORKS.replace("77.123", "77.1")], box=Box(), name="forks")
    await until(lambda: sleepers("77.1") == 3)
    await child.stop()
    assert sleepers("77.1") == 0
    assert not child.running


async def test_a_child_ends_with_a_killed_parent():
    """A parent killed without warning leaves nothing behind."""
    code = (
        "import asyncio\nfrom hotline.processes import Box, Child\n"
        "async def main():\n"
        f"    await Child.start(['sh', '-c', {FORKS!r}], box=Box(), name='forks')\n"
        "    print('started', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert await parent.stdout.readline() == b"started\n"
    await until(lambda: sleepers() == 3)
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    await until(lambda: sleepers() == 0)


async def test_a_server_that_refuses_root_runs_as_nobody(tmp_path):
    """In such a box the user is not root, and may still write what is ours."""
    tmp_path.chmod(0o700)
    child = await Child.start(["sh", "-c", f"id -u > {tmp_path}/who"], box=Box(as_nobody=True), name="id")
    assert await child.wait() == 0
    assert (tmp_path / "who").read_text() != "0\n"


def test_a_missing_program_says_what_to_do():
    """Who lacks a system package is told how to get it."""
    with pytest.raises(MissingProgram, match="no-such-program is not installed; run `make setup`"):
        need("no-such-program")
