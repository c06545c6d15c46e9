"""The limits, counted in Postgres."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from hotline.desk import (
    Activation,
    CallerNumber,
    Desk,
    InsuranceNumber,
    Overloaded,
    ReissuedTooOften,
    TooManyFailures,
    Vault,
)
from hotline.records import Database
from hotline.settings import DatabaseSettings, LimitSettings, PasswordSettings

PARENT = CallerNumber("+84912345678")
STRANGER = CallerNumber("+84977777777")
NUMBER = "0123456789"
PERSONAL = "001085012345"
WRONG = "9999999999"


async def check(desk, call="call-1", caller=PARENT, number=NUMBER):
    """Look up and settle at once."""
    return await desk.settle(await desk.look_up(caller, InsuranceNumber.parse(number)), call)


async def age(database, table, column, interval):
    """Let time pass."""
    async with database.transaction() as connection:
        await connection.execute(f"UPDATE {table} SET {column} = {column} - interval '{interval}'")


async def outcomes(database):
    """Return what was counted, in order."""
    async with database.transaction() as connection:
        return [row["outcome"] for row in await connection.fetch("SELECT outcome FROM attempts ORDER BY id")]


async def test_the_seventh_failure_in_an_hour_is_turned_away_at_the_door(desk, database):
    """After six the caller is not let in for an hour, whichever numbers they keyed; another caller is."""
    for attempt in range(6):
        await desk.admit(STRANGER)
        assert await check(desk, caller=STRANGER, number=f"999999999{attempt}") is None
    with pytest.raises(TooManyFailures) as caught:
        await desk.admit(STRANGER)
    assert caught.value.kind == "hour"
    await desk.admit(PARENT)
    await age(database, "attempts", "at", "61 minutes")
    await desk.admit(STRANGER)


async def test_the_thirteenth_failure_in_a_day_waits_for_a_day(desk, database):
    """After twelve failures spread over the day, the day is what is told."""
    for _ in range(12):
        await check(desk, caller=STRANGER)
        await age(database, "attempts", "at", "61 minutes")
    with pytest.raises(TooManyFailures) as caught:
        await desk.admit(STRANGER)
    assert caught.value.kind == "day"
    await age(database, "attempts", "at", "24 hours")
    await desk.admit(STRANGER)


async def test_calls_at_the_same_moment_share_the_limit(desk, database):
    """Twenty wrong numbers from one caller at once: six are counted, the others are turned away."""
    results = await asyncio.gather(
        *(check(desk, f"call-{call}", STRANGER, WRONG) for call in range(20)), return_exceptions=True
    )
    assert results.count(None) == 6
    assert sum(isinstance(result, TooManyFailures) for result in results) == 14
    assert await outcomes(database) == ["mismatched"] * 6


async def test_a_match_does_not_count_as_a_failure(desk):
    """Who keys the right number may go on calling."""
    await check(desk, "call-0", number=WRONG)
    for call in range(3):
        assert await check(desk, f"call-{call}") is not None
    await desk.admit(PARENT)


async def test_a_number_that_failed_too_often_is_refused_silently(database, vault, password_settings):
    """At the limit even the right caller gets the answer of a mismatch, by either of the account's numbers."""
    limits = LimitSettings.model_construct(**{**LimitSettings().model_dump(), "number_failures_day": 4})
    desk = Desk(database, vault, password_settings, limits)
    for caller in range(4):
        stranger = CallerNumber(f"+8497777777{caller}")
        number = PERSONAL if caller % 2 else NUMBER
        assert await check(desk, caller=stranger, number=number) is None
    assert await check(desk) is None
    assert await check(desk, number=PERSONAL) is None
    assert await outcomes(database) == ["mismatched"] * 4 + ["silenced"] * 2
    await age(database, "attempts", "at", "24 hours")
    assert await check(desk) is not None


