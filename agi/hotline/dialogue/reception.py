"""The whole call: the door, the price, the menu, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from hotline.desk import (
    CallerForeign,
    CallerNumber,
    CallerRefused,
    CallerUnasserted,
    CallerWithheld,
    Overloaded,
    RecordsUnavailable,
    TooManyFailures,
    caller_number,
    dialled,
)
from hotline.dialogue.conversation import Conversation, Misses
from hotline.dialogue.key_check import KEY_CHECK, check_keys
from hotline.dialogue.menu_walk import walk
from hotline.menu import steps
from hotline.records.outcomes import CallOutcome

if TYPE_CHECKING:
    from hotline.call import Call
    from hotline.dialogue.hotline import Hotline

log = structlog.get_logger()

NOT_TOLD = {
    CallerWithheld: "caller-withheld",
    CallerForeign: "caller-foreign",
    CallerUnasserted: "caller-unasserted",
}
"""What is said to who can't be told from their number."""


async def converse(call: Call, hotline: Hotline) -> None:
    """Hold the conversation of one call, from the first ring to the hang-up (SPEC §2).

    Raises:
        CallerGone: the caller hung up.
        SoundFailed: a prompt could not be played.
        LineFailed: the switchboard did not do its part.
    """
    caller = await at_the_door(call, hotline)
    if caller is not None:
        await (check_keys(call, hotline) if tests_keys(call) else take(call, hotline, caller))
    await call.hang_up()


def tests_keys(call: Call) -> bool:
    """Return whether this is a tester who wants to know which keys arrive; nothing is looked up in such a call."""
    return dialled(call.arguments) == KEY_CHECK


async def at_the_door(call: Call, hotline: Hotline) -> CallerNumber | None:
    """Tell who is calling; turn away, before the answer and so free of charge, who can't be served (SPEC §3)."""
    call.reached(steps.DOOR)
    if closed := hotline.menu.closed_at(hotline.now()):
        await turn_away(call, closed, CallOutcome.CLOSED)
        return None
    try:
        caller = caller_number(call.arguments, test_phones=hotline.test_phones, canary=hotline.canary)
        if not tests_keys(call):
            await hotline.desk.admit(caller)
    except CallerRefused as refused:
        log.info("caller_refused", why=str(refused))
        await turn_away(call, NOT_TOLD[type(refused)])
    except TooManyFailures as limit:
        await turn_away(call, f"caller-limit-{limit.kind}")
    except RecordsUnavailable:
        await turn_away(call, "busy", CallOutcome.BUSY)
    else:
        return caller
    return None


async def turn_away(call: Call, reason: str, outcome: CallOutcome = CallOutcome.REFUSED) -> None:
    """Say why in early media; the call is never answered."""
    call.outcome = outcome
    await call.open_early()
    await call.say(reason, keys="")


async def take(call: Call, hotline: Hotline, caller: CallerNumber) -> None:
    """Tell of an emergency and the price, answer, and go through the menu."""
    emergency = hotline.menu.emergency_at(hotline.now())
    early = [emergency.prompt] if emergency and emergency.said == "before-answer" else []
    early += ["notice"] if hotline.notice == "early" else []
    if early:
        await call.open_early()
        await call.say(*early)
    await call.answer()
    call.reached(steps.ANSWER)
    if hotline.notice == "answered":
        await call.say("notice")
    if emergency and emergency.said == "before-menu":
        await call.say(emergency.prompt)
    try:
        await walk(Conversation(call, hotline, caller, Misses(hotline.menu.tries)))
    except (RecordsUnavailable, Overloaded):
        call.outcome = CallOutcome.BUSY
        call.forget_keys()
        await call.say("busy", keys="")
    # The short form when the long one would cost another minute; never a bare hang-up.
    words = "goodbye" if call.paid_seconds_left() > call.length("goodbye") else "farewell"
    await call.say(words, keys="")
