"""`hotline run`: kept up for testers, and gone without a trace."""

import asyncio
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from hotline.demo.card import card_of_run
from hotline.demo.run_folder import name

UP = "hotline: HOTLINE_DATABASE__DSN is not set, so this is the `hotline run` that is up\n"
SERVERS = re.compile(rb"^/usr/sbin/asterisk\0|/postgres\0")


@pytest.fixture
def environment():
    """A temporary folder of this test's own, so that its runs meet no others."""
    folder = Path(tempfile.mkdtemp(prefix="run", dir="/tmp"))  # short: a socket's path has 107 bytes
    yield {**os.environ, "TMPDIR": str(folder)}
    (folder / name()).rmdir()  # fails unless it is empty
    folder.rmdir()


def servers(environment):
    """Return the Asterisk and Postgres processes that run in this test's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if SERVERS.search(line) and environment["TMPDIR"].encode() in line:
            found.append(line)
    return found


async def start(environment):
    """Start it; return the process and what it printed until it was up."""
    complaints = Path(environment["TMPDIR"]) / "complaints"
    with complaints.open("wb") as errors:
        run = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from hotline.cli import main; main()", "run",
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    said = b""
    async with asyncio.timeout(30):
        while b"Ctrl-C" not in said:
            line = await run.stdout.readline()
            assert line, complaints.read_text()
            said += line
    complaints.unlink()
    return run, said.decode()


async def told(environment, *arguments):
    """Run a command beside it that knows of no settings; return its exit status, output and errors."""
    own = {name: value for name, value in environment.items() if not name.startswith("HOTLINE_")}
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from hotline.cli import main; main()", *arguments,
        env=own, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await asyncio.wait_for(command.communicate(), 30)
    return command.returncode, output.decode(), errors.decode()


async def test_it_says_how_to_ring_it_and_ends_without_a_trace(environment, monkeypatch):
    """Server, accounts and numbers are printed, other commands work on it and say so; Ctrl-C leaves nothing behind."""
    monkeypatch.setattr("tempfile.tempdir", environment["TMPDIR"])
    run, said = await start(environment)
    for words in ("127.0.0.1", "19009068", "0912345678", "0123456789"):
        assert words in said
    assert len(servers(environment)) >= 2
    assert card_of_run().server in said.replace(", port ", ":")
    assert await told(environment, "alarms") == (0, "no alarm\n", UP)
    run.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(run.wait(), 10) == 0
    assert servers(environment) == []
    assert card_of_run() is None


async def test_what_a_killed_run_left_the_next_one_clears(environment):
    """Killed without warning it leaves no process; its files are cleared by the next run."""
    first, _ = await start(environment)
    first.kill()
    await first.wait()
    async with asyncio.timeout(5):
        while servers(environment):
            await asyncio.sleep(0.05)
    left = set((Path(environment["TMPDIR"]) / name()).iterdir())
    assert left
    second, _ = await start(environment)
    assert not any(folder.exists() for folder in left)
    second.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(second.wait(), 10) == 0
