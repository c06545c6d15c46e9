"""Callers who take long: they let waits pass, or key one wrong number after another; all side by side, to be quick."""

import pytest

from hotline.phone import NotInTime

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG = "9876543210"


async def nothing_keyed(ringer, written):
    """Silence gets the long menu, then the other ways to a password; never a bare hang-up."""
    await ringer.reach()
    for prompt in ("no-input", "menu-help", "no-input", "menu-help", "other-ways"):
        await ringer.caller.hears(prompt, within=20)
    await ringer.caller.press("1")
    assert (await ringer.caller.hears_end("goodbye")).complete
    assert not (await ringer.caller.closed()).by_us
    assert await written.outcome(ringer.phone) == "not-helped"


async def too_few_digits(ringer, written):
    """A caller who stops half way is asked to go on, and goes on where they were."""
    await ringer.enter(ringer.number[:6])
    await ringer.caller.hears("continue-number")
    await ringer.caller.press(ringer.number[6:] + "#")
    await ringer.caller.hears("repeat-password", within=30)
    await ringer.caller.hang_up()
    assert await written.outcome(ringer.phone) == "reissued"


async def ten_digits_without_the_end_key(ringer, written):
    """Who forgets the # is served after a moment."""
    await ringer.enter(ringer.number)
    await ringer.caller.hears("repeat-password", within=30)
    await ringer.caller.hang_up()
    assert await written.outcome(ringer.phone) == "reissued"


async def digits_during_the_check(ringer, written):
    """Who pauses after ten digits of twelve: the look-up is void, uncounted, and the twelve are looked up."""
    await ringer.enter("001300112233"[:10])
    await ringer.caller.hears("check")
    await ringer.caller.press("33#")
    assert (await ringer.caller.hears_end("check")).complete
    await ringer.caller.hears("check")
    await ringer.caller.hears("repeat-password", within=30)
    await ringer.caller.hang_up()
    assert await written.outcome(ringer.phone) == "reissued"
    assert await written.attempts(ringer.phone) == 1


async def three_numbers(ringer, written):
    """The second and third number are read back; after the third the caller hears the other ways, not a hang-up."""
    await ringer.enter(WRONG + "#")
    for _ in range(2):
        await ringer.caller.hears("mismatch")
        await ringer.caller.hears("ask-number")
        await ringer.caller.press(WRONG + "#")
        assert await ringer.caller.hears_digits(10) == WRONG
        await ringer.caller.hears("read-back-ask")
        await ringer.caller.press("1")
    await ringer.caller.hears("mismatch")
    await ringer.caller.hears("other-ways")
    await ringer.caller.press("0")
    try:
        end = await ringer.caller.hears_end("goodbye")
    except NotInTime:  # a busy machine says the check twice, and then the paid minute has room for the short word only
        end = await ringer.caller.hears_end("farewell")
    assert end.complete
    assert not (await ringer.caller.closed()).by_us
    assert await written.outcome(ringer.phone) == "mismatch"
    assert await written.attempts(ringer.phone) == 3


async def test_who_takes_long_is_helped_on(hasty_service, ring, written, side_by_side):
    """One caller keys nothing at all, three stop in or right after their number, and one never has the right one."""
    silent, halting, forgetful, pausing, unlucky = [await ring(member) for member in (8, 4, 7, 6, 5)]
    await side_by_side(
        nothing_keyed(silent, written),
        too_few_digits(halting, written),
        ten_digits_without_the_end_key(forgetful, written),
        digits_during_the_check(pausing, written),
        three_numbers(unlucky, written),
    )
