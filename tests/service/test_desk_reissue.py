"""The life of a re-issued password, over a real Postgres."""

from __future__ import annotations

import asyncio
import traceback

import pytest

from hotline.desk import (
    Activation,
    AlreadyIssued,
    CallerNumber,
    Desk,
    InsuranceNumber,
    PasswordUnchanged,
    ReissuedTooOften,
    SignIn,
)
from hotline.settings import LimitSettings

PARENT = CallerNumber("+84912345678")
NUMBER = "0123456789"
CHILD = "0123456790"
PERSONAL = "001085012345"
OLD = "87654321"


async def check(desk, call="call-1", caller=PARENT, number=NUMBER):
    """Look up and settle at once."""
    return await desk.settle(await desk.look_up(caller, InsuranceNumber.parse(number)), call)


async def can_sign_in(desk, new, number=NUMBER):
    """Tell what the re-issued password opens."""
    return await desk.sign_in(number, new.password.reveal())


async def rows(database, query, *arguments):
    """Ask the database itself."""
    async with database.transaction() as connection:
        return [tuple(row.values()) for row in await connection.fetch(query, *arguments)]


async def test_the_old_password_works_until_the_new_one_was_heard(desk):
    """A password that is only pending changes nothing; once heard it works and the old one is dead."""
    new = await check(desk)
    assert await desk.sign_in(NUMBER, OLD) is SignIn.OK
    assert await can_sign_in(desk, new) is SignIn.REFUSED
    assert await new.began()
    assert await desk.sign_in(NUMBER, OLD) is SignIn.OK
    assert await new.heard() is Activation.ACTIVE
    assert await desk.sign_in(NUMBER, OLD) is SignIn.REFUSED
    assert await can_sign_in(desk, new) is SignIn.OK_MUST_CHANGE


async def test_the_first_sign_in_makes_a_begun_password_active(desk):
    """Who was cut off but wrote it down may use it, and then the old one is dead."""
    new = await check(desk)
    await new.began()
    assert await can_sign_in(desk, new) is SignIn.OK_MUST_CHANGE
    assert await desk.sign_in(NUMBER, OLD) is SignIn.REFUSED
    assert await new.heard() is Activation.ACTIVE
    assert await can_sign_in(desk, new) is SignIn.OK_MUST_CHANGE


async def test_a_begun_password_can_be_used_for_ten_minutes_only(desk, database):
    """Later it is refused and the old one goes on working."""
    new = await check(desk)
    await new.began()
    await rows(database, "UPDATE passwords SET reading_began_at = now() - interval '601 s' WHERE state = 'pending'")
    assert await can_sign_in(desk, new) is SignIn.REFUSED
    assert await desk.sign_in(NUMBER, OLD) is SignIn.OK


async def test_an_active_password_expires(desk, database):
    """It is good for 24 hours from when it was heard, and repeated events do not prolong that."""
    new = await check(desk)
    await new.began()
    await new.heard()
    query = "SELECT expires_at - activated_at = interval '24 hours', expires_at FROM passwords WHERE call_id = 'call-1'"
    first = await rows(database, query)
    await new.heard()
    assert await rows(database, query) == first
    assert first[0][0]
    await rows(database, "UPDATE passwords SET expires_at = now() - interval '1 s' WHERE call_id = 'call-1'")
    assert await can_sign_in(desk, new) is SignIn.REFUSED


