"""What the trials of faults say of passwords, told of right calls and of wrong ones, over a real Postgres."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from bench.faults.invariants import broken, issues
from hotline.desk import CallerNumber, InsuranceNumber, SecretDigits
from hotline.phone.ear import Utterance
from hotline.settings import DatabaseSettings, LimitSettings

CALLER = CallerNumber("+84912345678")
NUMBER = "0123456789"
OLD = "87654321"
"""The password that the sample members have of their own."""
OLD_WORKS = "an old password works after a new one was heard in full"
OLD_DEAD = "an old password does not work, and no new one was heard in full"
NEW_DEAD = "a password heard in full does not work"


@pytest.fixture
def rooms(dsn, password_settings):
    """As much of a house as is needed to sign in."""
    settings = SimpleNamespace(
        database=DatabaseSettings(dsn=SecretStr(dsn)), password=password_settings, limits=LimitSettings()
    )
    return SimpleNamespace(settings=settings, old_password=SecretDigits(OLD))


def hearing(digits):
    """What a caller heard who was read `digits`, who may have been cut off in the last of them."""
    said = [Utterance("prompt", "new-password", "", 0.0, 1.0)]
    said += [Utterance("digit", digit, digit, 1.0 + at, 1.5 + at) for at, digit in enumerate(digits)]
    return SimpleNamespace(said=said)


async def judge(rooms, digits):
    """Tell what is wrong with the call of an owner who heard `digits`."""
    return await broken(rooms, {NUMBER: hearing(digits)}, await issues(rooms, [NUMBER]), {NUMBER})


async def call(desk, *, heard=True):
    """Have a password read; return it."""
    new = await desk.settle(await desk.look_up(CALLER, InsuranceNumber.parse(NUMBER)), "call-1")
    await new.began()
    if heard:
        await new.heard()
    return new.password.reveal()


async def test_right_calls_are_right(rooms, desk):
    """Cut off before the last digit, the caller has the old password; heard in full, the new one and no other."""
    digits = await call(desk, heard=False)
    assert await judge(rooms, digits[:-1]) == []
    assert await judge(rooms, digits) == []  # the first use makes it active, and ends the old one


async def test_wrong_calls_are_wrong(rooms, desk):
    """Digits that open nothing, an old password that lives on, one that died too early: each is told."""
    assert set(await judge(rooms, "012345690")) == {"digits spoken that were not committed", NEW_DEAD, OLD_WORKS}
    digits = await call(desk)
    assert set(await judge(rooms, digits[:-1])) == {OLD_DEAD, "a password became active that was not read in full"}
    assert await judge(rooms, digits) == []
