"""The re-issue: ask for the number, check the pair, read the new password twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hotline.call import Entry, Reason
from hotline.desk import InsuranceNumber, ReissuedTooOften, TooManyFailures
from hotline.dialogue import outcomes
from hotline.dialogue.number_entry import DIGITS, confirmed, enter_number

if TYPE_CHECKING:
    from hotline.call import Call
    from hotline.desk import CallerNumber, Finding, Reissue
    from hotline.dialogue.hotline import Hotline


async def reissue(call: Call, hotline: Hotline, caller: CallerNumber) -> None:
    """Give the caller a new password, or say why not.

    Raises:
        WentBack: the caller wants the menu again.
        NotHelped: no number could be had.
        RecordsUnavailable: the database is away; nothing was counted.
    """
    for attempt in range(1, hotline.menu.tries.numbers + 1):
        call.reached("number")
        finding = await look_up(call, hotline, caller, read_back=attempt > 1)
        call.forget_keys()
        try:
            new = await hotline.desk.settle(finding, call.id)
        except ReissuedTooOften:
            call.outcome = outcomes.REISSUED_OFTEN
            await call.say("reissued-often")
            return
        except TooManyFailures as limit:
            await call.say(f"caller-limit-{limit.kind}")
            return
        if new is not None:
            await read_twice(call, hotline, new)
            return
        call.reached("mismatch")
        call.outcome = outcomes.MISMATCH
        await call.say("mismatch")
    await call.say("other-ways")


async def look_up(call: Call, hotline: Hotline, caller: CallerNumber, *, read_back: bool) -> Finding:
    """Have one number keyed and look the pair up behind one fixed prompt; nothing is written yet.

    Who goes on keying meanwhile had not finished: the look-up is void and the digits are added.
    """
    already = ""
    while True:
        keyed = await enter_number(call, hotline, already)
        already = ""
        if read_back and not await confirmed(call, hotline, keyed.digits):
            continue
        call.reached("check")
        finding = await call.bridge(hotline.desk.look_up(caller, InsuranceNumber.parse(keyed.digits)), "check")
        if keyed.reason is Reason.ENTERED or not call.keyed_ahead(DIGITS):
            return finding
        already = keyed.digits


async def read_twice(call: Call, hotline: Hotline, new: Reissue) -> None:
    """Read the password and repeat it; once read in full it becomes active, whatever happens next (SPEC §4)."""
    if not await new.began():
        call.outcome = outcomes.OVERTAKEN
        await call.say("overtaken")
        return
    digits = new.password.reveal()
    call.reached("reading")
    with hotline.readings.of(digits, "new-password", hotline.menu.reading) as sound:
        await call.read_out(sound)
    call.reached("heard")
    activation = asyncio.create_task(new.heard())
    try:
        await repeat(call, hotline, digits)
    finally:
        active = await asyncio.shield(activation)
        call.outcome = outcomes.REISSUED if active else outcomes.NOT_ACTIVATED
    if not active:
        await call.say("not-activated", keys="")
        return
    await read_again_on_wish(call, hotline, digits)


async def repeat(call: Call, hotline: Hotline, digits: str) -> None:
    """Read the digits once more, with time to write."""
    with hotline.readings.of(digits, "repeat-password", hotline.menu.repeat) as sound:
        await call.read_out(sound)
    call.reached("repeat")


async def read_again_on_wish(call: Call, hotline: Hotline, digits: str) -> None:
    """Offer more readings, as long as the caller wants them, up to a limit."""
    menu = hotline.menu
    wish = Entry(keys="1", grace={1: 0}, first=menu.wait.menu_key, between=menu.wait.menu_key, end="#")
    for _ in range(menu.tries.rereadings):
        keyed = await call.ask("after-reading", entry=wish)
        if keyed.reason is not Reason.COMPLETE:
            break
        await repeat(call, hotline, digits)
    await call.say("advice")
