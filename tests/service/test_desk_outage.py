"""A re-issue while the database fails: nothing half issued, nothing dead, and the caller knows within three seconds."""

from __future__ import annotations

import asyncio
import time

import pytest
from pydantic import SecretStr

from hotline.desk import Activation, CallerNumber, Desk, InsuranceNumber, RecordsUnavailable, SignIn
from hotline.records import Database
from hotline.settings import DatabaseSettings, LimitSettings

PARENT = CallerNumber("+84912345678")
NUMBER = InsuranceNumber("0123456789")
OLD = "87654321"


@pytest.fixture
async def fragile(wire, vault, password_settings):
    """A desk whose database is at the end of a wire, with the time limit as shipped."""
    async with Database(DatabaseSettings(dsn=SecretStr(wire.dsn))) as database:
        opened = Desk(database, vault, password_settings, LimitSettings())
        yield opened
        await opened.close()


@pytest.fixture
async def brisk(wire, quick_vault, password_settings):
    """The same, with quick hashes, and time on a busy machine."""
    async with Database(DatabaseSettings(dsn=SecretStr(wire.dsn), time_limit=3)) as database:
        opened = Desk(database, quick_vault, password_settings, LimitSettings())
        yield opened
        await opened.close()


async def refused_in_time(work):
    """Require RecordsUnavailable within three seconds."""
    began = time.monotonic()
    with pytest.raises(RecordsUnavailable):
        await work
    assert time.monotonic() - began < 3


async def attempts(database):
    """Count what was counted."""
    async with database.transaction() as connection:
        return await connection.fetchval("SELECT count(*) FROM attempts")


@pytest.mark.parametrize("failure", ["cut", "silent"])
async def test_at_the_door_the_caller_is_told_in_time(wire, fragile, failure):
    """Whether the database refuses or says nothing at all."""
    await fragile.admit(PARENT)
    await fail(wire, failure)
    await refused_in_time(fragile.admit(PARENT))


@pytest.mark.parametrize("failure", ["cut", "silent"])
async def test_an_outage_at_the_check_counts_no_attempt(wire, fragile, database, failure):
    """Neither when the pair is looked up nor when it is settled; the next caller after the return is served."""
    finding = await fragile.look_up(PARENT, NUMBER)
    await fail(wire, failure)
    await refused_in_time(fragile.look_up(PARENT, NUMBER))
    await refused_in_time(fragile.settle(finding, "call-1"))
    assert await attempts(database) == 0
    await wire.cut()
    await wire.mend()
    assert await fragile.settle(finding, "call-1") is not None


async def test_a_password_not_noted_as_begun_is_not_read(wire, fragile, desk):
    """When the database is away before the reading, the caller is told in time and the old password works."""
    new = await fragile.settle(await fragile.look_up(PARENT, NUMBER), "call-1")
    await wire.cut()
    await refused_in_time(new.began())
    assert await desk.sign_in(NUMBER.digits, OLD) is SignIn.OK


