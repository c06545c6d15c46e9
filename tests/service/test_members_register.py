"""The register of members, one at a time, on a real Postgres."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from hotline.desk import CallerNumber, InsuranceNumber, NumberMalformed, Reason
from hotline.members import (
    ChangeRefused,
    ImportUnderWay,
    MemberExists,
    MemberRow,
    NoSuchMember,
    Register,
    RowMalformed,
)
from hotline.records.staging import WRITERS

LAN, MINH = Reason("lan", "asked at the counter"), Reason("minh", "saw the form")
SOMEBODY = MemberRow("+84987000001", "1000000001", "100000000001", "Trần Thị Một", "mot@example.com")
OLD, NEW = CallerNumber("+84987000001"), CallerNumber("+84976543210")


@pytest.fixture
def register(database, vault):
    """A register whose changed phones are held for three days."""
    return Register(database, vault, timedelta(hours=72))


@pytest.fixture
async def sql(dsn):
    """A connection of the test's own."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def test_a_member_is_found_by_each_number_and_shown_masked(register):
    """Phone, insurance and personal number lead to the member; no number is shown in whole."""
    await register.add(SOMEBODY, LAN)
    shown = await register.with_number("1000000001")
    assert shown == await register.with_number("100000000001")
    assert [shown] == await register.with_phone("0987000001")
    assert (shown.phone, shown.insurance_number, shown.personal_number) == ("*******001", "*******001", "*******001")
    assert (shown.full_name, shown.email, shown.phone_held_until) == ("Trần Thị Một", "m***@example.com", None)


async def test_nobody_is_added_twice(register):
    """Somebody with the same insurance or personal number is refused."""
    await register.add(SOMEBODY, LAN)
    with pytest.raises(MemberExists):
        await register.add(SOMEBODY, LAN)
    with pytest.raises(MemberExists):
        await register.add(SOMEBODY._replace(insurance_number="1000000002"), LAN)


async def test_unknown_and_malformed_numbers_are_told_apart(register):
    """A number nobody has is one answer, what is no number another."""
    with pytest.raises(NoSuchMember):
        await register.with_number("1999999999")
    with pytest.raises(NumberMalformed):
        await register.with_number("12")
    with pytest.raises(RowMalformed):
        await register.with_phone("12")


async def matches(desk, caller):
    """Whether the caller would get this member's password."""
    return (await desk.look_up(caller, InsuranceNumber("1000000001"))).matches


async def test_a_changed_phone_is_of_no_use_for_72_hours(register, desk, sql):
    """The new phone gets no password before its time, and the old one none at all (SPEC §5)."""
    await register.add(SOMEBODY, LAN)
    assert await matches(desk, OLD)
    shown = await register.change("1000000001", "phone", "0976543210", LAN)
    assert shown.phone == "*******210"
    assert shown.phone_held_until is not None
    assert not await matches(desk, OLD)
    assert not await matches(desk, NEW)
    await sql.execute("UPDATE members SET phone_held_until = phone_held_until - interval '71 hours 59 minutes'")
    assert not await matches(desk, NEW)
    await sql.execute("UPDATE members SET phone_held_until = phone_held_until - interval '2 minutes'")
    assert await matches(desk, NEW)


async def test_a_second_person_lets_a_changed_phone_be_used_at_once(register, desk, sql):
    """Whoever changed it can't approve it; somebody else can, once, and both are in the audit trail."""
    await register.add(SOMEBODY, LAN)
    await register.change("1000000001", "phone", "0976543210", LAN)
    (change,) = await register.held()
    assert (change.old, change.new, change.changed_by) == ("*******001", "*******210", "lan")
    with pytest.raises(ChangeRefused, match="a second person must"):
        await register.approve(change.id, LAN)
    assert not await matches(desk, NEW)
    await register.approve(change.id, MINH)
    assert await matches(desk, NEW)
    assert await register.held() == []
    with pytest.raises(ChangeRefused, match="no phone change"):
        await register.approve(change.id, MINH)
    trail = await sql.fetch("SELECT action, detail->>'by' AS by FROM audit WHERE actor = 'operator' ORDER BY id")
    assert [tuple(entry) for entry in trail] == [
        ("member-added", "lan"),
        ("member-changed", "lan"),
        ("phone-approved", "minh"),
    ]


async def test_an_approval_is_of_one_change_only(register, desk):
    """A phone changed once more after the change that is approved stays held, until that one is approved."""
    await register.add(SOMEBODY, LAN)
    await register.change("1000000001", "phone", "0976543210", LAN)
    await register.change("1000000001", "phone", "0976543211", LAN)
    first, second = await register.held()
    await register.approve(first.id, MINH)
    assert not await matches(desk, CallerNumber("+84976543211"))
    await register.approve(second.id, MINH)
    assert await matches(desk, CallerNumber("+84976543211"))


async def test_a_changed_phone_raises_an_alarm(register, sql):
    """Somebody is told of a phone that changed (SPEC §5)."""
    await register.add(SOMEBODY, LAN)
    await register.change("1000000001", "phone", "0976543210", LAN)
    (alarm,) = await sql.fetch("SELECT kind, subject_masked, count FROM alarms")
    assert tuple(alarm) == ("phones-changed", "*******001", 1)


async def test_other_values_change_at_once(register, sql):
    """Name, e-mail and personal number are changed, the e-mail taken away; no value is in the audit trail."""
    await register.add(SOMEBODY, LAN)
    assert (await register.change("1000000001", "full_name", "Trần Thị Mốt", LAN)).full_name == "Trần Thị Mốt"
    assert (await register.change("1000000001", "email", None, LAN)).email is None
    assert (await register.change("1000000001", "personal_number", "100000000002", LAN)).personal_number == "*******002"
    details = await sql.fetch("SELECT detail::text FROM audit WHERE action = 'member-changed'")
    assert len(details) == 3
    assert not any("Mốt" in detail[0] or "100000000002" in detail[0] for detail in details)


async def test_a_change_that_changes_nothing_is_refused(register):
    """The same value again, nothing for what must be there, and a number of somebody else are refused."""
    await register.add(SOMEBODY, LAN)
    with pytest.raises(ChangeRefused, match="already"):
        await register.change("1000000001", "phone", "+84987000001", LAN)
    with pytest.raises(ChangeRefused, match="can't be without"):
        await register.change("1000000001", "phone", None, LAN)
    with pytest.raises(MemberExists):
        await register.change("1000000001", "personal_number", "001085012345", LAN)
    with pytest.raises(NoSuchMember):
        await register.change("1999999999", "email", None, LAN)


async def test_nobody_changes_a_member_while_others_are_imported(register, sql):
    """A change waits for no import: who makes it is told to try again."""
    async with sql.transaction():
        await sql.execute("SELECT pg_advisory_xact_lock($1)", WRITERS)
        with pytest.raises(ImportUnderWay):
            await register.add(SOMEBODY, LAN)
