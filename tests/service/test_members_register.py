"""The register of members, one at a time, on a real Postgres."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from hotline.desk import CallerNumber, InsuranceNumber, NumberMalformed, OperatorDesk, Reason, SecondPersonNeeded
from hotline.members import (
    ChangeRefused,
    ImportUnderWay,
    MemberExists,
    MemberRow,
    NoSuchMember,
    Register,
    RowMalformed,
)
from hotline.records import Database
from hotline.records.staging import WRITERS
from hotline.settings import DatabaseSettings

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


ROOT = Reason("lan (as root)", "saw the form", "root", doubt="root may be anybody: log in as yourself")


async def test_nobody_approves_who_may_be_anybody(register, desk):
    """Root or a service may be whoever changed the phone, and is told what to do."""
    await register.add(SOMEBODY, LAN)
    await register.change("1000000001", "phone", "0976543210", LAN)
    with pytest.raises(ChangeRefused, match="a second person must approve it, and root may be anybody: log in"):
        await register.approve(1, ROOT)
    assert not await matches(desk, NEW)


async def test_what_somebody_unknown_changed_waits_for_its_time(register, desk):
    """A change by root may be that of whoever would approve it, so nobody can."""
    await register.add(SOMEBODY, LAN)
    await register.change("1000000001", "phone", "0976543210", ROOT)
    with pytest.raises(ChangeRefused, match="root, who changed it, may be anybody"):
        await register.approve(1, MINH)
    assert not await matches(desk, NEW)


APPROVED = "UPDATE phone_changes SET approved_at = now(), approved_by = 'x', approver = $1"


async def test_postgres_itself_wants_a_second_person(register, sql):
    """Whatever the program: not the same person, not of an unknown one's change, not twice; nothing else is changed."""
    await register.add(SOMEBODY, LAN)
    await register.change("1000000001", "phone", "0976543210", ROOT)
    with pytest.raises(asyncpg.CheckViolationError, match="a second person"):
        await sql.execute(APPROVED, "minh")
    await sql.execute("DELETE FROM phone_changes")
    await register.change("1000000001", "phone", "0976543211", LAN)
    with pytest.raises(asyncpg.CheckViolationError, match="a second person"):
        await sql.execute(APPROVED, "lan")
    for column in ("changer = 'x'", "changer_known = false", "changer_login = 'x'", "held_until = now()", "why = 'x'"):
        with pytest.raises(asyncpg.CheckViolationError, match="nothing else of it changes"):
            await sql.execute(f"UPDATE phone_changes SET {column}")
    await sql.execute(APPROVED, "minh")
    with pytest.raises(asyncpg.CheckViolationError, match="approved once"):
        await sql.execute(APPROVED, "hoa")


async def test_no_change_comes_approved(register, sql):
    """Who adds a change has not approved it, whatever they say."""
    await register.add(SOMEBODY, LAN)
    await sql.execute(
        """
        INSERT INTO phone_changes (member_id, old_masked, new_masked, held_until, changed_by, changer, why,
                                   changer_login, approved_at, approved_by, approver)
        SELECT max(id), 'x', 'x', now(), 'lan', 'lan', 'x', 'minh', now(), 'minh', 'minh' FROM members
        """
    )
    assert tuple(await sql.fetchrow("SELECT changer_login, approver FROM phone_changes")) == ("postgres", None)


@pytest.fixture
async def personal_logins(dsn, sql):
    """Two operators' own logins of Postgres, as addresses."""
    names = [f"{name}_{uuid4().hex}" for name in ("lan", "minh")]
    for name in names:
        await sql.execute(f"CREATE ROLE {name} LOGIN IN ROLE hotline_operator, hotline_person")
    yield [dsn.replace("postgres@", f"{name}@") for name in names]
    for name in names:
        await sql.execute(f"DROP ROLE {name}")


async def test_two_users_of_the_machine_with_one_own_login_are_one_person(personal_logins, vault, sql):
    """Where operators have logins of Postgres of their own, two persons have two of them."""
    deeds = []
    for dsn in personal_logins:
        async with Database(DatabaseSettings(dsn=SecretStr(dsn))) as database:
            register = Register(database, vault, timedelta(hours=72))
            if not deeds:
                await register.add(SOMEBODY, LAN)
                await register.change("1000000001", "phone", "0976543210", LAN)
                with pytest.raises(asyncpg.CheckViolationError, match="a second person"):
                    await register.approve(1, MINH)
            else:
                await register.approve(1, MINH)
            deeds.append(urlsplit(dsn).username)
    row = await sql.fetchrow("SELECT changer, changer_login, approver, approver_login FROM phone_changes")
    assert tuple(row) == ("lan", deeds[0], "minh", deeds[1])


async def test_an_acknowledged_alarm_silences_nothing(register, database, vault):
    """A second change of a phone, after the first one's alarm was acknowledged, is an alarm of its own."""
    operators = OperatorDesk(database, vault)
    await register.add(SOMEBODY, LAN)
    await register.change("1000000001", "phone", "0976543210", LAN)
    (first,) = await operators.alarms()
    await operators.acknowledge(first.id, MINH)
    with capture_logs() as logs:
        await register.change("1000000001", "phone", "0976543211", MINH)
        await register.change("1000000001", "phone", "0976543212", LAN)
    (second,) = await operators.alarms()
    assert (second.id > first.id, second.causers) == (True, ["minh", "lan"])
    assert [entry["alarm"] for entry in logs if entry["event"] == "alarm"] == [second.id]


async def test_nobody_acknowledges_the_alarm_of_their_own_deed(register, database, vault, sql):
    """Who changed a phone can't take its alarm off the list, nor can root, nor another program."""
    operators = OperatorDesk(database, vault)
    await register.add(SOMEBODY, LAN)
    await register.change("1000000001", "phone", "0976543210", LAN)
    with pytest.raises(SecondPersonNeeded, match="alarm 1 is about what you did: a second person must"):
        await operators.acknowledge(1, LAN)
    with pytest.raises(SecondPersonNeeded, match="and root may be anybody: log in"):
        await operators.acknowledge(1, ROOT)
    for acknowledger in ("'lan'", "NULL"):
        with pytest.raises(asyncpg.CheckViolationError):
            await sql.execute(
                "UPDATE alarms SET acknowledged_at = now(), acknowledged_by = 'x', acknowledged_why = 'x', "
                f"acknowledger = {acknowledger}"
            )
    await operators.acknowledge(1, MINH)
    assert await operators.alarms() == []


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
