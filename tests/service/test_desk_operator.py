"""What operators do: see where somebody stands, lift failures, acknowledge alarms; all of it audited."""

from __future__ import annotations

import asyncio
import json

import pytest

from hotline.desk import (
    AlarmAcknowledged,
    CallerNumber,
    InsuranceNumber,
    NoSuchAlarm,
    NothingToLift,
    NumberMalformed,
    OperatorDesk,
    Reason,
    ReasonUnfit,
    TooManyFailures,
)

PARENT = CallerNumber("+84912345678")
STRANGER = CallerNumber("+84977777777")
NUMBER = "0123456789"
PERSONAL = "001085012345"
REASON = Reason("lan", "she showed her card at the office")


@pytest.fixture
def operators(database, vault):
    """The operators' desk."""
    return OperatorDesk(database, vault)


async def check(desk, caller=STRANGER, number=NUMBER, call="call-1"):
    """Look up and settle at once."""
    return await desk.settle(await desk.look_up(caller, InsuranceNumber.parse(number)), call)


async def rows(database, query):
    """Ask the database itself."""
    async with database.transaction() as connection:
        return [tuple(row.values()) for row in await connection.fetch(query)]


async def test_a_caller_is_unlocked_and_begins_afresh(desk, operators, database):
    """After the lift there are six tries again; the attempts are all still there, and the trail has who and why."""
    for n in range(6):
        await check(desk, number=f"999999999{n}")
    with pytest.raises(TooManyFailures):
        await desk.admit(STRANGER)
    before = await operators.lift("caller", "0977777777", REASON)
    assert (before.failures_hour, before.failures_day, before.others) == (6, 6, 6)
    for _ in range(6):
        await desk.admit(STRANGER)
        assert await check(desk) is None
    with pytest.raises(TooManyFailures):
        await desk.admit(STRANGER)
    assert await rows(database, "SELECT count(*) FROM attempts") == [(12,)]
    ((*plain, detail),) = await rows(database, "SELECT actor, action, member_id, detail FROM audit")
    assert plain == ["operator", "limit-lifted", None]
    assert json.loads(detail) == {
        "subject": "caller",
        "masked": "*******777",
        "failures": 6,
        "by": "lan",
        "why": "she showed her card at the office",
    }
    assert (await operators.standing("caller", "+84977777777")).lift.by == "lan"


async def test_a_number_is_unlocked_by_either_of_an_account_s_numbers(desk, operators, database):
    """Its owner gets a password at once; another number's failures stay."""
    async with database.transaction() as connection:
        trace = operators._vault.trace(NUMBER)
        await connection.execute(
            """
            INSERT INTO attempts (call_id, caller_masked, caller_hmac, number_masked, number_hmac, outcome)
            SELECT 'call-' || n, '', sha256(n::text::bytea), $1, $2, 'mismatched' FROM generate_series(1, 100) AS n
            """,
            trace.masked,
            trace.hmac,
        )
    await check(desk, number="9999999999")
    assert await check(desk, PARENT) is None
    standing = await operators.standing("number", PERSONAL)
    assert (standing.masked, standing.failures_day, standing.others) == ("*******789", 100, 100)
    assert (standing.issued.active, standing.issued.begun) == (0, 0)
    await operators.lift("number", PERSONAL, REASON)
    assert await check(desk, PARENT) is not None
    standing = await operators.standing("number", NUMBER)
    assert (standing.failures_day, standing.issued.begun) == (0, 1)
    assert (await operators.standing("number", "9999999999")).failures_day == 1
    ((member,),) = await rows(database, f"SELECT id FROM members WHERE insurance_number = '{NUMBER}'")
    query = "SELECT member_id FROM audit WHERE action = 'limit-lifted'"
    assert await rows(database, query) == [(member,)]


async def test_a_lift_of_a_caller_leaves_the_numbers_they_tried(desk, operators):
    """Who is unlocked as a caller has not unlocked a number, nor the other way."""
    await check(desk)
    await operators.lift("caller", STRANGER.e164, REASON)
    assert (await operators.standing("number", NUMBER)).failures_day == 1
    await check(desk)
    await operators.lift("number", NUMBER, REASON)
    assert (await operators.standing("caller", STRANGER.e164)).failures_day == 1


