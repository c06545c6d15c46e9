"""A process that is really killed in the middle of a re-issue: what it leaves behind is right at every step."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import pytest

from hotline.desk import SignIn

NUMBER = "0123456789"
OLD = "87654321"
PEPPER = "a pepper for tests, of no use elsewhere"

PROCESS = """
import asyncio, sys
from hotline.desk import CallerNumber, Desk, InsuranceNumber, Vault
from hotline.records import Database
from hotline.settings import Settings

async def serve():
    settings = Settings.load()
    async with Database(settings.database) as database:
        desk = Desk(database, Vault(settings.password), settings.password, settings.limits)
        finding = await desk.look_up(CallerNumber("+84912345678"), InsuranceNumber("0123456789"))
        print(finding.password.reveal(), flush=True)
        new = None
        while deed := (await asyncio.to_thread(sys.stdin.readline)).strip():
            new = await desk.settle(finding, "call-1") if deed == "settle" else new
            if deed != "settle":
                await getattr(new, deed)()
            print("done", flush=True)

asyncio.run(serve())
"""


@pytest.fixture
async def process(wire, tmp_path):
    """A process with a desk at the end of the wire, which does what it is told, line by line."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    environment |= {"HOTLINE_DATABASE__DSN": wire.dsn, "HOTLINE_PASSWORD__PEPPER": PEPPER}
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    started = await asyncio.create_subprocess_exec(sys.executable, "-c", PROCESS, **pipes, env=environment)
    yield started
    with contextlib.suppress(ProcessLookupError):
        started.kill()
    await started.wait()


STEPS = {
    "settling, not committed": ("settle", False, None, False),
    "settling, committed": ("settle", True, "pending", False),
    "beginning, not committed": ("settle began", False, "pending", False),
    "beginning, committed": ("settle began", True, "pending", True),
    "in the reading": ("settle began", None, "pending", True),
    "heard, not committed": ("settle began heard", False, "pending", True),
    "heard, committed": ("settle began heard", True, "active", True),
}
"""What was done; whether the last commit was, None if all was answered; what the new password is, and if it works."""


@pytest.mark.parametrize("step", STEPS)
async def test_a_killed_process_leaves_one_working_password(wire, process, desk, database, step):
    """The old one works until the new one was heard or first used, and the new one does as soon as it may be heard."""
    deeds, committed, state, works = STEPS[step]
    new = (await process.stdout.readline()).decode().strip()
    *before, last = deeds.split()
    for deed in before:
        await tell(process, deed)
        assert await process.stdout.readline() == b"done\n"
    if committed is not None:
        wire.set_trap(b"COMMIT", done=committed, then="stuck")
    await tell(process, last)
    async with asyncio.timeout(10):
        await (wire.sprung.wait() if committed is not None else process.stdout.readline())
    process.kill()
    await process.wait()
    await wire.cut()

    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT max(state) FROM passwords WHERE call_id IS NOT NULL") == state
    assert await desk.sign_in(NUMBER, OLD) is (SignIn.REFUSED if state == "active" else SignIn.OK)
    assert await desk.sign_in(NUMBER, new) is (SignIn.OK_MUST_CHANGE if works else SignIn.REFUSED)
    assert await desk.sign_in(NUMBER, OLD) is (SignIn.REFUSED if works else SignIn.OK)


async def tell(process, deed):
    """Have it do something."""
    process.stdin.write(f"{deed}\n".encode())
    await process.stdin.drain()
