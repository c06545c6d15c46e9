"""The limits and alarms hold when several processes with many calls each go for one caller, one number, one account."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from hotline.desk import CallerNumber, TooManyFailures

PROCESSES = 3
PARENT = "+84912345678"
NUMBER = "0123456789"
CHILD = "0123456790"
PROGRAM = Path(__file__).with_name("desk_process.py")
SECONDS = 120


@pytest.fixture
def hammer(dsn, password_settings):
    """Share checks out among processes that begin at one moment; return what came of them, counted, and the logs."""

    async def run(checks, *, read=False):
        processes = []
        try:
            for number in range(PROCESSES):
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    PROGRAM,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                )
                processes.append(process)
                told = {
                    "dsn": dsn,
                    "pepper": password_settings.pepper.get_secret_value(),
                    "read": read,
                    "checks": checks[number::PROCESSES],
                }
                process.stdin.write(json.dumps(told).encode() + b"\n")
            async with asyncio.timeout(SECONDS):
                for process in processes:
                    assert await process.stdout.readline() == b"ready\n"
                for process in processes:
                    process.stdin.write(b"go\n")
                ended = [await process.communicate() for process in processes]
        finally:
            for process in processes:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        came = Counter(chain.from_iterable(json.loads(out) for out, _ in ended))
        return came, b"".join(errors for _, errors in ended).decode()

    return run


async def rows(database, query):
    """Ask the database itself."""
    async with database.transaction() as connection:
        return [tuple(row.values()) for row in await connection.fetch(query)]


async def test_one_caller_has_six_failures_however_many_processes(hammer, database, desk):
    """Of 150 wrong numbers at once exactly six are counted, one alarm is raised and logged, and a new process knows."""
    came, logged = await hammer([(f"call-{n}", "+84977777777", f"99{n:08}") for n in range(150)])
    assert came == {"mismatch": 6, "hour": 144}
    assert await rows(database, "SELECT outcome, count(*) FROM attempts GROUP BY 1") == [("mismatched", 6)]
    alarms = "SELECT kind, subject_masked, count FROM alarms"
    assert await rows(database, alarms) == [("caller-tried-many-numbers", "*******777", 6)]
    assert logged.count("[error") == logged.count("kind=caller-tried-many-numbers") == 1
    assert "*******777" in logged
    assert "977777777" not in logged
    with pytest.raises(TooManyFailures):
        await desk.admit(CallerNumber("+84977777777"))


async def test_one_number_is_refused_from_its_hundredth_failure_on(hammer, database):
    """While 120 callers try one number its owner gets it until the 100th failure, and never after; two alarms of it."""
    checks = [(f"stranger-{n}", f"+8497{n:07}", NUMBER) for n in range(120)]
    for n in range(3):
        checks.insert(n * 50, (f"owner-{n}", PARENT, NUMBER))
    came, logged = await hammer(checks)
    assert sum(came.values()) == came["mismatch"] + came["issued"] == 123
    assert await rows(database, "SELECT count(*) FROM attempts WHERE outcome = 'mismatched'") == [(120,)]
    before = """
        SELECT outcome, (SELECT count(*) FROM attempts AS f WHERE f.id < a.id AND f.outcome = 'mismatched') < 100
        FROM attempts AS a WHERE outcome <> 'mismatched'
    """
    assert all((outcome == "matched") is early for outcome, early in await rows(database, before))
    alarms = "SELECT kind FROM alarms WHERE subject_masked = '*******789' ORDER BY kind"
    assert await rows(database, alarms) == [("number-failed-often",), ("number-tried-by-many",)]
    assert logged.count("subject=*******789") == 2


async def test_one_account_has_three_passwords_in_hand(hammer, database):
    """Of sixty matching calls at once exactly three get a password, and the others are told."""
    came, _ = await hammer([(f"call-{n}", PARENT, NUMBER) for n in range(60)])
    assert came == {"issued": 3, "often": 57}
    assert await rows(database, "SELECT count(*) FROM passwords WHERE state = 'pending'") == [(3,)]


async def test_of_many_calls_that_are_read_out_the_newest_wins(hammer, database):
    """Of sixty calls for one account, each read out at once, three get a password; the newest heard is active."""
    came, _ = await hammer([(f"call-{n}", PARENT, NUMBER) for n in range(60)], read=True)
    assert set(came) <= {"heard", "overtaken", "often"}
    assert came["heard"] >= 1
    # One that is overtaken before it could be heard makes room for another.
    assert came["heard"] <= 3
    heard = "SELECT state FROM passwords WHERE activated_at IS NOT NULL AND call_id IS NOT NULL ORDER BY ordinal DESC"
    assert await rows(database, heard) == [("active",)] + [("replaced",)] * (came["heard"] - 1)


async def test_callers_and_numbers_crosswise_never_block_each_other(hammer, database):
    """Each of six callers tries each of six numbers in another order: no deadlock, no outage, six failures each."""
    callers = [f"+8497777777{n}" for n in range(6)]
    numbers = [NUMBER, CHILD, *(f"999999999{n}" for n in range(4))]
    checks = [
        (f"call-{turn}-{n}", caller, numbers[(n + turn * (-1) ** n) % 6])
        for turn in range(30)
        for n, caller in enumerate(callers)
    ]
    came, _ = await hammer(checks)
    assert came == {"mismatch": 36, "hour": 144}
    assert await rows(database, "SELECT DISTINCT count(*) FROM attempts GROUP BY caller_hmac") == [(6,)]
