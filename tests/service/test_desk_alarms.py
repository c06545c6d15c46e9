"""Alarms: raised once, kept, told with masked numbers, and never at a caller's cost."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from structlog.contextvars import bound_contextvars, get_contextvars
from structlog.testing import capture_logs

from hotline.desk import AlarmWatch, CallerNumber, Desk, InsuranceNumber, MediaUnproven, SignIn, Vault
from hotline.desk import alarms as watching
from hotline.records import Database
from hotline.records.attempts import Trace
from hotline.settings import DatabaseSettings, LimitSettings, PasswordSettings

PARENT = CallerNumber("+84912345678")
STRANGER = CallerNumber("+84977777777")
NUMBER = "0123456789"
ANOTHER_PEPPER = "another pepper than that of the samples"


async def check(desk, caller=STRANGER, number=NUMBER, call="call-1"):
    """Look up and settle at once."""
    return await desk.settle(await desk.look_up(caller, InsuranceNumber.parse(number)), call)


async def rows(database, query):
    """Ask the database itself."""
    async with database.transaction() as connection:
        return [tuple(row.values()) for row in await connection.fetch(query)]


async def alarms(database, columns="kind, subject_masked, count"):
    """Return what was raised of callers and numbers."""
    return await rows(database, f"SELECT {columns} FROM alarms WHERE subject_masked <> 'all calls' ORDER BY id")


async def add_calls(database, matched, failed, at="now()"):
    """Have calls in the records, each with one check, of callers and numbers that raise no alarm themselves."""
    async with database.transaction() as connection:
        await connection.execute(
            f"""
            INSERT INTO attempts (at, call_id, caller_masked, caller_hmac, number_masked, number_hmac, outcome)
            SELECT {at}, gen_random_uuid(), '', uuid_send(gen_random_uuid()), '', uuid_send(gen_random_uuid()),
                   CASE WHEN n <= $1::int THEN 'matched' ELSE 'mismatched' END
            FROM generate_series(1, $1::int + $2::int) AS n
            """,
            matched,
            failed,
        )


async def test_a_caller_who_tries_many_numbers_raises_one_alarm(desk, database):
    """At the sixth different number, once; the same number again and again is none."""
    for _ in range(3):
        await check(desk, PARENT, "9999999999")
    with capture_logs() as logs:
        for n in range(5):
            await check(desk, number=f"999999999{n}")
        await desk.close()
        assert await alarms(database) == []
        await check(desk, number="9999999995")
        await desk.close()
    assert await alarms(database) == [("caller-tried-many-numbers", "*******777", 6)]
    (told,) = [entry for entry in logs if entry["event"] == "alarm"]
    assert told == {
        "event": "alarm",
        "log_level": "error",
        "kind": "caller-tried-many-numbers",
        "subject": "*******777",
        "count": 6,
        "alarm": 1,
    }


async def test_a_missing_prompt_raises_one_alarm_each(desk, database):
    """Each prompt has one, however often it is found missing."""
    for prompt in ("menu", "menu", "digits/4"):
        desk.prompt_missing(prompt)
        await desk.close()
    assert await alarms(database) == [("prompt-missing", "prompt menu", 1), ("prompt-missing", "prompt digits/4", 1)]


async def test_a_number_tried_by_many_raises_one_alarm_and_one_more_when_it_failed_often(desk, database):
    """At the fourth caller, and at the tenth failure; what goes on is noted in the same rows."""
    for n in range(12):
        await check(desk, CallerNumber(f"+8497777777{n % 4}"))
        await desk.close()
        if n == 2:
            assert await alarms(database) == []
        if n == 3:
            assert await alarms(database) == [("number-tried-by-many", "*******789", 4)]
    assert await alarms(database, "kind, count, last_seen > first_seen") == [
        ("number-tried-by-many", 4, True),
        ("number-failed-often", 12, True),
    ]


async def test_an_alarm_is_raised_again_after_its_window(database, desk):
    """What goes on for more than a day is a new alarm each day."""
    for n in range(10):
        await check(desk, CallerNumber(f"+8497777777{n % 2}"))
    await desk.close()
    assert await alarms(database, "kind") == [("number-failed-often",)]
    await check(desk, CallerNumber("+84977777772"))
    await desk.close()
    assert await alarms(database, "count") == [(11,)]
    await rows(database, "UPDATE alarms SET first_seen = first_seen - interval '24 hours'")
    await check(desk, CallerNumber("+84977777772"))
    await desk.close()
    assert await alarms(database, "count") == [(11,), (12,)]


async def test_what_goes_on_after_an_alarm_was_acknowledged_is_a_new_one(database, desk):
    """Whoever acknowledged it has seen what was there, and not what came after; that is one alarm again."""
    for n in range(10):
        await check(desk, CallerNumber(f"+8497777777{n % 2}"))
    await desk.close()
    await rows(database, "UPDATE alarms SET acknowledged_at = now(), acknowledged_by = 'a', acknowledged_why = 'b'")
    for _ in range(2):
        await check(desk, CallerNumber("+84977777772"))
        await desk.close()
    assert await alarms(database, "count, acknowledged_at IS NULL") == [(10, False), (12, True)]


@pytest.mark.parametrize(
    ("calls", "at", "raised"),
    [
        ((9, 20), "now()", True),
        ((10, 20), "now()", False),
        ((0, 28), "now()", False),
        ((9, 20), "now() - interval '61 min'", False),
    ],
)
async def test_many_failing_calls_are_an_alarm(desk, database, calls, at, raised):
    """Seventy per cent of an hour's calls without a match are one, if they are thirty at least."""
    await add_calls(database, *calls, at)
    await check(desk)
    await desk.close()
    found = await rows(database, "SELECT kind, subject_masked, count FROM alarms")
    assert found == ([("calls-failed-often", "all calls", 70)] if raised else [])


