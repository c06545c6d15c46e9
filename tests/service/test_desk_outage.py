"""A re-issue while the database fails: nothing half issued, nothing dead, and the caller knows within three seconds."""

from __future__ import annotations

import asyncio
import time

import pytest
from pydantic import SecretStr

from hotline.desk import CallerNumber, Desk, InsuranceNumber, RecordsUnavailable, SignIn
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
    assert await hearing
    assert await desk.sign_in(NUMBER.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE


async def test_a_commit_that_went_unanswered_is_found_done(wire, fragile, desk, database):
    """When the connection breaks between the commit and its answer, trying again by id changes nothing more."""
    new = await begun(fragile)
    wire.cut_after(b"COMMIT")
    assert await new.heard()
    assert not wire.armed
    assert await desk.sign_in(NUMBER.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit WHERE action = 'password-active'") == 1


@pytest.mark.parametrize("words", [b"BEGIN", b"FOR NO KEY UPDATE", b"UPDATE passwords"])
async def test_a_connection_lost_before_the_commit_is_done_over(wire, fragile, desk, words):
    """Wherever in the activation the connection breaks, the next try does it all."""
    new = await begun(fragile)
    wire.cut_after(words)
    assert await new.heard()
    assert not wire.armed
    assert await desk.sign_in(NUMBER.digits, OLD) is SignIn.REFUSED
    assert await desk.sign_in(NUMBER.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE


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
