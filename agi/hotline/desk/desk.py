"""The desk: who may have a new password, and who gets one."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from hotline.desk import limits as rules
from hotline.desk.alarms import ALL_CALLS, AlarmWatch
from hotline.desk.errors import AlreadyIssued, Overloaded, ReissuedTooOften, TooManyFailures
from hotline.desk.generator import PasswordGenerator
from hotline.desk.known_peppers import note_peppers
from hotline.desk.reissue import Reissue
from hotline.desk.secret import SecretDigits
from hotline.desk.sign_in import SignIn, change, sign_in
from hotline.records import alarms, attempts, audit, members, passwords

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from uuid import UUID

    from hotline.desk.caller import CallerNumber
    from hotline.desk.errors import MediaUnproven
    from hotline.desk.numbers import InsuranceNumber
    from hotline.desk.vault import Vault
    from hotline.records import Connection, Database
    from hotline.records.attempts import Outcome, Trace
    from hotline.settings import LimitSettings, PasswordSettings

CLOSING_SECONDS = 3.0
LOOK_SECONDS = 1.0
"""Seconds for who only looks how things are; a probe gives up soon after."""

LimitKind = Literal["caller-failures", "number-failures", "reissues", "hashes"]
"""Failures of a caller or of a number, passwords of an account, hashes at once."""

NOBODY = 0
"""No member has this key."""

FAILED: frozenset[Outcome] = frozenset({"mismatched", "silenced"})
"""What the caller takes for a mismatch."""


@dataclass(frozen=True, repr=False)
class Finding:
    """What a look-up found, ready to be settled; it tells nobody anything before. Dropping it leaves no trace.

    Attributes:
        id: by which it is settled once; the password, if it comes to that, has the same.
        unlimited: of the canary: how many passwords its account gets is not limited.
    """

    id: UUID
    caller: Trace
    number: Trace
    member_id: int
    matches: bool
    password: SecretDigits
    hashed: str
    unlimited: bool = False


class Desk:
    """Decides on re-issues and sign-ins. All of its state is in Postgres, so any number of processes may serve.

    Attributes:
        limits_hit: how often each limit turned somebody away, in this process.
    """

    def __init__(
        self, database: Database, vault: Vault, password_settings: PasswordSettings, limit_settings: LimitSettings
    ) -> None:
        self._database = database
        self._vault = vault
        self._limits = limit_settings
        self.limits_hit: Counter[LimitKind] = Counter()
        self._generator = PasswordGenerator(password_settings)
        self._valid = timedelta(hours=password_settings.valid_hours)
        self._first_use = timedelta(minutes=password_settings.sign_in_minutes)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._alarms = AlarmWatch(database, limit_settings)
        vault.on_missing_pepper = self._alarms.pepper_missing

    def look_for_missing_peppers(self) -> None:
        """Have an alarm raised, in the background, for each pepper that passwords in force need and nobody has."""
        self._alarms.look_for_missing_peppers(self._vault.key_ids)

    def line_unsafe(self, caller: CallerNumber, unproven: MediaUnproven) -> None:
        """Have an alarm raised, in the background, of a call whose media is not shown to be the carrier's.

        It is about the caller whose number the call bears; about all calls where no network is set, as then none of
        them is to blame.
        """
        self._alarms.line_unsafe(ALL_CALLS if unproven.reason == "unset" else self._vault.trace(caller.e164))

    def prompt_missing(self, prompt: str) -> None:
        """Have an alarm raised, in the background, of a prompt that can't be played any more."""
        self._alarms.prompt_missing(prompt)

    def menu_refused(self, number: int) -> None:
        """Have an alarm raised, in the background, of a published menu that this process can't use."""
        self._alarms.menu_refused(number)

    async def require_known_peppers(self) -> None:
        """Make sure that each pepper is the one that its name stood for before; see `note_peppers`."""
        await note_peppers(self._database, self._vault)

    async def open_alarms(self) -> Mapping[str, int]:
        """Return how many alarms of each kind nobody has acknowledged.

        Raises:
            RecordsUnavailable: the database does not answer within a second.
        """
        return await self._database.insist(alarms.open_by_kind, seconds=LOOK_SECONDS)

    async def close(self) -> None:
        """Wait, at most 3 s, for what became of passwords of callers who have hung up, and 1 s for alarms.

        Those that do not get done, because the database is away, leave passwords that become active when first used.
        """
        if self._under_way:
            _, left = await asyncio.wait(self._under_way, timeout=CLOSING_SECONDS)
            for task in left:
                task.cancel()
        await self._alarms.close()

    async def admit(self, caller: CallerNumber) -> None:
        """Let a caller in who did not fail too often; to be asked before the call is answered, so free of charge.

        Raises:
            TooManyFailures: not now.
            RecordsUnavailable: the database is away.
        """
        trace = self._vault.trace(caller.e164)
        failures = await self._database.insist(partial(attempts.failures_of_caller, caller=trace))
        with self._counted():
            rules.require_few_failures(failures, self._limits)

    async def look_up(self, caller: CallerNumber, number: InsuranceNumber) -> Finding:
        """Find out whether the pair matches, and do all the slow work of a re-issue, whether it does or not.

        Nothing is written or counted, so a look-up of a number not yet keyed to its end may be thrown away.

        Raises:
            Overloaded: more hashes are waiting than a caller should wait for.
            RecordsUnavailable: the database is away.
        """
        account = await self._database.insist(
            partial(members.find, number=number.digits, phone=caller.e164, sample_only=caller.sample_only)
        )
        avoid = [number.digits, caller.e164, caller.national]
        if account is not None:
            avoid += [account.insurance_number, account.personal_number or ""]
        member_id = account.member_id if account and account.matches else NOBODY
        password = self._generator.draw(avoid)
        return Finding(
            id=uuid4(),
            caller=self._vault.trace(caller.e164),
            # Both numbers of an account are counted as one.
            number=self._vault.trace(account.insurance_number if account else number.digits),
            member_id=member_id,
            matches=member_id != NOBODY,
            password=password,
            hashed=await self._hashed(password, member_id),
            unlimited=caller.canary,
        )

    async def settle(self, finding: Finding, call_id: str) -> Reissue | None:
        """Count the attempt and, if the pair matches, commit the new password as pending.

        A finding is settled once: settling it again counts nothing more and has the same result.

        Returns:
            The re-issue to be read out; None when the pair does not match, or its number failed too often.

        Raises:
            TooManyFailures: the caller reached the limit since they were let in; nothing was counted.
            ReissuedTooOften: the pair matches, but the account had its passwords for today.
            AlreadyIssued: a password was already read in this call.
            RecordsUnavailable: the database is away, and nothing was counted; unless it went away between a commit and
                its answer and stayed away. Then this one attempt is counted, and if the pair matched there is a
                pending password, which counts as begun, and which nobody heard and nobody can use.
        """
        with self._counted():
            outcome = await self._database.insist(partial(self._settle, finding=finding, call_id=call_id))
        if outcome in FAILED:
            self._alarms.failed(finding.caller, finding.number)
        match outcome:
            case "limited":
                self.limits_hit["reissues"] += 1
                raise ReissuedTooOften("the account had its passwords for today")
            case "matched":
                return Reissue(
                    self._database,
                    password_id=finding.id,
                    password=finding.password,
                    first_use=self._first_use,
                    under_way=self._under_way,
                )
            case "silenced":
                self.limits_hit["number-failures"] += 1
                return None
            case _:
                return None

    async def sign_in(self, number: str, password: str) -> SignIn:
        """Sign in with an insurance or personal number.

        Raises:
            Overloaded: more hashes are waiting than anybody should wait for.
            RecordsUnavailable: the database is away; the password may have become active by this use.
        """
        return await sign_in(self._database, self._vault, number, SecretDigits(password))

    async def change(self, number: str, password: str, chosen: str) -> bool:
        """Complete the change from `password` to one that the owner has `chosen`; False when `password` opens nothing.

        Raises:
            Overloaded: more hashes are waiting than anybody should wait for.
            RecordsUnavailable: the database is away; one of the two works.
        """
        return await change(self._database, self._vault, number, SecretDigits(password), SecretDigits(chosen))

    async def _hashed(self, password: SecretDigits, member_id: int) -> str:
        with self._counted():
            return await self._vault.hash(password, member_id)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Count a limit that the block finds reached."""
        try:
            yield
        except TooManyFailures:
            self.limits_hit["caller-failures"] += 1
            raise
        except Overloaded:
            self.limits_hit["hashes"] += 1
            raise

    async def _settle(self, connection: Connection, finding: Finding, call_id: str) -> Outcome:
        # From here to the commit nobody else counts for this caller or this number; nor does an earlier try of ours.
        await attempts.lock(connection, finding.caller, finding.number)
        earlier = await attempts.settled(connection, finding.id)
        if earlier is not None:
            return earlier
        outcome = await self._outcome(connection, finding, call_id)
        await attempts.add(
            connection, finding.id, call_id=call_id, caller=finding.caller, number=finding.number, outcome=outcome
        )
        if outcome == "matched":
            await passwords.add_pending(
                connection,
                finding.id,
                member_id=finding.member_id,
                call_id=call_id,
                hashed=finding.hashed,
                key_id=self._vault.key_id,
                first_use=self._first_use,
                valid=self._valid,
            )
        if action := _AUDITED.get(outcome):
            await audit.add(connection, action, actor="caller", member_id=finding.member_id, call_id=call_id)
        return outcome

    async def _outcome(self, connection: Connection, finding: Finding, call_id: str) -> Outcome:
        rules.require_few_failures(await attempts.failures_of_caller(connection, finding.caller), self._limits)
        issued = await passwords.issued(connection, finding.member_id, call_id, reading=rules.READING)
        if issued.read_in_call:
            raise AlreadyIssued("a password was already read in this call")
        return rules.outcome(
            self._limits,
            matches=finding.matches,
            number_failures=await attempts.failures_of_number(connection, finding.number),
            issued=None if finding.unlimited else issued,
        )


_AUDITED: dict[Outcome, audit.Action] = {
    "matched": "password-pending",
    "limited": "password-limit",
    "silenced": "number-limit",
}