async def test_a_call_with_a_match_in_the_end_did_not_fail(desk, database):
    """Thirty callers who mistyped twice and then got it right raise nothing."""
    await add_calls(database, 0, 60)
    await rows(database, "UPDATE attempts SET call_id = 'call-' || (id + 1) / 2")
    await add_calls(database, 30, 0)
    await rows(database, "UPDATE attempts SET call_id = 'call-' || (id - 60) WHERE id > 60")
    await check(desk, call="call-1")
    await desk.close()
    assert await rows(database, "SELECT kind FROM alarms") == []


async def test_all_calls_are_looked_at_now_and_then_only(database, monkeypatch):
    """However many checks fail at once, the look at all calls waits its time, and then sees the last of them."""
    looks = []

    async def look(_connection, limits):
        looks.append(limits)
        return []

    monkeypatch.setattr(watching, "_of_all_calls", look)
    monkeypatch.setattr(watching, "RATE_PAUSE", 0.3)
    watch = AlarmWatch(database, LimitSettings())
    for turn in range(5):
        for _ in range(20):
            watch.failed(Trace("caller", b"caller"), Trace("number", b"number"))
        await asyncio.sleep(0.02 if turn < 4 else 0.5)
    await watch.close()
    assert len(looks) == 2


async def test_an_alarm_waits_for_the_database(wire, vault, password_settings, database, monkeypatch):
    """When the database goes away right after the check the caller has their answer, and the alarm is raised later."""
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.05)
    await add_calls(database, 0, 9)
    async with Database(DatabaseSettings(dsn=SecretStr(wire.dsn))) as fragile:
        desk = Desk(fragile, vault, password_settings, LimitSettings())
        trace = vault.trace(NUMBER)
        async with database.transaction() as connection:
            await connection.execute("UPDATE attempts SET number_hmac = $1", trace.hmac)
        assert await check(desk) is None
        await wire.cut()
        await asyncio.sleep(0.2)
        await wire.mend()
        async with asyncio.timeout(5):
            while len(await alarms(database)) < 2:
                await asyncio.sleep(0.05)
        await desk.close()
    assert await alarms(database, "kind, count") == [("number-failed-often", 10), ("number-tried-by-many", 10)]


async def test_an_alarm_costs_the_caller_no_time(desk, database, dsn):
    """While nobody can write alarms the check is answered and counted all the same; then the alarm is raised."""
    await add_calls(database, 0, 9)
    number = (await desk.look_up(STRANGER, InsuranceNumber(NUMBER))).number
    async with database.transaction() as connection:
        await connection.execute("UPDATE attempts SET number_hmac = $1", number.hmac)
    patient = DatabaseSettings(dsn=SecretStr(dsn), time_limit=10)
    async with Database(patient) as other, other.transaction() as connection:
        await connection.execute("LOCK TABLE alarms")
        assert await check(desk) is None
        assert await rows(database, "SELECT count(*) FROM attempts") == [(10,)]
        assert await connection.fetchval("SELECT count(*) FROM alarms") == 0
    await desk.close()
    assert await alarms(database, "kind, count") == [("number-failed-often", 10), ("number-tried-by-many", 10)]


