"""Any life of an account's passwords, compared with a model of the rules (SPEC §4, the invariants of a re-issue)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import argon2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.desk import CallerNumber, Desk, InsuranceNumber, SecretDigits, SignIn
from hotline.desk import vault as vault_module
from hotline.records import passwords
from hotline.settings import LimitSettings

PARENT = CallerNumber("+84912345678")
NUMBER = InsuranceNumber("0123456789")
OLD = "87654321"


@dataclass
class Issue:
    """What the model knows of a password; `new` is None for the one the owner brought along."""

    new: object = None
    state: str = "pending"
    begun: bool = False
    fresh: bool = True


class Account:
    """The model: what ought to be, beside the desk that is."""

    def __init__(self, desk):
        self.desk = desk
        self.issues = [Issue(state="active")]

    async def step(self, deed, which):
        """Do something to one of the account's passwords, on the model and at the desk, and compare."""
        issues = self.issues[1:]
        if deed == "check" or not issues:
            new = await self.desk.settle(await self.desk.look_up(PARENT, NUMBER), str(uuid4()))
            self.issues.append(Issue(new))
            return
        issue = issues[which % len(issues)]
        match deed:
            case "began":
                assert await issue.new.began() is (issue.state != "replaced")
                issue.begun |= issue.state != "replaced"
            case "heard":
                self.activate(issue)
                assert await issue.new.heard() is (issue.state == "active")
            case "sign in":
                if issue.begun and issue.fresh:
                    self.activate(issue)
                expected = SignIn.OK_MUST_CHANGE if issue.state == "active" else SignIn.REFUSED
                assert await self.desk.sign_in(NUMBER.digits, issue.new.password.reveal()) is expected
            case "old":
                expected = SignIn.OK if self.issues[0].state == "active" else SignIn.REFUSED
                assert await self.desk.sign_in(NUMBER.digits, OLD) is expected

    def activate(self, issue):
        """Make it active and replace what is older."""
        if issue.state == "pending":
            for older in self.issues[: self.issues.index(issue)]:
                older.state = "replaced"
            issue.state = "active"

    def age(self):
        """Ten minutes pass."""
        for issue in self.issues:
            issue.fresh &= not issue.begun


@pytest.fixture
def quick_hashes(monkeypatch):
    """Hash with next to no memory: it is not the hashing that is tried here."""
    monkeypatch.setattr(vault_module, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


DEEDS = st.tuples(st.sampled_from(["check", "began", "heard", "heard", "sign in", "old", "age"]), st.integers(0, 5))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(deeds=st.lists(DEEDS, min_size=3, max_size=25))
@pytest.mark.usefixtures("quick_hashes")
async def test_an_account_always_has_one_working_password(database, vault, password_settings, deeds):
    """Through any sequence of calls, readings, sign-ins and waits the desk agrees with the rules, step by step.

    There is one active password at every moment, and it is the newest that was heard in full or first used.
    """
    await start_over(database, vault)
    limits = LimitSettings.model_construct(**{**LimitSettings().model_dump(), "reissues_day": 999, "pending_day": 999})
    account = Account(Desk(database, vault, password_settings, limits))
    for deed, which in deeds:
        if deed == "age":
            account.age()
            async with database.transaction() as connection:
                await connection.execute("UPDATE passwords SET reading_began_at = reading_began_at - interval '601 s'")
        else:
            await account.step(deed, which)
        async with database.transaction() as connection:
            rows = await connection.fetch("SELECT state FROM passwords ORDER BY ordinal")
        states = [row["state"] for row in rows]
        assert states.count("active") == 1
        assert states == [issue.state for issue in account.issues]


async def start_over(database, vault):
    """Leave the account with the password its owner brought along."""
    async with database.transaction() as connection:
        await connection.execute("TRUNCATE passwords")
        await connection.execute("DELETE FROM attempts")
        member_id = await connection.fetchval("SELECT id FROM members WHERE insurance_number = $1", NUMBER.digits)
        hashed = await vault.hash(SecretDigits(OLD), member_id)
        await passwords.add_owned(connection, uuid4(), member_id=member_id, hashed=hashed, key_id=vault.key_id)