async def test_a_password_is_used_when_its_change_is_completed(desk, database):
    """Not when it is signed in with. What the owner chose is theirs: it must not be changed and does not expire."""
    new = await check(desk)
    await new.began()
    await new.heard()
    query = "SELECT state, used_at IS NOT NULL FROM passwords WHERE call_id = 'call-1'"
    assert await can_sign_in(desk, new) is SignIn.OK_MUST_CHANGE
    assert await rows(database, query) == [("active", False)]
    assert not await desk.change(NUMBER, OLD, "own choice")
    assert await desk.change(NUMBER, new.password.reveal(), "own choice")
    assert await rows(database, query) == [("replaced", True)]
    assert await can_sign_in(desk, new) is SignIn.REFUSED
    assert await desk.sign_in(NUMBER, "own choice") is SignIn.OK
    own = "SELECT p.expires_at FROM passwords AS p JOIN members AS m ON m.id = member_id WHERE insurance_number = $1"
    assert await rows(database, f"{own} AND state = 'active'", NUMBER) == [(None,)]
    actions = [action for (action,) in await rows(database, "SELECT action FROM audit ORDER BY id")]
    assert actions == ["password-pending", "password-active", "password-changed"]


async def test_a_change_to_the_same_password_is_none(desk):
    """The password that was said on the phone can't be kept by choosing it."""
    new = await check(desk)
    await new.began()
    await new.heard()
    with pytest.raises(PasswordUnchanged):
        await desk.change(NUMBER, new.password.reveal(), new.password.reveal())
    assert await can_sign_in(desk, new) is SignIn.OK_MUST_CHANGE


async def test_a_completed_change_is_newer_than_a_call_under_way(desk):
    """What a call had begun to read when the owner chose another password does not replace that."""
    new = await check(desk)
    await new.began()
    assert await desk.change(NUMBER, OLD, "own choice")
    assert not await new.began()
    assert await new.heard() is Activation.OVERTAKEN
    assert await can_sign_in(desk, new) is SignIn.REFUSED
    assert await desk.sign_in(NUMBER, "own choice") is SignIn.OK


async def test_changes_and_calls_at_once_leave_one_active_password(desk, database):
    """Checks, readings and changes at the same moment come one after another, whichever is first."""

    async def call(number):
        new = await check(desk, f"call-{number}")
        return await new.began() and await new.heard() is Activation.ACTIVE

    changing = [desk.change(NUMBER, OLD, f"own choice {number}") for number in range(4)]
    results = await asyncio.gather(*map(call, range(3)), *changing)
    assert any(results)
    query = "SELECT state FROM passwords AS p JOIN members AS m ON m.id = member_id WHERE insurance_number = $1"
    states = [state for (state,) in await rows(database, f"{query} ORDER BY ordinal", NUMBER)]
    assert states.count("active") == 1
    assert "pending" not in states[: states.index("active")]


async def test_a_check_is_settled_once(desk, database):
    """Settled again, it is the same password, and the same one attempt."""
    finding = await desk.look_up(PARENT, InsuranceNumber.parse(NUMBER))
    first, again = await asyncio.gather(desk.settle(finding, "call-1"), desk.settle(finding, "call-1"))
    assert first.password is again.password
    assert await rows(database, "SELECT count(*) FROM attempts") == [(1,)]
    assert await first.began()
    assert await again.began()
    assert await again.heard() is Activation.ACTIVE
    assert await first.heard() is Activation.ACTIVE


async def test_events_twice_late_or_in_a_heap_change_nothing(desk, database):
    """However often and in whatever order its events come, a password becomes active once."""
    new = await check(desk)
    assert await new.began()
    assert await asyncio.gather(*(new.heard() for _ in range(5))) == [Activation.ACTIVE] * 5
    assert await new.began()
    assert await new.heard() is Activation.ACTIVE
    assert await rows(database, "SELECT action FROM audit ORDER BY id") == [("password-pending",), ("password-active",)]


async def test_a_caller_who_hangs_up_on_the_last_digit_has_heard_it(desk):
    """Activation goes on when the call's coroutine is cancelled, and the desk waits for it when it closes."""
    new = await check(desk)
    await new.began()
    hearing = asyncio.create_task(new.heard())
    await asyncio.sleep(0)
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hearing
    await desk.close()
    assert await can_sign_in(desk, new) is SignIn.OK_MUST_CHANGE


