"""What operators may do: see where somebody stands, lift failures, acknowledge alarms, count peppers.

They see masked numbers only, and each deed is in the audit trail with who and why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hotline.desk.errors import AlarmAcknowledged, NoSuchAlarm, NothingToLift, ReasonUnfit, SecondPersonNeeded
from hotline.desk.limits import READING
from hotline.desk.numbers import InsuranceNumber, vietnamese_e164
from hotline.records import alarms, attempts, audit, hashes, lifts, members, passwords, retention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hotline.desk.vault import Vault
    from hotline.records import Connection, Database
    from hotline.records.alarms import Alarm
    from hotline.records.attempts import Trace
    from hotline.records.lifts import Lift, Subject
    from hotline.records.passwords import Issued

NO_CALL = ""
"""No call has this id."""
NOBODY = 0

LONGEST = 200
"""Characters of a name or reason."""
_NUMBER = re.compile(r"(?:[0-9][\s.\-]?){9,}")
"""As long as a phone number without its zero, and longer than a date."""


@dataclass(frozen=True)
class Reason:
    """Who does something, and why, as the audit trail will say.

    Attributes:
        by: the name to be written down.
        why: what for.
        user: the machine's user behind the name, by whom two persons are told apart; `by` if it is not known.
        doubt: why that user may be more than one person, and what to do; empty if it is one.

    Raises:
        ReasonUnfit: one is empty, longer than 200 characters, or has a number of nine digits or more in it.
    """

    by: str
    why: str
    user: str = ""
    doubt: str = ""

    @property
    def person(self) -> str:
        """Who it is, whatever name they give."""
        return self.user or self.by

    def __post_init__(self) -> None:
        for name, text in (("--by", self.by), ("--why", self.why)):
            if not text.strip():
                raise ReasonUnfit(f"{name} must say something")
            if len(text) > LONGEST or not text.isprintable():
                raise ReasonUnfit(f"{name} must be one line of at most {LONGEST} characters")
            if _NUMBER.search(text):
                raise ReasonUnfit(f"{name} has a number in it; numbers are not written down, so tell it without")


@dataclass(frozen=True)
class Standing:
    """What counts for or against a caller or an insurance number now.

    Attributes:
        masked: the number.
        failures_hour: failed checks of the last hour; None for an insurance number, which has no such limit.
        failures_day: failed checks of the last 24 hours.
        others: the different insurance numbers that the caller failed with, or callers with the number.
        issued: what its account was issued in the last 24 hours; None without one.
        lift: the last lift of its failures, before which none counts.
    """

    masked: str
    failures_hour: int | None
    failures_day: int
    others: int
    issued: Issued | None
    lift: Lift | None


@dataclass(frozen=True)
class PepperUse:
    """What a pepper is needed for.

    Attributes:
        key_id: its name.
        standing: "missing" when passwords in force need it and nobody has it: their owners can't sign in.
        passwords: how many of those in force it hashed.
    """

    key_id: str
    standing: Literal["current", "former", "missing"]
    passwords: int


class OperatorDesk:
    """The desk as operators have it. Any number of them may work beside each other and beside the service."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def standing(self, subject: Subject, number: str) -> Standing:
        """Tell what counts for a caller's phone number or an insurance number (ten or twelve digits).

        Raises:
            NumberMalformed: it is not one.
            RecordsUnavailable: the database is away.
        """
        async with self._database.transaction() as connection:
            trace, member_id = await self._trace(connection, subject, number)
            return await _standing(connection, subject, trace, member_id)

    async def lift(self, subject: Subject, number: str, reason: Reason) -> Standing:
        """Let the failed checks counted so far count no more; return what counted. No attempt is deleted.

        Raises:
            NumberMalformed: it is no such number.
            NothingToLift: no failed check of it counts.
            RecordsUnavailable: the database is away; whether they are lifted is not known.
        """
        async with self._database.transaction() as connection:
            trace, member_id = await self._trace(connection, subject, number)
            # A check at this moment comes either before, and is lifted, or after, and counts.
            await attempts.lock(connection, trace)
            before = await _standing(connection, subject, trace, member_id)
            if not before.failures_day:
                raise NothingToLift(f"no failed check of {trace.masked} counts: there is nothing to lift")
            await lifts.add(connection, subject, trace, by=reason.by, why=reason.why)
            await audit.add(
                connection,
                "limit-lifted",
                actor="operator",
                member_id=member_id or None,
                detail={
                    "subject": subject,
                    "masked": trace.masked,
                    "failures": before.failures_day,
                    "by": reason.by,
                    "why": reason.why,
                },
            )
            return before

    async def alarms(self, *, acknowledged: bool = False) -> Sequence[Alarm]:
        """Return the alarms that nobody acknowledged, or all of them, newest first.

        Raises:
            RecordsUnavailable: the database is away.
        """
        async with self._database.transaction() as connection:
            return await alarms.listed(connection, acknowledged=acknowledged)

    async def acknowledge(self, key: int, reason: Reason) -> None:
        """Note that somebody has seen an alarm.

        Raises:
            NoSuchAlarm: no alarm has this number.
            AlarmAcknowledged: somebody did before.
            SecondPersonNeeded: it is about what somebody did, and this is not known to be somebody else.
            RecordsUnavailable: the database is away; whether it is noted is not known.
        """
        async with self._database.transaction() as connection:
            alarm = await alarms.find(connection, key)
            if alarm is None:
                raise NoSuchAlarm(f"there is no alarm {key}")
            if alarm.acknowledged_at is not None:
                when = f"{alarm.acknowledged_at.astimezone(retention.VIETNAM):%Y-%m-%d %H:%M} in Vietnam"
                raise AlarmAcknowledged(f"{alarm.acknowledged_by} acknowledged alarm {key} on {when}")
            if alarm.causers and reason.doubt:
                raise SecondPersonNeeded(f"a second person must acknowledge alarm {key}, and {reason.doubt}")
            if reason.person in alarm.causers:
                raise SecondPersonNeeded(f"alarm {key} is about what you did: a second person must acknowledge it")
            await alarms.acknowledge(connection, key, by=reason.by, person=reason.person, why=reason.why)
            await audit.add(
                connection,
                "alarm-acknowledged",
                actor="operator",
                detail={"alarm": key, "kind": alarm.kind, "by": reason.by, "why": reason.why},
            )

    async def peppers(self) -> Sequence[PepperUse]:
        """Return the peppers that are there and those that passwords in force need, by name.

        Raises:
            RecordsUnavailable: the database is away.
        """
        async with self._database.transaction() as connection:
            counts = await hashes.by_pepper(connection)
        return [self._use(key_id, counts.get(key_id, 0)) for key_id in sorted({*counts, *self._vault.key_ids})]

    def _use(self, key_id: str, passwords: int) -> PepperUse:
        if key_id == self._vault.key_id:
            return PepperUse(key_id, "current", passwords)
        return PepperUse(key_id, "former" if key_id in self._vault.key_ids else "missing", passwords)

    async def _trace(self, connection: Connection, subject: Subject, number: str) -> tuple[Trace, int]:
        """Return a number as it is counted, and the key of its account."""
        if subject == "caller":
            return self._vault.trace(vietnamese_e164(number)), NOBODY
        digits = InsuranceNumber.parse(number).digits
        account = await members.find(connection, digits, phone="", sample_only=False)
        if account is None:
            return self._vault.trace(digits), NOBODY
        return self._vault.trace(account.insurance_number), account.member_id


async def _standing(connection: Connection, subject: Subject, trace: Trace, member_id: int) -> Standing:
    lift = await lifts.last(connection, subject, trace)
    if subject == "caller":
        failures = await attempts.failures_of_caller(connection, trace)
        numbers = await attempts.numbers_failed_by(connection, trace)
        return Standing(trace.masked, failures.hour, failures.day, numbers, None, lift)
    return Standing(
        trace.masked,
        None,
        await attempts.failures_of_number(connection, trace),
        await attempts.callers_failed_with(connection, trace),
        await passwords.issued(connection, member_id, NO_CALL, reading=READING) if member_id else None,
        lift,
    )
