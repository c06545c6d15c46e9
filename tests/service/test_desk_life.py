"""Any life of an account's passwords, compared with a model of the rules (SPEC §4, the invariants of PROOF)."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from pydantic import SecretStr

from hotline.desk import (
    Activation,
    AlreadyIssued,
    CallerNumber,
    Desk,
    InsuranceNumber,
    RecordsUnavailable,
    SecretDigits,
    SignIn,
)
from hotline.records import Database, passwords
from hotline.settings import DatabaseSettings, LimitSettings

PARENT = CallerNumber("+84912345678")
NUMBER = InsuranceNumber("0123456789")
STRANGER = InsuranceNumber("9999999999")
OLD = "87654321"
NEVER_ISSUED = "777777777"

MINUTE, HOUR = 60, 3600
FIRST_USE = 10 * MINUTE
VALID = 24 * HOUR

PATIENT, HASTY = 10.0, 0.2
"""Seconds that a deed may take: with time on a busy machine, and where it is to be told that the database is away."""
NO_LIMITS = LimitSettings.model_construct(
    **(
        LimitSettings().model_dump()
        | dict.fromkeys(
            ("caller_failures_hour", "caller_failures_day", "number_failures_day", "reissues_day", "pending_day"), 999
        )
    )
)


@dataclass(frozen=True)
class Fault:
    """What befalls a deed at its n-th message to the database, or at a commit.

    Attributes:
        done: whether the database does what that message says.
        then: only this connection is lost; the database goes and comes back later; or our process is killed.
    """

    at: bytes
    nth: int
    done: bool
    then: Literal["broken", "away", "killed"]


FAULTS = st.builds(
    lambda place, done, then: Fault(*place, done, then),
    st.one_of(st.tuples(st.just(b""), st.integers(1, 12)), st.tuples(st.just(b"COMMIT"), st.integers(1, 2))),
    st.booleans(),
    st.sampled_from(["broken", "broken", "killed", "killed", "away"]),
)
MAYBE = st.one_of(st.none(), st.none(), st.none(), FAULTS)
ANY = st.integers(0, 20)
LATE = st.sampled_from([0, 0, 4 * MINUTE, 11 * MINUTE])


@dataclass
class Password:
    """What ought to be of one password; `None` is what has not happened.

    Attributes:
        digits: as the owner would key them.
        call: the call it was issued in, or None for one that the owner chose.
        known: whether the citizen heard all of it, chose it, or could use it.
    """

    digits: str
    call: str | None
    known: bool = False
    state: str = "pending"
    begun_at: float | None = None
    activated_at: float | None = None
    used: bool = False


@dataclass
class Account:
    """The model: the rules of SPEC §4, and nothing of how they are kept."""

    passwords: list[Password]
    now: float = 0.0
    attempts: int = 0

    def check(self, matched: Password | None) -> None:
        """A pair is checked, and one password more is pending if it matched."""
        self.attempts += 1
        if matched is not None:
            self.passwords.append(matched)

    def begin(self, nth: int) -> bool:
        """A reading is to begin; later ones change nothing."""
        one = self.passwords[nth]
        if one.state != "replaced" and one.begun_at is None:
            one.begun_at = self.now
        return one.state != "replaced"

    def activate(self, nth: int) -> bool:
        """It was heard, or is used for the first time: the older ones are dead, unless a newer one is active."""
        one = self.passwords[nth]
        if one.state == "pending":
            for older in self.passwords[:nth]:
                older.state = "replaced"
            one.state, one.activated_at = "active", self.now
        return one.state == "active"

    def usable(self, one: Password) -> bool:
        """Whether its owner may sign in with it now."""
        match one.state:
            case "active":
                return one.call is None or self.now < one.activated_at + VALID
            case "pending":
                return one.begun_at is not None and self.now < one.begun_at + FIRST_USE
        return False

    def sign_in(self, nth: int) -> SignIn:
        """Whoever can use it has it."""
        one = self.passwords[nth]
        if not self.usable(one):
            return SignIn.REFUSED
        one.known = True
        self.activate(nth)
        return SignIn.OK if one.call is None else SignIn.OK_MUST_CHANGE

    def change(self, nth: int, chosen: str) -> bool:
        """The owner's word replaces everything before it."""
        if self.sign_in(nth) is SignIn.REFUSED:
            return False
        self.passwords[nth].used = self.passwords[nth].call is not None
        for older in self.passwords:
            older.state = "replaced"
        self.passwords.append(Password(chosen, None, known=True, state="active", activated_at=self.now))
        return True

    def rows(self) -> list[Any]:
        """Return what the database ought to have."""
        issued = [one for one in self.passwords if one.call]
        return [
            self.attempts,
            len(issued),
            sum(one.activated_at is not None for one in issued),
            [(one.call, one.state, one.begun_at is not None, one.used) for one in self.passwords],
        ]


