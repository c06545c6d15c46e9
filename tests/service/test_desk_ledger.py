"""The ledger of calls and the sample members."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from hotline.desk import CallerNumber, CallRecord, Ledger, SampleMalformed, SecretDigits, SignIn, load_sample
from hotline.desk import ledger as keeping
from hotline.records import Database
from hotline.settings import DatabaseSettings

START = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)


async def rows(database, query):
    """Ask the database itself."""
    async with database.transaction() as connection:
        return [tuple(row.values()) for row in await connection.fetch(query)]


async def test_a_call_is_written_at_its_start_and_at_its_end(database, vault):
    """The second writing completes the first: minutes, price, steps and outcome, with the caller masked."""
    ledger = Ledger(database, vault, price_per_minute=1000)
    call = CallRecord("call-1", START, caller=CallerNumber("+84912345678"))
    await ledger.write(call)
    assert await rows(database, "SELECT ended_at, billed_minutes FROM calls") == [(None, 0)]
    await ledger.write(
        CallRecord(
            "call-1",
            START,
            answered_at=START + timedelta(seconds=5),
            ended_at=START + timedelta(seconds=66),
            outcome="reissued",
            steps=[("door", 0.0), ("answer", 5.0)],
            caller=call.caller,
        )
    )
    query = "SELECT outcome, billed_minutes, price, caller_masked, steps FROM calls"
    ((*plain, steps),) = await rows(database, query)
    assert plain == ["reissued", 2, 2000, "*******678"]
    assert json.loads(steps) == [["door", 0.0], ["answer", 5.0]]


def ended(call, outcome="reissued"):
    """The record of the end of a call of a minute."""
    return CallRecord(call.id, call.started_at, ended_at=call.started_at + timedelta(minutes=1), outcome=outcome)


@pytest.fixture
async def patient(wire, vault):
    """A ledger whose database is at the end of a wire, and that tries again soon."""
    async with Database(DatabaseSettings(dsn=SecretStr(wire.dsn))) as database:
        yield Ledger(database, vault, price_per_minute=1000)


async def test_what_is_noted_is_written_soon(database, vault):
    """Nobody waits for it, and closing does."""
    ledger = Ledger(database, vault, price_per_minute=1000)
    calls = [CallRecord(f"call-{number}", START) for number in range(250)]
    for call in calls:
        ledger.note(call)
    for call in calls[:200]:
        ledger.note(ended(call))
    await ledger.close()
    query = "SELECT outcome, count(*) FROM calls GROUP BY 1 ORDER BY 1"
    assert await rows(database, query) == [("reissued", 200), (None, 50)]


async def test_the_end_of_a_call_is_never_overwritten_by_its_beginning(database, vault):
    """However close they come one after the other."""
    ledger = Ledger(database, vault, price_per_minute=1000)
    for number in range(20):
        call = CallRecord(f"call-{number}", START)
        ledger.note(call)
        await asyncio.sleep(0.0005 * number)
        ledger.note(ended(call))
    await ledger.close()
    assert await rows(database, "SELECT DISTINCT outcome FROM calls") == [("reissued",)]


@pytest.mark.parametrize("failure", ["cut", "silent"])
async def test_what_an_outage_keeps_back_is_written_when_it_is_over(wire, patient, database, failure, monkeypatch):
    """Every call of it, once."""
    monkeypatch.setattr(keeping, "RETRY_SECONDS", 0.05)
    call = CallRecord("call-1", START)
    patient.note(call)
    await patient.close()
    if failure == "cut":
        await wire.cut()
    else:
        wire.fall_silent()
    patient.note(ended(call))
    patient.note(CallRecord("call-2", START))
    await asyncio.sleep(0.2)
    assert await rows(database, "SELECT id, outcome FROM calls") == [("call-1", None)]
    await wire.mend()
    async with asyncio.timeout(10):
        while await rows(database, "SELECT id, outcome FROM calls ORDER BY id") != [
            ("call-1", "reissued"),
            ("call-2", None),
        ]:
            await asyncio.sleep(0.05)
    await patient.close()


async def test_a_long_outage_keeps_no_more_than_it_may(wire, patient, database, monkeypatch):
    """The oldest go first, each with a line in the log; a call that is noted again keeps one place."""
    monkeypatch.setattr(keeping, "MOST_KEPT", 3)
    await wire.cut()
    with capture_logs() as logs:
        for number in range(5):
            patient.note(CallRecord(f"call-{number}", START))
            patient.note(ended(CallRecord(f"call-{number}", START)))
    lost = [entry["call"] for entry in logs if entry["event"] == "call_not_recorded"]
    assert lost == ["call-0", "call-1"]
    await wire.mend()
    await patient.close()
    assert await rows(database, "SELECT id FROM calls ORDER BY id") == [("call-2",), ("call-3",), ("call-4",)]


async def test_closing_does_not_wait_for_a_database_that_stays_away(wire, patient, monkeypatch):
    """It gives up in its time, says how many are lost, and leaves no task."""
    monkeypatch.setattr(keeping, "CLOSING_SECONDS", 0.2)
    await wire.cut()
    patient.note(CallRecord("call-1", START))
    with capture_logs() as logs:
        await patient.close()
    assert [(entry["event"], entry["calls"]) for entry in logs if entry["log_level"] == "error"] == [
        ("calls_not_recorded", 1)
    ]
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "ledger"]


async def test_a_call_without_a_caller_is_written(database, vault):
    """Who was turned away at the door has no number in the ledger."""
    await Ledger(database, vault, price_per_minute=1000).write(CallRecord("call-1", START, ended_at=START))
    assert await rows(database, "SELECT caller_masked, price FROM calls") == [(None, 0)]


async def test_every_sample_member_signs_in_with_the_password_given(desk, database):
    """The samples are flagged, two share a phone, numbers begin with zeros, and the old password is theirs."""
    members = await rows(database, "SELECT insurance_number, phone, is_sample FROM members")
    assert len(members) == 10
    assert all(is_sample for _, _, is_sample in members)
    assert [phone for _, phone, _ in members].count("+84912345678") == 2
    assert sum(number.startswith("0") for number, _, _ in members) >= 3
    for number, _, _ in members[:3]:
        assert await desk.sign_in(number, "87654321") is SignIn.OK


async def test_samples_loaded_again_begin_afresh(desk, database, vault):
    """They have the new password and no other; members who are no samples are left alone."""
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO members (phone, insurance_number, full_name) VALUES ('+84900000000', '5555555555', 'A')"
        )
    assert await load_sample(database, vault, SecretDigits("11111111")) == 10
    assert await desk.sign_in("0123456789", "11111111") is SignIn.OK
    assert await desk.sign_in("0123456789", "87654321") is SignIn.REFUSED
    assert await rows(database, "SELECT count(*) FROM members WHERE NOT is_sample") == [(1,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phone,insurance_number,personal_number,full_name,email\n0912345678,012345678,,A,\n", r"csv:2: .*10 or 12"),
        ("phone,insurance_number,personal_number,full_name,email\n12,0123456789,,A,\n", r"csv:2: .*phone"),
        ("phone,number\n0912345678,0123456789\n", r"csv:1: no column 'insurance_number'"),
    ],
)
async def test_a_bad_sample_row_is_named_by_its_line(database, vault, tmp_path, text, message):
    """File, line and reason; nothing is added."""
    (tmp_path / "sample.csv").write_text(text)
    with pytest.raises(SampleMalformed, match=message):
        await load_sample(database, vault, SecretDigits("1"), tmp_path / "sample.csv")
