"""The re-issue: ask for the number, check the pair, read the new password twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.call import Reason
from hotline.desk import AlreadyIssued, InsuranceNumber, ReissuedTooOften, TooManyFailures
from hotline.dialogue.number_entry import DIGITS, confirmed, enter_number
from hotline.dialogue.password import read_again_on_wish, read_twice
from hotline.dialogue.safe_line import require_safe_line
from hotline.menu import steps
from hotline.records.outcomes import CallOutcome

if TYPE_CHECKING:
    from hotline.desk import Finding
    from hotline.dialogue.conversation import Conversation


async def reissue(talk: Conversation) -> None:
    """Give the caller a new password, or say why not.

    Raises:
        WentBack: the caller wants the menu again.
        EndWished: the caller wants to end, or was told that the line is not safe.
        NotHelped: no number could be had.
        RecordsUnavailable: the database is away; nothing was counted.
    """
    call, desk, tries = talk.call, talk.hotline.desk, talk.hotline.menu.tries
    await require_safe_line(talk, both_ways=False)
    while talk.numbers < tries.numbers:
        call.reached(steps.REISSUE)
        finding = await look_up(talk)
        talk.numbers += 1
        call.forget_keys()
        # Now, before anything is counted against whoever the caller claims to be.
        await require_safe_line(talk)
        try:
            new = await call.cover(desk.settle(finding, call.id), "check")
            if new is not None:
                await read_twice(talk, new)
        except AlreadyIssued:
            # No key leads here a second time: it takes a call that is handed to us twice under one id.
            call.outcome = call.outcome or CallOutcome.ALREADY_ISSUED
            await call.say("already-issued", keys="")
            return
        except ReissuedTooOften:
            call.outcome = CallOutcome.REISSUED_OFTEN
            await call.say("reissued-often", keys="")
            return
        except TooManyFailures as limit:
            call.outcome = call.outcome or CallOutcome.REFUSED
            await call.say(f"caller-limit-{limit.kind}", keys="")
            break
        if new is not None:
            await read_again_on_wish(talk, new)
            return
        call.reached("mismatch")
        call.outcome = CallOutcome.MISMATCH
        await call.say("mismatch")
        if talk.numbers < tries.numbers and not await may_try_again(talk):
            break
    call.forget_keys()
    await call.say("other-ways")


async def may_try_again(talk: Conversation) -> bool:
    """Tell the caller whose failures are enough for now, before another number is keyed in vain."""
    try:
        await talk.call.cover(talk.hotline.desk.admit(talk.caller), "check")
    except TooManyFailures as limit:
        await talk.call.say(f"caller-limit-{limit.kind}", keys="")
        return False
    return True


async def look_up(talk: Conversation) -> Finding:
    """Have one number keyed and look the pair up behind one fixed prompt; nothing is written yet.

    From the second number of a call on it is read back first. Who goes on keying ten digits without `#` meanwhile had
    not finished: the look-up is void and the digits are added.
    """
    call, desk = talk.call, talk.hotline.desk
    already = ""
    while True:
        keyed = await enter_number(talk, already)
        already = ""
        finished = keyed.reason is Reason.ENTERED
        if talk.numbers > 0:
            finished = await confirmed(talk, keyed.digits)
            if not finished:
                continue
        call.reached("check")
        finding = await call.bridge(desk.look_up(talk.caller, InsuranceNumber.parse(keyed.digits)), "check")
        if finished or not call.keyed_ahead(DIGITS):
            return finding
        already = keyed.digits