async def test_either_number_leads_to_the_one_account(desk):
    """The ten-digit and the twelve-digit number get passwords for, and sign in to, the same account."""
    new = await check(desk, number=PERSONAL)
    await new.began()
    await new.heard()
    assert await can_sign_in(desk, new, NUMBER) is SignIn.OK_MUST_CHANGE
    assert await can_sign_in(desk, new, PERSONAL) is SignIn.OK_MUST_CHANGE


async def test_accounts_on_one_phone_are_apart(desk):
    """A child's password is not the parent's, though they share a phone."""
    new = await check(desk, number=CHILD)
    await new.began()
    await new.heard()
    assert await can_sign_in(desk, new, CHILD) is SignIn.OK_MUST_CHANGE
    assert await can_sign_in(desk, new, NUMBER) is SignIn.REFUSED
    assert await desk.sign_in(NUMBER, OLD) is SignIn.OK


async def test_the_newest_call_wins(desk):
    """Of two calls for one account the later one's password is the one that works, in whatever order they are heard."""
    older, newer = await check(desk, "call-1"), await check(desk, "call-2")
    assert await older.began()
    assert await newer.began()
    assert await newer.heard() is Activation.ACTIVE
    assert await older.heard() is Activation.OVERTAKEN
    assert not await older.began()
    assert await can_sign_in(desk, older) is SignIn.REFUSED
    assert await can_sign_in(desk, newer) is SignIn.OK_MUST_CHANGE


async def test_a_newer_call_replaces_what_an_older_one_made_active(desk):
    """Heard in order, each in turn is the active one; an abandoned newer one takes nothing away."""
    older, newer = await check(desk, "call-1"), await check(desk, "call-2")
    await older.began()
    assert await older.heard() is Activation.ACTIVE
    await newer.began()
    assert await can_sign_in(desk, older) is SignIn.OK_MUST_CHANGE
    assert await newer.heard() is Activation.ACTIVE
    assert await can_sign_in(desk, older) is SignIn.REFUSED
    assert await can_sign_in(desk, newer) is SignIn.OK_MUST_CHANGE


async def test_many_calls_for_one_account_at_once_leave_one_active_password(database, vault, password_settings):
    """Ten calls checked, begun and heard all at the same moment: the newest is active and works."""
    desk = Desk(database, vault, password_settings, LimitSettings(reissues_day=10))
    calls = await asyncio.gather(*(check(desk, f"call-{number}") for number in range(10)))
    await asyncio.gather(*(new.began() for new in calls))
    heard = await asyncio.gather(*(new.heard() for new in calls))
    assert Activation.ACTIVE in heard
    active = await rows(database, "SELECT call_id FROM passwords WHERE state = 'active' AND call_id IS NOT NULL")
    newest = await rows(database, "SELECT call_id FROM passwords ORDER BY ordinal DESC LIMIT 1")
    assert active == newest
    # The newest first: nine wrong passwords before it would lock the account.
    newest_first = sorted(range(10), key=lambda nth: (f"call-{nth}",) not in newest)
    opens = {nth: await can_sign_in(desk, calls[nth]) is SignIn.OK_MUST_CHANGE for nth in newest_first}
    working = [opens[nth] for nth in range(10)]
    assert working.count(True) == 1
    assert heard[working.index(True)] is Activation.ACTIVE


async def test_a_call_gets_one_password(desk):
    """Once a password was read in a call no second one is issued in it; of two pending ones only one can be read."""
    first, second = await check(desk), await check(desk)
    await first.began()
    with pytest.raises(AlreadyIssued):
        await second.began()
    assert await first.began()
    with pytest.raises(AlreadyIssued):
        await check(desk)
    with pytest.raises(AlreadyIssued):
        await check(desk, number=CHILD)


async def test_a_look_up_thrown_away_leaves_no_trace(desk, database):
    """Nothing is written before it is settled."""
    await desk.look_up(PARENT, InsuranceNumber.parse(NUMBER))
    await desk.look_up(PARENT, InsuranceNumber.parse("9999999999"))
    assert await rows(database, "SELECT count(*) FROM attempts") == [(0,)]
    assert await rows(database, "SELECT count(*) FROM passwords WHERE call_id IS NOT NULL") == [(0,)]