async def test_activation_survives_a_short_outage(wire, fragile, desk):
    """A database that is back after a moment is asked again."""
    new = await begun(fragile)
    await wire.cut()
    hearing = asyncio.create_task(new.heard())
    await asyncio.sleep(0.2)
    await wire.mend()
    assert await hearing is Activation.ACTIVE
    assert await desk.sign_in(NUMBER.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE


LOSSES = [
    *((b"", nth, done, "broken") for nth in range(1, 9) for done in (False, True)),
    *((b"COMMIT", 1, done, then) for done in (False, True) for then in ("broken", "stuck")),
]
"""At the n-th message with which words a connection is lost, whether the database has done what it says, and how."""


@pytest.mark.parametrize("trap", LOSSES, ids=str)
async def test_a_lost_connection_is_no_outage(wire, brisk, desk, database, trap):
    """Wherever in the check, the beginning or the activation one connection is lost, the caller notices nothing.

    All is done over, and nothing twice: one attempt, one password, one entry each in the audit trail.
    """
    at, nth, done, then = trap
    finding = await brisk.look_up(PARENT, NUMBER)
    wire.set_trap(at, nth=nth, done=done, then=then)
    new = await brisk.settle(finding, "call-1")
    assert wire.sprung.is_set()
    wire.set_trap(at, nth=nth, done=done, then=then)
    assert await new.began()
    wire.set_trap(at, nth=nth, done=done, then=then)
    assert await new.heard() is Activation.ACTIVE
    assert await desk.sign_in(NUMBER.digits, OLD) is SignIn.REFUSED
    assert await desk.sign_in(NUMBER.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE
    assert await attempts(database) == 1
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM passwords WHERE call_id IS NOT NULL") == 1
        audited = await connection.fetch("SELECT action FROM audit ORDER BY id")
    assert [row["action"] for row in audited] == ["password-pending", "password-active"]


@pytest.mark.parametrize("done", [False, True])
async def test_a_mismatch_is_counted_once(wire, brisk, database, done):
    """Also one whose commit went unanswered: the caller hears that it did not match, and has one try less, not two."""
    finding = await brisk.look_up(PARENT, InsuranceNumber("9876543210"))
    wire.set_trap(b"COMMIT", done=done)
    assert await brisk.settle(finding, "call-1") is None
    assert wire.sprung.is_set()
    assert await attempts(database) == 1


AWAY = [(b"INSERT", True, 0), (b"COMMIT", False, 0), (b"COMMIT", True, 1)]
"""When the database goes, whether it did what it was told last, and how many attempts are counted then."""


@pytest.mark.parametrize("outage", AWAY, ids=str)
async def test_busy_at_the_check_may_have_counted_one_attempt(wire, fragile, desk, database, outage):
    """Only when the database goes between a commit and its answer, and stays away. Nobody can use what it committed."""
    at, done, counted = outage
    finding = await fragile.look_up(PARENT, NUMBER)
    wire.set_trap(at, done=done, then="away")
    with pytest.raises(RecordsUnavailable):
        await fragile.settle(finding, "call-1")
    assert await attempts(database) == counted
    assert await desk.sign_in(NUMBER.digits, OLD) is SignIn.OK
    assert await desk.sign_in(NUMBER.digits, finding.password.reveal()) is SignIn.REFUSED
    await wire.mend()
    assert await fragile.settle(finding, "call-1") is not None
    assert await attempts(database) == 1


async def test_busy_at_the_reading_leaves_the_old_password(wire, brisk, desk):
    """Whether the beginning was noted or not, nothing was heard and the old password is in force."""
    new = await brisk.settle(await brisk.look_up(PARENT, NUMBER), "call-1")
    wire.set_trap(b"COMMIT", done=True, then="away")
    with pytest.raises(RecordsUnavailable):
        await new.began()
    assert await desk.sign_in(NUMBER.digits, OLD) is SignIn.OK


@pytest.mark.parametrize("done", [False, True])
async def test_a_first_use_is_not_lost_with_its_answer(wire, brisk, done):
    """Who signs in with a begun password is let in, though the connection breaks at the commit that makes it active."""
    new = await begun(brisk)
    wire.set_trap(b"COMMIT", done=done, nth=2)
    assert await brisk.sign_in(NUMBER.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE
    assert wire.sprung.is_set()


async def test_a_connection_that_is_stuck_holds_no_account_up(wire, brisk, desk):
    """Stuck between two messages it keeps its locks for as long as we would have waited, not for ever."""
    new = await begun(brisk)
    wire.set_trap(b"UPDATE passwords AS old", done=True, then="stuck")
    assert await new.heard() is Activation.ACTIVE
    assert wire.sprung.is_set()
    assert await desk.sign_in(NUMBER.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE


@pytest.mark.parametrize("done", [False, True])
async def test_a_change_is_completed_once(wire, brisk, desk, database, done):
    """A connection lost at its commit neither undoes the change nor does it twice."""
    new = await begun(brisk)
    await new.heard()
    wire.set_trap(b"COMMIT", done=done, nth=2)
    assert await brisk.change(NUMBER.digits, new.password.reveal(), "own choice")
    assert wire.sprung.is_set()
    assert await desk.sign_in(NUMBER.digits, "own choice") is SignIn.OK
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit WHERE action = 'password-changed'") == 1


@pytest.mark.parametrize("failure", ["cut", "silent"])
async def test_an_activation_goes_on_after_its_caller_stopped_waiting(wire, fragile, desk, failure):
    """Meanwhile the old password works; once the database is back, the one that was heard does."""
    new = await begun(fragile)
    await fail(wire, failure)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(new.heard(), timeout=1.0)
    assert await desk.sign_in(NUMBER.digits, OLD) is SignIn.OK
    await wire.mend()
    async with asyncio.timeout(5):
        while await desk.sign_in(NUMBER.digits, OLD) is not SignIn.REFUSED:
            await asyncio.sleep(0.1)
    assert await desk.sign_in(NUMBER.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE


async def test_closing_the_desk_does_not_wait_for_a_database_that_stays_away(wire, fragile, desk):
    """The password that was heard becomes active by its first use instead."""
    new = await begun(fragile)
    await wire.cut()
    hearing = asyncio.create_task(new.heard())
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await fragile.close()
    assert time.monotonic() - began < 4
    with pytest.raises(asyncio.CancelledError):
        await hearing
    assert await desk.sign_in(NUMBER.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE


async def test_a_crash_after_the_check_leaves_the_old_password(wire, fragile, desk):
    """A process that ends between commit and reading has issued nothing."""
    await fragile.settle(await fragile.look_up(PARENT, NUMBER), "call-1")
    await wire.cut()
    assert await desk.sign_in(NUMBER.digits, OLD) is SignIn.OK


async def test_a_hang_up_at_any_moment_leaks_no_connection(wire, fragile, desk):
    """Cancelled at thirty moments of a re-issue, the desk serves on with the connections it had."""
    for moment in range(30):
        call = asyncio.create_task(begun(fragile, f"call-{moment}"))
        await asyncio.sleep(moment * 0.002)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    await fragile.admit(PARENT)
    await asyncio.sleep(0.05)
    assert wire.open_connections <= 2
    assert await desk.sign_in(NUMBER.digits, OLD) is SignIn.OK


async def begun(desk, call="call-1"):
    """Return a re-issue that is being read."""
    new = await desk.settle(await desk.look_up(PARENT, NUMBER), call)
    await new.began()
    return new


async def fail(wire, failure):
    """Let the wire fail."""
    if failure == "cut":
        await wire.cut()
    else:
        wire.fall_silent()
