"""The register of members, as an operator works with it one member at a time; each deed is audited.

Nobody chooses or reads a password here. A changed phone is the way to take an account over, so it can't be used for a
re-issue for a while, unless a second person approves it, and it raises an alarm (SPEC §5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hotline.desk import InsuranceNumber
from hotline.desk.alarms import Sighting, raised
from hotline.desk.numbers import masked
from hotline.members import row as values
from hotline.members.errors import ChangeRefused, ImportUnderWay, MemberExists, NoSuchMember
from hotline.records import audit, members, phone_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from hotline.desk import Reason, Vault
    from hotline.members.row import MemberRow
    from hotline.records import Connection, Database
    from hotline.records.members import Member
    from hotline.records.phone_changes import PhoneChange

Field = Literal["phone", "full_name", "email", "personal_number"]

_CHECKS: dict[Field, Callable[[str], str]] = {
    "phone": values.phone,
    "full_name": values.full_name,
    "email": values.email,
    "personal_number": values.personal_number,
}


@dataclass(frozen=True)
class Shown:
    """A member as an operator sees them: enough to know them by, not enough to take down.

    Attributes:
        phone: masked.
        insurance_number: masked.
        personal_number: masked; None if not known.
        full_name: in full.
        email: masked; None if there is none.
        phone_held_until: until then the phone can't be used for a re-issue; None when it can.
        is_sample: an invented member.
    """

    phone: str
    insurance_number: str
    personal_number: str | None
    full_name: str
    email: str | None
    phone_held_until: datetime | None
    is_sample: bool


class Register:
    """The members. Any number of operators may work beside each other and beside the service.

    Args:
        database: where they are.
        vault: for the keyed hash of a number in an alarm.
        hold: how long a changed phone can't be used for a re-issue.
    """

    def __init__(self, database: Database, vault: Vault, hold: timedelta) -> None:
        self._database = database
        self._vault = vault
        self._hold = hold

    async def with_phone(self, phone: str) -> Sequence[Shown]:
        """Return the members with this phone; several may share one, as children do a parent's.

        Raises:
            RowMalformed: it is no phone number.
            RecordsUnavailable: the database is away.
        """
        async with self._database.transaction() as connection:
            return [_shown(member) for member in await members.with_phone(connection, values.phone(phone))]

    async def with_number(self, number: str) -> Shown:
        """Return the member with this insurance or personal number.

        Raises:
            NumberMalformed: it is no such number.
            NoSuchMember: nobody has it.
            RecordsUnavailable: the database is away.
        """
        async with self._database.transaction() as connection:
            return _shown(await self._member(connection, number))

    async def add(self, member: MemberRow, reason: Reason) -> None:
        """Add a member.

        Raises:
            MemberExists: somebody has one of these numbers.
            ImportUnderWay: members are being imported.
            RecordsUnavailable: the database is away; whether it is done is not known.
        """
        async with self._database.transaction() as connection:
            await self._lock(connection)
            for number in (member.insurance_number, member.personal_number):
                if number and await members.with_number(connection, number):
                    raise MemberExists("there is a member with this insurance or personal number")
            member_id = await members.add(connection, member)
            await self._note(connection, "member-added", member_id, reason)

    async def change(self, number: str, field: Field, value: str | None, reason: Reason) -> Shown:
        """Give the member with insurance or personal `number` another `value`; None takes an e-mail away.

        Raises:
            NumberMalformed, NoSuchMember: nobody has this number.
            RowMalformed: the value is not as it must be.
            ChangeRefused: the member has this value, or it can't be taken away.
            MemberExists: somebody else has this personal number.
            ImportUnderWay: members are being imported.
            RecordsUnavailable: the database is away; whether it is done is not known.
        """
        if value is None and field != "email":
            raise ChangeRefused(f"a member can't be without {field}")
        new = None if value is None else _CHECKS[field](value)
        alarm = None
        async with self._database.transaction() as connection:
            await self._lock(connection)
            member = await self._member(connection, number)
            if getattr(member, field) == new:
                raise ChangeRefused(f"the member has this {field} already")
            if field == "personal_number" and new and await members.with_number(connection, new):
                raise MemberExists("somebody else has this personal number")
            await members.change(connection, member.id, field, new)
            if field == "phone" and new:
                await phone_changes.add(
                    connection, member.id, old=masked(member.phone), new=masked(new), hold=self._hold,
                    by=reason.by, person=reason.person, known=not reason.doubt, why=reason.why,
                )  # fmt: skip
                subject = self._vault.trace(member.insurance_number)
                seen = Sighting("phones-changed", subject, 1, causer=reason.person)
                alarm = await raised(connection, seen)
            await self._note(connection, "member-changed", member.id, reason, fields=[field])
            changed = await self._member(connection, member.insurance_number)
        if alarm:
            alarm.tell()
        return _shown(changed)

    async def held(self) -> Sequence[PhoneChange]:
        """Return the phone changes that wait for a second person or for their time, oldest first.

        Raises:
            RecordsUnavailable: the database is away.
        """
        async with self._database.transaction() as connection:
            return await phone_changes.held(connection)

    async def approve(self, key: int, reason: Reason) -> None:
        """Let a changed phone be used at once. A later change of the same member's phone stays held.

        Raises:
            ChangeRefused: there is no such change, it is not held any more, or the approver is not known to be a second
                person.
            ImportUnderWay: members are being imported.
            RecordsUnavailable: the database is away; whether it is done is not known.
        """
        async with self._database.transaction() as connection:
            await self._lock(connection)
            change = await phone_changes.locked(connection, key)
            if change is None:
                raise ChangeRefused(f"no phone change {key} is held")
            if reason.doubt:
                raise ChangeRefused(f"a second person must approve it, and {reason.doubt}")
            if not change.changer_known:
                raise ChangeRefused(
                    f"{change.changer}, who changed it, may be anybody, so nobody is known to be a second person: "
                    "it waits for its time"
                )
            if change.changer == reason.person:
                raise ChangeRefused("whoever changed a phone can't approve it: a second person must")
            await phone_changes.approve(connection, change, by=reason.by, person=reason.person)
            await self._note(connection, "phone-approved", change.member_id, reason, change=key)

    @staticmethod
    async def _member(connection: Connection, number: str) -> Member:
        member = await members.with_number(connection, InsuranceNumber.parse(number.strip()).digits)
        if member is None:
            raise NoSuchMember("no member has this insurance or personal number")
        return member

    async def _lock(self, connection: Connection) -> None:
        if not await members.lock(connection):
            raise ImportUnderWay("members are being imported or changed just now: try again when that is done")

    @staticmethod
    async def _note(
        connection: Connection, action: audit.Action, member_id: int, reason: Reason, **detail: object
    ) -> None:
        await audit.add(
            connection,
            action,
            actor="operator",
            member_id=member_id,
            detail={**detail, "by": reason.by, "why": reason.why},
        )


def _shown(member: Member) -> Shown:
    return Shown(
        phone=masked(member.phone),
        insurance_number=masked(member.insurance_number),
        personal_number=masked(member.personal_number) if member.personal_number else None,
        full_name=member.full_name,
        email=_masked_email(member.email) if member.email else None,
        phone_held_until=member.phone_held_until,
        is_sample=member.is_sample,
    )


def _masked_email(address: str) -> str:
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"