async def test_an_unknown_number_is_counted_like_a_known_one(desk, database):
    """Numbers that do not exist leave the same trace."""
    await check(desk, caller=STRANGER, number=WRONG)
    await check(desk, caller=STRANGER)
    async with database.transaction() as connection:
        rows = await connection.fetch("SELECT caller_masked, number_masked, outcome FROM attempts ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        ("*******777", "*******999", "mismatched"),
        ("*******777", "*******789", "mismatched"),
    ]


async def test_an_account_gets_three_passwords_a_day(desk, database):
    """The fourth, after three that became active, is refused by name; a day later it is not."""
    for call in range(3):
        new = await check(desk, f"call-{call}")
        await new.began()
        assert await new.heard() is Activation.ACTIVE
    with pytest.raises(ReissuedTooOften):
        await check(desk, "call-3")
    await desk.admit(PARENT)
    assert await check(desk, "call-4", number="0123456790") is not None
    await age(database, "passwords", "activated_at", "24 hours")
    assert await check(desk, "call-5") is not None


async def read_out(desk, call):
    """Make a whole call; return what becomes of its password."""
    new = await check(desk, call)
    await new.began()
    await asyncio.sleep(0.05)
    return await new.heard()


@pytest.mark.parametrize("earlier", [0, 1, 2, 3])
async def test_calls_at_once_share_the_passwords_of_a_day(desk, database, earlier):
    """However many calls are read out at one moment, three become active a day; the others are told at the check."""
    for call in range(earlier):
        assert await read_out(desk, f"call-{call}") is Activation.ACTIVE
    results = await asyncio.gather(
        *(read_out(desk, f"call-{call}") for call in range(earlier, 12)), return_exceptions=True
    )
    refused = sum(isinstance(result, ReissuedTooOften) for result in results)
    heard, overtaken = results.count(Activation.ACTIVE), results.count(Activation.OVERTAKEN)
    assert refused + heard + overtaken == len(results)
    # One that is overtaken before it was heard makes room for another.
    assert earlier + heard <= 3 <= earlier + heard + overtaken


async def test_who_was_cut_off_may_ring_again(desk, database):
    """Passwords that a bad line cut off, so that they never became active, do not use up the three of a day."""
    for call in range(2):
        assert await read_out(desk, f"call-{call}") is Activation.ACTIVE
    for call in range(2, 6):
        new = await check(desk, f"call-{call}")
        await new.began()
        for column in ("created_at", "reading_began_at"):
            await age(database, "passwords", column, "31 s")
    assert await read_out(desk, "call-6") is Activation.ACTIVE
    with pytest.raises(ReissuedTooOften):
        await check(desk, "call-7")


async def test_a_password_heard_late_works_all_the_same(desk, database):
    """A reading that took longer than it ever should counts for others no more, but what was heard in full works."""
    slow = await check(desk, "call-0")
    await slow.began()
    for column in ("created_at", "reading_began_at"):
        await age(database, "passwords", column, "31 s")
    others = [await check(desk, f"call-{call}") for call in range(1, 4)]
    assert await slow.heard() is Activation.ACTIVE
    for new in others:
        await new.began()
        assert await new.heard() is Activation.ACTIVE


async def test_an_account_has_ten_passwords_begun_a_day(desk, database):
    """After nine that were cut off, one of five more at once gets a password and four are told, for a day."""
    for call in range(9):
        assert await check(desk, f"call-{call}") is not None
        await age(database, "passwords", "created_at", "31 s")
    results = await asyncio.gather(*(check(desk, f"call-{call}") for call in range(9, 14)), return_exceptions=True)
    assert sum(isinstance(result, ReissuedTooOften) for result in results) == 4
    await age(database, "passwords", "created_at", "24 hours")
    assert await check(desk, "call-15") is not None


async def test_a_limit_reached_between_door_and_check_is_told_then(desk, database):
    """Let in with five failures, a caller whose other call fails meanwhile is told at the check; nothing is counted."""
    for attempt in range(5):
        await check(desk, f"call-{attempt}", STRANGER, WRONG)
    await desk.admit(STRANGER)
    finding = await desk.look_up(STRANGER, InsuranceNumber.parse(NUMBER))
    assert await check(desk, "call-5", STRANGER, WRONG) is None
    with pytest.raises(TooManyFailures) as caught:
        await desk.settle(finding, "call-6")
    assert caught.value.kind == "hour"
    assert len(await outcomes(database)) == 6


