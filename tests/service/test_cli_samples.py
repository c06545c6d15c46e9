"""The commands that make sample members: for testers, and for the canary."""

from __future__ import annotations

import asyncio
import os

import pytest

import program
from hotline.desk import CallerNumber, InsuranceNumber, SignIn

PEPPER = "a pepper for tests, of no use elsewhere"
PHONE, NUMBER = "0987000001", "1000000001"
SAMPLE, OLD = "0123456789", "87654321"


@pytest.fixture
def hotline(dsn, tmp_path):
    """Run the command with something piped in; return exit status, output and errors."""

    async def run(*arguments, piped="", test_phones="true"):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "HOTLINE_DATABASE__DSN": dsn,
            "HOTLINE_PASSWORD__PEPPER": PEPPER,
            "HOTLINE_CALL__TEST_PHONES": test_phones,
        }
        done = await asyncio.to_thread(program.hotline, *arguments, piped=piped, environment=environment)
        return done.status, done.output, done.errors

    return run


async def test_the_canary_gets_a_member_of_its_own(hotline, desk):
    """Phone and number are piped in, the pair matches from then on; a number that somebody has is nobody else's."""
    assert await hotline("canary", "enrol", piped=f"{PHONE}\n{NUMBER}\n") == (0, "added\n", "")
    finding = await desk.look_up(CallerNumber("+84987000001"), InsuranceNumber(NUMBER))
    assert await desk.settle(finding, "call-1")
    status, output, _ = await hotline("canary", "enrol", piped=f"0987000002\n{NUMBER}\n")
    assert status == 1
    assert "nothing was changed" in output
    status, _, errors = await hotline("canary", "enrol", piped="12\n34\n")
    assert status == 2
    assert len(errors.splitlines()) == 1


async def test_sample_members_begin_afresh_and_in_production_not_at_all(hotline, desk, database):
    """What became of the sample members before is gone, other members stay; production is told by its setting."""
    status, _, errors = await hotline("phones", "samples", test_phones="false")
    assert status == 2
    assert "HOTLINE_CALL__TEST_PHONES" in errors
    assert await desk.sign_in(SAMPLE, OLD) is SignIn.OK
    async with database.transaction() as connection:
        await connection.execute("UPDATE members SET is_sample = false WHERE insurance_number <> $1", SAMPLE)
        stay = await connection.fetch("SELECT id FROM members WHERE NOT is_sample ORDER BY id")
    status, output, errors = await hotline("phones", "samples")
    assert (status, output, errors) == (0, "The sample members are there.\n", "")
    assert await desk.sign_in(SAMPLE, OLD) is SignIn.REFUSED
    async with database.transaction() as connection:
        assert await connection.fetch("SELECT id FROM members WHERE NOT is_sample ORDER BY id") == stay
        assert await connection.fetchval("SELECT count(*) FROM members WHERE is_sample") == 1