async def test_an_alarm_is_logged_in_no_call_s_name(database, vault, password_settings, monkeypatch):
    """What is looked at one after another comes from many calls, so the log line of none of them is on it."""
    seen = []

    async def look(_connection, **_given):
        seen.append(get_contextvars())
        return []

    monkeypatch.setattr(watching, "_of_caller", look)
    desk = Desk(database, vault, password_settings, LimitSettings())
    with bound_contextvars(call="call-1"):
        await check(desk)
    await desk.close()
    assert seen == [{}]


async def test_closing_does_not_wait_for_a_database_that_stays_away(wire, vault, password_settings):
    """A desk with an alarm to raise closes in its time, and leaves no task."""
    async with Database(DatabaseSettings(dsn=SecretStr(wire.dsn))) as fragile:
        desk = Desk(fragile, vault, password_settings, LimitSettings())
        await check(desk)
        await wire.cut()
        async with asyncio.timeout(5):
            await desk.close()
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "alarm watch"]


async def test_two_desks_raise_an_alarm_once(database, vault, password_settings):
    """Each is asked at the same moments; one row is the result, and one line in the log."""
    desks = [Desk(database, vault, password_settings, LimitSettings()) for _ in range(3)]
    with capture_logs() as logs:
        for n in range(4):
            await asyncio.gather(*(check(desk, CallerNumber(f"+8497777777{n}")) for desk in desks))
        for desk in desks:
            await desk.close()
    raised = [("number-failed-often", 12), ("number-tried-by-many", 4)]
    assert sorted(await alarms(database, "kind, count")) == raised
    assert len([entry for entry in logs if entry["event"] == "alarm"]) == 2


async def test_an_unsafe_line_is_one_alarm_a_caller(desk, database):
    """Its count is that of the calls; where no network is set at all, it is one alarm of all calls."""
    for _ in range(3):
        desk.line_unsafe(PARENT, MediaUnproven("elsewhere", "", "203.0.113.9:4000"))
        await desk.close()
    desk.line_unsafe(STRANGER, MediaUnproven("silent", "", "192.0.2.1:4000"))
    await desk.close()
    for caller in (PARENT, STRANGER):
        desk.line_unsafe(caller, MediaUnproven("unset", "", "192.0.2.1:4000"))
        await desk.close()
    assert await rows(database, "SELECT kind, subject_masked, count FROM alarms ORDER BY id") == [
        ("line-unsafe", "*******678", 3),
        ("line-unsafe", "*******777", 1),
        ("line-unsafe", "all calls", 2),
    ]


async def test_a_missing_pepper_is_an_alarm_and_no_crash(database):
    """Who can't be verified is refused like anybody else, and the operator is told once which pepper is missing."""
    passwords = PasswordSettings(pepper=SecretStr(ANOTHER_PEPPER), pepper_key_id="2")
    vault = Vault(passwords)
    desk = Desk(database, vault, passwords, LimitSettings())
    for _ in range(2):
        assert await desk.sign_in(NUMBER, "87654321") is SignIn.REFUSED
        await desk.close()
    ((members,),) = await rows(database, "SELECT count(*) FROM members")
    assert await alarms(database) == [("pepper-missing", "pepper 1", members)]
    assert await check(desk, PARENT) is not None
    vault.close()


async def test_a_missing_pepper_is_found_before_anybody_needs_it(desk, database, vault):
    """The service looks at its start; with every pepper there it finds nothing."""
    desk.look_for_missing_peppers()
    await desk.close()
    assert await alarms(database) == []
    await rows(
        database, "UPDATE passwords SET key_id = 'lost' WHERE member_id = (SELECT min(member_id) FROM passwords)"
    )
    desk.look_for_missing_peppers()
    await desk.close()
    assert await alarms(database) == [("pepper-missing", "pepper lost", 1)]