async def test_a_limit_reached_in_the_middle_of_a_call_holds_for_a_match_too(desk, database):
    """Who used up the tries gets no password with the right number either, and no pending one is left."""
    for attempt in range(6):
        await check(desk, f"call-{attempt}", PARENT, WRONG)
    with pytest.raises(TooManyFailures):
        await check(desk, "call-6")
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM passwords WHERE call_id IS NOT NULL") == 0


async def test_a_silent_refusal_takes_as_long_as_a_mismatch(database, vault, password_settings, monkeypatch):
    """A locked, a known and an unknown number cost one hash each and, but for an audit entry, the same queries."""
    desk = Desk(database, vault, password_settings, LimitSettings(number_failures_day=20, alarm_number_failures=19))
    for n in range(20):
        await check(desk, f"call-{n}", CallerNumber(f"+84977777{n:03}"))
    await desk.close()
    hashed, queries = [], []
    make_hash, take = vault.hash, Database._take

    async def counted_hash(password, member_id):
        hashed.append(member_id)
        return await make_hash(password, member_id)

    async def counted_take(pool):
        connection = await take(pool)
        connection.remove_query_logger(queries.append)
        connection.add_query_logger(queries.append)
        return connection

    monkeypatch.setattr(vault, "hash", counted_hash)
    monkeypatch.setattr(Database, "_take", counted_take)
    cost = []
    for caller, number in ((PARENT, NUMBER), (STRANGER, "0123456790"), (CallerNumber("+84977777888"), WRONG)):
        # Without the watch for alarms, which comes after the answer.
        desk = Desk(database, vault, password_settings, LimitSettings(number_failures_day=20, alarm_number_failures=19))
        monkeypatch.setattr(desk._alarms, "failed", lambda *_: None)
        hashed.clear()
        queries.clear()
        assert await check(desk, "call", caller, number) is None
        await asyncio.sleep(0)
        cost.append((len(hashed), len(queries)))
    assert (await outcomes(database))[20:] == ["silenced", "mismatched", "mismatched"]
    (hashes, locked), known, unknown = cost
    assert known == unknown == (1, locked - 1)
    assert hashes == 1


async def test_limits_hold_in_a_database_set_up_for_frozen_snapshots(dsn, vault, password_settings):
    """A site's default of “repeatable read” would hide what others counted while we waited; it is not ours."""
    async with Database(DatabaseSettings(dsn=SecretStr(dsn))) as before, before.transaction() as connection:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    async with Database(DatabaseSettings(dsn=SecretStr(dsn))) as database:
        desk = Desk(database, vault, password_settings, LimitSettings())
        results = await asyncio.gather(
            *(check(desk, f"call-{call}", STRANGER, WRONG) for call in range(20)), return_exceptions=True
        )
        assert results.count(None) == 6
        assert sum(isinstance(result, TooManyFailures) for result in results) == 14
        await desk.close()


async def test_too_many_at_once_are_told_and_not_counted(database):
    """More callers than can be served soon: the rest is refused at once, and no attempt of theirs is counted."""
    passwords = PasswordSettings(pepper=SecretStr("a pepper for tests, of no use elsewhere"), hash_queue=4)
    vault = Vault(passwords)
    desk = Desk(database, vault, passwords, LimitSettings(reissues_day=10))
    results = await asyncio.gather(*(check(desk, f"call-{call}") for call in range(12)), return_exceptions=True)
    busy = sum(isinstance(result, Overloaded) for result in results)
    assert 1 <= busy <= 6
    assert await outcomes(database) == ["matched"] * (len(results) - busy)
    assert await check(desk, "call-12", PARENT, "0123456790") is not None
    vault.close()
