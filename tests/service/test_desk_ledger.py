"""The ledger of calls and the sample members."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from hotline.desk import CallerNumber, CallRecord, Ledger, SampleMalformed, SecretDigits, SignIn, load_sample

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
