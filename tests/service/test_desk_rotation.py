"""Rotating the pepper: nobody is locked out, hashes are renewed one by one, and no limit starts afresh."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from pydantic import SecretStr

from hotline.desk import (
    CallerNumber,
    Desk,
    InsuranceNumber,
    OperatorDesk,
    PepperUse,
    SignIn,
    TooManyFailures,
    Vault,
)
from hotline.prompts import Library
from hotline.records import RecordsUnavailable, sign_ins
from hotline.service import serving
from hotline.settings import (
    AriSettings,
    DatabaseSettings,
    LimitSettings,
    PasswordSettings,
    Settings,
    SettingsError,
)

PARENT = CallerNumber("+84912345678")
STRANGER = CallerNumber("+84977777777")
NUMBER = "0123456789"
OLD = "87654321"
NEWER = SecretStr("another pepper, drawn for the rotation")


@contextlib.contextmanager
def opened(database, settings):
    """A desk with other secrets, as after a restart."""
    vault = Vault(settings)
    yield Desk(database, vault, settings, LimitSettings()), OperatorDesk(database, vault)
    vault.close()


@pytest.fixture
def rotated(password_settings):
    """The settings after a rotation: the first pepper verifies, and goes on to key numbers."""
    first = password_settings.pepper
    return PasswordSettings(pepper=NEWER, pepper_key_id="2", former_peppers={"1": first}, trace_key=first)


@pytest.fixture
def former_gone(password_settings):
    """The settings once no password needs the first pepper any more."""
    return PasswordSettings(pepper=NEWER, pepper_key_id="2", trace_key=password_settings.pepper)


async def key_ids(database):
    """Return the peppers of the passwords of one member, oldest first."""
    query = """
        SELECT key_id FROM passwords AS p JOIN members AS m ON m.id = p.member_id
        WHERE insurance_number = $1 ORDER BY ordinal
    """
    async with database.transaction() as connection:
        return [row["key_id"] for row in await connection.fetch(query, NUMBER)]


async def test_a_hash_is_renewed_at_a_sign_in(database, rotated, former_gone):
    """The old password goes on working, from its first use on without the former pepper; a wrong one renews nothing."""
    with opened(database, rotated) as (desk, _):
        assert await desk.sign_in(NUMBER, "00000000") is SignIn.REFUSED
        assert await key_ids(database) == ["1"]
        assert await desk.sign_in(NUMBER, OLD) is SignIn.OK
        assert await key_ids(database) == ["2"]
        assert await desk.sign_in(NUMBER, OLD) is SignIn.OK
    with opened(database, former_gone) as (desk, _):
        assert await desk.sign_in(NUMBER, OLD) is SignIn.OK


async def test_a_password_heard_before_the_rotation_works_after_it(desk, database, rotated):
    """A pending one as well: it is verified with its own pepper, and becomes active by its use."""
    new = await desk.settle(await desk.look_up(PARENT, InsuranceNumber(NUMBER)), "call-1")
    await new.began()
    with opened(database, rotated) as (later, _):
        assert await later.sign_in(NUMBER, new.password.reveal()) is SignIn.OK_MUST_CHANGE
        assert await later.sign_in(NUMBER, OLD) is SignIn.REFUSED
        assert await key_ids(database) == ["1", "2"]
        assert await later.sign_in(NUMBER, new.password.reveal()) is SignIn.OK_MUST_CHANGE


async def test_limits_count_on_over_a_rotation(desk, database, rotated):
    """Five failures before and one after are six."""
    for call in range(5):
        await desk.settle(await desk.look_up(STRANGER, InsuranceNumber(NUMBER)), f"call-{call}")
    with opened(database, rotated) as (later, _):
        await later.admit(STRANGER)
        await later.settle(await later.look_up(STRANGER, InsuranceNumber(NUMBER)), "call-5")
        with pytest.raises(TooManyFailures):
            await later.admit(STRANGER)
        await later.close()


async def test_a_renewal_that_fails_keeps_nobody_out(database, rotated, monkeypatch):
    """With the database away at that moment the sign-in is good, and the next one renews."""
    present = sign_ins.present

    async def away(*arguments, purpose="sign-in", **given):
        if purpose == "renew":
            raise RecordsUnavailable("away")
        await present(*arguments, purpose=purpose, **given)

    with opened(database, rotated) as (desk, _):
        with monkeypatch.context() as patched:
            patched.setattr(sign_ins, "present", away)
            assert await desk.sign_in(NUMBER, OLD) is SignIn.OK
        assert await key_ids(database) == ["1"]
        assert await desk.sign_in(NUMBER, OLD) is SignIn.OK
        assert await key_ids(database) == ["2"]


async def test_the_operator_sees_which_peppers_are_needed(database, rotated, former_gone):
    """How many passwords in force each one hashed, and which of them is missing."""
    with opened(database, rotated) as (desk, operators):
        (former, current) = await operators.peppers()
        everybody = former.passwords
        assert (former, current) == (PepperUse("1", "former", everybody), PepperUse("2", "current", 0))
        await desk.sign_in(NUMBER, OLD)
        assert await operators.peppers() == [
            PepperUse("1", "former", everybody - 1),
            PepperUse("2", "current", 1),
        ]
    with opened(database, former_gone) as (_, operators):
        assert (await operators.peppers())[0] == PepperUse("1", "missing", everybody - 1)


async def test_another_pepper_under_a_known_name_is_refused(desk, database, rotated):
    """All passwords of that name would be dead; under a name of its own it is a rotation, and the names stay known."""
    await desk.require_known_peppers()
    swapped = PasswordSettings(pepper=NEWER)
    refusal = r"the pepper named '1' .* is not the one that had this name before"
    with opened(database, swapped) as (other, _), pytest.raises(SettingsError, match=refusal) as said:
        await other.require_known_peppers()
    assert NEWER.get_secret_value() not in str(said.value)
    with opened(database, rotated) as (other, _):
        await other.require_known_peppers()
    await desk.require_known_peppers()
    confused = PasswordSettings(
        pepper=rotated.former_peppers["1"], pepper_key_id="3", former_peppers={"1": NEWER}, trace_key=NEWER
    )
    with opened(database, confused) as (other, _), pytest.raises(SettingsError, match="the pepper named '1'"):
        await other.require_known_peppers()


async def test_of_two_who_begin_with_different_peppers_one_is_refused(database, password_settings):
    """At the same moment, over a database that knows none yet."""
    with (
        opened(database, password_settings) as (one, _),
        opened(database, PasswordSettings(pepper=NEWER)) as (other, _),
    ):
        came = await asyncio.gather(one.require_known_peppers(), other.require_known_peppers(), return_exceptions=True)
    assert sorted(type(result).__name__ for result in came) == ["NoneType", "SettingsError"]


async def test_the_service_does_not_start_with_a_swapped_pepper(desk, dsn, monkeypatch):
    """It is told at the start, in one line, before any call is taken."""
    await desk.require_known_peppers()
    monkeypatch.setattr(Library, "open", lambda *_: None)
    settings = Settings(
        ari=AriSettings(password=SecretStr("a password for tests")),
        database=DatabaseSettings(dsn=SecretStr(dsn)),
        password=PasswordSettings(pepper=NEWER),
    )
    with pytest.raises(SettingsError, match="the pepper named '1'") as said:
        async with serving(settings):
            pass
    assert "\n" not in str(said.value)
