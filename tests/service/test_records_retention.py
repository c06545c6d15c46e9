"""Retention, on a real Postgres: the clock is moved by saying what day it is."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
from pydantic import SecretStr

from hotline.desk import CallerNumber, CallRecord, InsuranceNumber, Ledger
from hotline.records import bulk_transaction, retention
from hotline.reports import Period, summary
from hotline.settings import DatabaseSettings

LAN = CallerNumber("+84912345678")


@pytest.fixture
def clean(dsn):
    """Cleans as if it were `today`, with 90 days kept."""

    async def run(today: date):
        async with bulk_transaction(DatabaseSettings(dsn=SecretStr(dsn))) as connection:
            return await retention.clean(connection, retention.cutoff(today, 90))

    return run


@pytest.fixture
async def sql(dsn):
    """A connection of the test's own."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def calls(database, vault):
    """A call on each of three days, the last two around a midnight in Vietnam."""
    ledger = Ledger(database, vault, price_per_minute=1000)
    for number, at in enumerate(
        (
            datetime(2026, 8, 1, 3, 0, tzinfo=UTC),
            datetime(2026, 8, 1, 16, 59, tzinfo=UTC),
            datetime(2026, 8, 1, 17, 1, tzinfo=UTC),
        )
    ):
        await ledger.write(
            CallRecord(
                id=f"call-{number}",
                started_at=at,
                answered_at=at,
                ended_at=at + timedelta(seconds=50),
                outcome="hung-up",
                steps=[("door", 0.0), ("menu", 10.0)],
                caller=LAN,
            )
        )


async def test_calls_go_when_their_days_are_over_and_sums_remain(clean, calls, database, sql):
    """Whole days as in Vietnam are deleted; a report of them says the same as before."""
    august = Period.of("month", date(2026, 8, 1))
    before = await summary(database, august)
    assert (await clean(date(2026, 10, 30))).calls == 0
    assert (await clean(date(2026, 10, 31))).calls == 2
    assert [row["id"] for row in await sql.fetch("SELECT id FROM calls")] == ["call-2"]
    assert await summary(database, august) == before
    assert (await clean(date(2026, 11, 1))).calls == 1
    assert await sql.fetchval("SELECT count(*) FROM calls") == 0
    assert await summary(database, august) == before


async def test_cleaning_twice_deletes_nothing_more(clean, calls, database):
    """Again, or twice at once, the sums stay right."""
    august = Period.of("month", date(2026, 8, 1))
    before = await summary(database, august)
    done = await asyncio.gather(clean(date(2026, 12, 1)), clean(date(2026, 12, 1)))
    assert sorted(one.calls for one in done) == [0, 3]
    assert (await clean(date(2026, 12, 1))).rows == 0
    assert await summary(database, august) == before


async def test_a_call_written_down_late_is_added_to_its_day(clean, calls, database, vault):
    """A day that was summed up already takes another call."""
    await clean(date(2026, 12, 1))
    at = datetime(2026, 8, 1, 4, 0, tzinfo=UTC)
    await Ledger(database, vault, price_per_minute=1000).write(
        CallRecord("late", at, answered_at=at, ended_at=at + timedelta(seconds=61), outcome="hung-up")
    )
    assert (await clean(date(2026, 12, 1))).calls == 1
    told = await summary(database, Period.of("day", date(2026, 8, 1)))
    assert (told.calls, told.billed_minutes) == (3, 4)


async def test_attempts_and_old_passwords_go_and_those_in_force_stay(clean, desk, sql):
    """The password in force, however old, still signs in; the replaced ones and the attempts are gone."""
    member = InsuranceNumber("0123456789")
    for call in ("one", "two"):
        new = await desk.settle(await desk.look_up(LAN, member), call)
        await new.began()
        await new.heard()
    await desk.settle(await desk.look_up(LAN, InsuranceNumber("0999999999")), "three")
    in_a_year = datetime.now(UTC).date() + timedelta(days=365)
    deleted = await clean(in_a_year)
    assert (deleted.attempts, deleted.passwords) == (3, 2)
    states = await sql.fetch(
        "SELECT state FROM passwords JOIN members ON members.id = member_id WHERE insurance_number = '0123456789'"
    )
    assert [row["state"] for row in states] == ["active"]
    assert (await clean(in_a_year)).rows == 0


async def test_the_audit_trail_stays(clean, desk, sql):
    """Cleaning does not touch what was done to whose account."""
    await desk.settle(await desk.look_up(LAN, InsuranceNumber("0123456789")), "one")
    before = await sql.fetchval("SELECT count(*) FROM audit")
    await clean(datetime.now(UTC).date() + timedelta(days=3650))
    assert await sql.fetchval("SELECT count(*) FROM audit") == before > 0