async def test_checks_at_the_moment_of_a_lift_come_before_or_after_it(desk, operators, database):
    """However they meet, each failure was either lifted or counts: together they are all."""
    await check(desk)
    lifts = [operators.lift("number", NUMBER, REASON) for _ in range(3)]
    tries = [check(desk, CallerNumber(f"+8497777770{n}"), call=f"call-{n}") for n in range(9)]
    came = await asyncio.gather(*tries, *lifts, return_exceptions=True)
    lifted = sum(0 if isinstance(result, NothingToLift) else result.failures_day for result in came[9:])
    assert came[:9] == [None] * 9
    assert lifted + (await operators.standing("number", NUMBER)).failures_day == 10


@pytest.mark.parametrize(
    ("subject", "number", "message"),
    [
        ("caller", "0977", "8 to 15 digits"),
        ("caller", "+15551234567", "another country"),
        ("caller", "", "8 to 15 digits"),
        ("number", "12345", "10 or 12 digits"),
        ("number", "0977777777x", "10 or 12 digits"),
    ],
)
async def test_a_malformed_number_is_told_without_repeating_it(operators, subject, number, message):
    """The message says what a number looks like, not what was typed."""
    for work in (operators.standing(subject, number), operators.lift(subject, number, REASON)):
        with pytest.raises(NumberMalformed, match=message) as caught:
            await work
        assert not number or number not in str(caught.value)


async def test_there_is_nothing_to_lift_where_nothing_counts(desk, operators, database):
    """An unknown number, one that never failed, and one just lifted leave no trace in the trail."""
    await check(desk)
    await operators.lift("number", NUMBER, REASON)
    for subject, number in (("number", "9999999998"), ("number", NUMBER), ("caller", PARENT.e164)):
        with pytest.raises(NothingToLift) as caught:
            await operators.lift(subject, number, REASON)
        assert number not in str(caught.value)
    assert await rows(database, "SELECT count(*) FROM audit") == [(1,)]


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("", "x"),
        ("lan", " "),
        ("lan", "x" * 201),
        ("lan", "a\nb"),
        ("lan", "rang from 0912 345 678"),
        ("0123456789", "x"),
    ],
)
def test_a_reason_says_something_and_has_no_number(by, why):
    """Neither who nor why may be empty, long, of two lines, or smuggle a number into the trail."""
    with pytest.raises(ReasonUnfit) as caught:
        Reason(by, why)
    assert "345" not in str(caught.value)


async def test_an_alarm_is_acknowledged_once(desk, operators, database):
    """It leaves the list and stays in the records, with who and why, there and in the trail."""
    for n in range(4):
        await check(desk, CallerNumber(f"+8497777777{n}"))
    await desk.close()
    (alarm,) = await operators.alarms()
    assert (alarm.kind, alarm.subject, alarm.count, alarm.acknowledged_at) == (
        "number-tried-by-many",
        "*******789",
        4,
        None,
    )
    await operators.acknowledge(alarm.id, REASON)
    assert await operators.alarms() == []
    (alarm,) = await operators.alarms(acknowledged=True)
    assert (alarm.acknowledged_by, alarm.acknowledged_why) == (REASON.by, REASON.why)
    with pytest.raises(AlarmAcknowledged, match="lan acknowledged alarm 1 on "):
        await operators.acknowledge(alarm.id, Reason("minh", "me too"))
    with pytest.raises(NoSuchAlarm, match="there is no alarm 77"):
        await operators.acknowledge(77, REASON)
    ((detail,),) = await rows(database, "SELECT detail FROM audit WHERE action = 'alarm-acknowledged'")
    assert json.loads(detail) == {
        "alarm": alarm.id,
        "kind": "number-tried-by-many",
        "by": "lan",
        "why": "she showed her card at the office",
    }