async def test_a_test_phone_gets_passwords_of_sample_members_only(desk, database):
    """A softphone with a real member's number is told the same as one with nobody's."""
    await rows(database, "UPDATE members SET is_sample = false WHERE insurance_number = $1", NUMBER)
    phone = CallerNumber(PARENT.e164, sample_only=True)
    assert await check(desk, caller=phone) is None
    assert await check(desk, caller=phone, number=CHILD) is not None
    assert await check(desk, caller=PARENT) is not None


async def test_the_canary_gets_a_password_whenever_it_rings(desk, database):
    """Its account is nobody's, so no limit of passwords holds for it; for a caller by the trunk it does at once."""
    canary = CallerNumber(PARENT.e164, sample_only=True, canary=True)
    for _ in range(LimitSettings().reissues_day + 1):
        assert await check(desk, caller=canary) is not None
    with pytest.raises(ReissuedTooOften):
        await check(desk, caller=PARENT)


@pytest.mark.parametrize("number", ["", "abc", "0123456788", "0123456789\x00", "\ud800"])
async def test_signing_in_to_nothing_is_refused(desk, number):
    """An unknown or malformed number is refused like a wrong password."""
    assert await desk.sign_in(number, OLD) is SignIn.REFUSED


@pytest.mark.parametrize("password", ["", "1", "\ud800", "\x00", "8765432l"])
async def test_a_wrong_password_is_refused(desk, password):
    """Any text is verified and refused."""
    assert await desk.sign_in(NUMBER, password) is SignIn.REFUSED


async def test_the_database_has_no_whole_number_and_no_password(desk, database):
    """Outside of the members no table has the phone, the insurance number or the digits that were read out."""
    new = await check(desk)
    await new.began()
    await new.heard()
    await check(desk, "call-2", number="9999999999")
    for table in ("passwords", "attempts", "calls", "audit"):
        text = str(await rows(database, f"SELECT t::text FROM {table} AS t"))
        for secret in (new.password.reveal(), "912345678", NUMBER, "9999999999"):
            assert secret not in text


async def test_nothing_shows_the_password(desk, vault, database, password_settings):
    """Neither the parts of a re-issue nor a failure in the middle of one shows a digit."""
    finding = await desk.look_up(PARENT, InsuranceNumber.parse(NUMBER))
    new = await desk.settle(finding, "call-1")
    shown = f"{finding!r} {new!r} {finding.password} {PARENT!r}"
    limited = Desk(database, vault, password_settings, LimitSettings.model_construct(reissues_day=0))
    with pytest.raises(Exception) as caught:
        await check(limited, "call-2")
    shown += "".join(traceback.format_exception(caught.value))
    for secret in (new.password.reveal(), "912345678", NUMBER):
        assert secret not in shown


async def test_a_password_withdrawn_opens_nothing(desk, database):
    """What somebody else may have heard is ended: it opens nothing, the old one stays in force, and it is audited."""
    new = await check(desk)
    await new.began()
    new.withdraw()
    async with asyncio.timeout(5):
        while await can_sign_in(desk, new) is not SignIn.REFUSED:
            await asyncio.sleep(0.05)
    assert await new.heard() is Activation.OVERTAKEN
    assert await desk.sign_in(NUMBER, OLD) is SignIn.OK
    assert ("password-withdrawn",) in await rows(database, "SELECT action FROM audit")


async def test_an_active_password_is_not_withdrawn(desk, database):
    """What was heard in full stays, whatever is told of the line afterwards."""
    new = await check(desk)
    await new.began()
    await new.heard()
    new.withdraw()
    await desk.close()
    assert ("password-withdrawn",) not in await rows(database, "SELECT action FROM audit")
    assert await rows(database, "SELECT state FROM passwords WHERE call_id = 'call-1'") == [("active",)]