@dataclass(eq=False)
class Checked:
    """A pair that was checked and matched, in a call that goes on.

    Attributes:
        nth: which password of the account it is.
        may_read: whether we were told that the reading may begin.
    """

    call: str
    nth: int
    finding: Any
    new: Any
    may_read: bool = False
    heard: bool = False


@dataclass
class World:
    """What stays when a life is over: an event loop, a database, and the wire to it."""

    runner: asyncio.Runner
    wire: Any
    dsn: str
    vault: Any
    password_settings: Any
    lives: int = field(default=0)

    def desk(self, dsn: str) -> tuple[Database, Desk]:
        """Open the desk of a process."""
        database = Database(DatabaseSettings(dsn=SecretStr(dsn), time_limit=PATIENT))
        return database, Desk(database, self.vault, self.password_settings, NO_LIMITS)


class Life(RuleBasedStateMachine):
    """One account, one process that may be killed, and a back end to sign in to."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.run = world.runner.run
        self.account = Account([Password(OLD, None, known=True, state="active", activated_at=0.0)])
        self.calls: list[Checked] = []
        world.lives += 1
        self.prefix = f"life-{world.lives}"
        self.names = 0
        self.run(self.begin())

    async def begin(self) -> None:
        """Leave the account with the password its owner brought along."""
        self.records = await asyncpg.connect(self.world.dsn)
        self.back_end = self.world.desk(self.world.dsn)
        member_id = await self.records.fetchval("SELECT id FROM members WHERE insurance_number = $1", NUMBER.digits)
        await self.records.execute("TRUNCATE passwords, attempts, alarms")
        self.audited = await self.records.fetchval("SELECT coalesce(max(id), 0) FROM audit")
        hashed = await self.world.vault.hash(SecretDigits(OLD), member_id)
        key_id = self.world.vault.key_id
        await passwords.add_owned(self.records, uuid4(), member_id=member_id, hashed=hashed, key_id=key_id)
        await self.start()

    async def start(self) -> None:
        """Start the process that serves the calls."""
        await self.world.wire.mend()
        self.process = self.world.desk(self.world.wire.dsn)

    async def kill(self) -> None:
        """End it as the kernel does: its connections are cut, and nothing it had in hand goes on."""
        database, desk = self.process
        await self.world.wire.cut()
        left = [*desk._under_way, *filter(None, [desk._alarms._work])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await desk._alarms.close()
        await database.close()
        self.calls.clear()
        await self.start()

    def teardown(self) -> None:
        """At the end whoever heard all of a password, and was not overtaken, signs in with it."""
        account = self.account
        for nth, one in reversed(list(enumerate(account.passwords))):
            if one.known and account.usable(one):
                expected = SignIn.OK_MUST_CHANGE if one.call else SignIn.OK
                assert self.run(self.back_end[1].sign_in(NUMBER.digits, one.digits)) is expected, nth
                break
        self.run(self.end())

    async def end(self) -> None:
        """Give everything back."""
        await self.kill()
        await self.process[0].close()
        await self.world.wire.cut()
        await self.back_end[0].close()
        await self.records.close()

    def do(self, deed, fault, *changes):
        """Do `deed`, under `fault`; `changes` are, one after another, what it changes in the model.

        Returns its result, or the RecordsUnavailable it raised; None when the process was killed over it. Without an
        answer any of the changes may be made, from the first on, and the database tells which.
        """
        result = self.run(self.under(deed, fault))
        befores = [copy.deepcopy(self.account)]
        for change in changes:
            befores.append(copy.deepcopy(befores[-1]))
            change(befores[-1])
        if result is None or isinstance(result, RecordsUnavailable):
            found = self.run(self.rows())
            self.account = next((account for account in befores if account.rows() == found), befores[0])
        else:
            self.account = befores[-1]
        return result

    async def under(self, deed, fault):
        """Do it with the wire failing as `fault` says, and have all mended in the end."""
        if fault is None:
            return await deed()
        wire, database = self.world.wire, self.process[0]
        database._seconds = HASTY if fault.then == "away" else PATIENT
        wire.set_trap(fault.at, nth=fault.nth, done=fault.done, then="stuck" if fault.then == "killed" else fault.then)
        doing = asyncio.ensure_future(deed())
        sprung = asyncio.ensure_future(wire.sprung.wait())
        await asyncio.wait({doing, sprung}, return_when=asyncio.FIRST_COMPLETED)
        sprung.cancel()
        if fault.then == "killed" and not doing.done():
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)
            await self.kill()
            return None
        if fault.then == "away" and wire.sprung.is_set():
            # Longer than anybody waits but the activation, which goes on until the database is back.
            await asyncio.wait({doing}, timeout=2 * HASTY)
        else:
            await asyncio.wait({doing})
        await wire.mend()
        database._seconds = PATIENT
        try:
            return await doing
        except RecordsUnavailable as away:
            assert fault.then == "away", "the loss of one connection is no outage"
            return away

    async def rows(self):
        """Return what the database has."""
        (counts,) = await self.records.fetch(
            """
            SELECT (SELECT count(*) FROM attempts) AS attempts,
                   count(*) FILTER (WHERE action = 'password-pending') AS pending,
                   count(*) FILTER (WHERE action = 'password-active') AS active
            FROM audit WHERE id > $1
            """,
            self.audited,
        )
        rows = await self.records.fetch(
            "SELECT call_id, state, reading_began_at IS NOT NULL, used_at IS NOT NULL FROM passwords ORDER BY ordinal"
        )
        return [*counts.values(), [tuple(row.values()) for row in rows]]

    # What may happen.

    @rule(fault=MAYBE, again=st.one_of(st.none(), ANY))
    def a_matching_pair_is_checked(self, fault, again):
        """In a new call; or once more in one where that is still possible."""
        self.names += 1
        goes_on = self.calls[again % len(self.calls)].call if self.calls and again is not None else None
        call = goes_on or f"{self.prefix}-{self.names}"
        desk = self.process[1]
        finding = self.run(desk.look_up(PARENT, NUMBER))
        if any(one.call == call and one.begun_at is not None for one in self.account.passwords):
            with pytest.raises(AlreadyIssued):
                self.run(desk.settle(finding, call))
            return
        issued = Password(finding.password.reveal(), call)
        new = self.do(lambda: desk.settle(finding, call), fault, lambda account: account.check(issued))
        if new is not None and not isinstance(new, RecordsUnavailable):
            self.calls.append(Checked(call, len(self.account.passwords) - 1, finding, new))

    @rule(heard=st.booleans())
    def a_call_goes_well(self, heard):
        """Up to its reading, or to the end of that."""
        self.a_matching_pair_is_checked(None, None)
        self.a_reading_begins(-1, None)
        if heard:
            self.a_reading_is_played_out(-1)
            self.the_end_of_a_reading_is_told(-1, None)

    @rule(fault=MAYBE)
    def another_pair_is_checked(self, fault):
        """It does not match, and counts once."""
        desk = self.process[1]
        finding = self.run(desk.look_up(PARENT, STRANGER))
        result = self.do(lambda: said(desk.settle(finding, "call")), fault, lambda account: account.check(None))
        assert result is not True

    @precondition(lambda self: self.calls)
    @rule(which=ANY, fault=MAYBE)
    def a_check_is_settled_again(self, which, fault):
        """It gives the same password and counts nothing."""
        checked = self.calls[which % len(self.calls)]
        new = self.do(lambda: self.process[1].settle(checked.finding, checked.call), fault)
        if new is not None and not isinstance(new, RecordsUnavailable):
            assert new.password is checked.new.password
            checked.new = new

    @precondition(lambda self: self.calls)
    @rule(which=ANY, fault=MAYBE)
    def a_reading_begins(self, which, fault):
        """For the first time or once more; not when another one was begun in this call."""
        checked = self.calls[which % len(self.calls)]
        expected = self.account.passwords[checked.nth].state != "replaced"
        others = [one for nth, one in enumerate(self.account.passwords) if nth != checked.nth]
        if any(one.call == checked.call and one.begun_at is not None for one in others):
            if expected:
                with pytest.raises(AlreadyIssued):
                    self.run(checked.new.began())
            return
        result = self.do(checked.new.began, fault, lambda account: account.begin(checked.nth))
        if isinstance(result, bool):
            assert result is expected
            checked.may_read = result

    @precondition(lambda self: any(checked.may_read for checked in self.calls))
    @rule(which=ANY)
    def a_reading_is_played_out(self, which):
        """The caller has heard it all; nobody else knows yet, and the caller may be gone."""
        reading = [checked for checked in self.calls if checked.may_read]
        checked = reading[which % len(reading)]
        checked.heard = True
        self.account.passwords[checked.nth].known = True

    @precondition(lambda self: any(checked.heard for checked in self.calls))
    @rule(which=ANY, fault=MAYBE, times=st.integers(1, 3), late=LATE)
    def the_end_of_a_reading_is_told(self, which, fault, times=1, late=0):
        """Soon or late, once or more, or never."""
        self.time_passes(late)
        heard = [checked for checked in self.calls if checked.heard]
        checked = heard[which % len(heard)]
        activated = copy.deepcopy(self.account).activate(checked.nth)
        expected = Activation.ACTIVE if activated else Activation.OVERTAKEN

        async def told():
            return set(await asyncio.gather(*(checked.new.heard() for _ in range(times))))

        result = self.do(told, fault, lambda account: account.activate(checked.nth))
        assert result in ({expected}, None)

    @precondition(lambda self: self.calls)
    @rule(which=ANY)
    def a_caller_hangs_up(self, which):
        """Nothing more is done in that call."""
        self.calls.pop(which % len(self.calls))

    @rule(which=ANY, fault=MAYBE, late=LATE)
    def somebody_signs_in(self, which, fault, late):
        """With any password the account has or had."""
        self.time_passes(late)
        nth = which % len(self.account.passwords)
        expected = copy.deepcopy(self.account).sign_in(nth)
        digits = self.account.passwords[nth].digits
        result = self.do(
            lambda: self.process[1].sign_in(NUMBER.digits, digits), fault, lambda account: account.sign_in(nth)
        )
        if isinstance(result, SignIn):
            assert result is expected

    @rule(which=ANY, fault=MAYBE)
    def a_change_is_completed(self, which, fault):
        """From any password the account has or had, to one nobody had before."""
        nth = which % len(self.account.passwords)
        self.names += 1
        chosen = f"chosen {self.prefix} {self.names}"
        expected = copy.deepcopy(self.account).change(nth, chosen)
        digits = self.account.passwords[nth].digits
        result = self.do(
            lambda: self.process[1].change(NUMBER.digits, digits, chosen),
            fault,
            lambda account: account.sign_in(nth),
            lambda account: account.change(nth, chosen),
        )
        if isinstance(result, bool):
            assert result is expected

    @rule(seconds=st.sampled_from([4 * MINUTE, 11 * MINUTE, 25 * HOUR]))
    def time_passes(self, seconds):
        """The clock goes on; here, everything that happened is longer ago."""
        self.account.now += seconds
        ago = f"interval '{seconds} s'"
        times = ("created_at", "reading_began_at", "activated_at", "replaced_at", "expires_at", "changed_at", "used_at")
        older = ", ".join(f"{name} = {name} - {ago}" for name in times)
        self.run(self.records.execute(f"UPDATE passwords SET {older}; UPDATE attempts SET at = at - {ago}"))

    @precondition(lambda self: len(self.calls) > 2)
    @rule()
    def the_process_is_killed(self):
        """Between any two deeds; seldom, for it ends every call."""
        self.run(self.kill())

    # What must hold, always.

    @invariant()
    def the_records_are_as_the_rules_say(self):
        """Every password in its state, every check counted once, everything audited once."""
        assert self.run(self.rows()) == self.account.rows()

    @invariant()
    def the_citizen_has_the_password_in_force(self):
        """There is exactly one, and it was heard in full, used, or chosen; so nobody is left without."""
        (active,) = (one for one in self.account.passwords if one.state == "active")
        assert active.known

    @invariant()
    def nothing_is_read_that_is_not_committed(self):
        """Nor is more than one password read in a call."""
        for checked in self.calls:
            assert not checked.may_read or self.account.passwords[checked.nth].begun_at is not None
        read = [one.call for one in self.account.passwords if one.begun_at is not None]
        assert len(read) == len(set(read))

    @invariant()
    def signing_in_tells_the_same(self):
        """The one in force opens the account, dead ones do not; those that would come to life are left alone."""
        account = self.account
        tried = [one for one in account.passwords if one.state != "pending" or not account.usable(one)]
        self.forget_wrong_passwords()
        for one in [*(one for one in tried if one.state == "active"), tried[0], tried[-1]]:
            expected = copy.deepcopy(account).sign_in(account.passwords.index(one))
            assert self.run(self.back_end[1].sign_in(NUMBER.digits, one.digits)) is expected
        assert self.run(self.back_end[1].sign_in(NUMBER.digits, NEVER_ISSUED)) is SignIn.REFUSED
        self.forget_wrong_passwords()

    def forget_wrong_passwords(self):
        """How many there may be is another test's."""
        self.run(self.records.execute("DELETE FROM sign_in_attempts"))


async def said(settling):
    """Return False for None, which `do` takes for a killed process."""
    return await settling is not None


@pytest.fixture
def world(loose_wire, dsn, quick_vault, password_settings):
    """An event loop of its own: a state machine is stepped from outside of any."""
    with asyncio.Runner() as runner:
        yield World(runner, loose_wire, dsn, quick_vault, password_settings)
        with contextlib.suppress(RuntimeError):
            runner.run(loose_wire.cut())


def test_no_event_lost_doubled_or_late_and_no_crash_leaves_a_citizen_without_a_password(world):
    """Whatever befalls the process and its database, and whenever: never half issued, never dead."""
    run_state_machine_as_test(
        lambda: Life(world),
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
