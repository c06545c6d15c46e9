"""The password read out: twice, and again on wish (SPEC §2 and §4)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hotline.call import Reason
from hotline.desk import Activation
from hotline.dialogue.choice import one_of
from hotline.dialogue.conversation import EndWished
from hotline.dialogue.safe_line import read_out_safely
from hotline.records.outcomes import CallOutcome

if TYPE_CHECKING:
    from hotline.desk import Reissue
    from hotline.dialogue.conversation import Conversation

SETTLED = 1.0
"""Seconds after the repeat in which the activation must be known; then the caller is told that it is not."""
LEAST_WAIT = 1.5
"""Seconds that a caller has to ask for another reading, at least."""


async def read_twice(talk: Conversation, new: Reissue) -> None:
    """Read the password and repeat it; once read in full it becomes active, whatever happens next (SPEC §4).

    Read in full to somebody: into a line from which nothing comes, not even the noise of a room, it stays pending, and
    the old one in force. Whoever heard it all the same has made it active when they sign in with it.

    Raises:
        AlreadyIssued: another password was read in this call.
        EndWished: it can't be read, not into this line, or is not known to count; the caller was told.
    """
    call, menu = talk.call, talk.hotline.menu
    if not await call.cover(new.began(), "check"):
        call.outcome = CallOutcome.OVERTAKEN
        await call.say("overtaken", keys="")
        raise EndWished
    digits = new.password.reveal()
    call.reached("reading")
    with talk.hotline.readings.of(digits, "new-password", menu.reading) as sound:
        heard = await read_out_safely(talk, sound, new.withdraw)
    call.reached("heard" if heard else "unheard")
    # It goes on by itself if the caller hangs up now.
    activation = asyncio.ensure_future(new.heard()) if heard else None
    try:
        if await repeat(talk, digits) and activation is None:
            activation = asyncio.ensure_future(new.heard())
    finally:
        known = Activation.UNKNOWN if activation is None else await _known(activation)
        call.outcome, words = _WHAT_BECAME_OF_IT[known]
    if words:
        await call.say(words, keys="")
        raise EndWished


async def repeat(talk: Conversation, digits: str) -> bool:
    """Read the digits once more, with time to write; return whether somebody was there.

    Raises:
        EndWished: not into this line; the caller was told.
    """
    with talk.hotline.readings.of(digits, "repeat-password", talk.hotline.menu.repeat) as sound:
        heard = await read_out_safely(talk, sound)
    talk.call.reached("repeat")
    return heard


async def read_again_on_wish(talk: Conversation, new: Reissue) -> None:
    """Offer more readings on 1 (or 0), as long as the caller wants them, up to a limit; then advice.

    Who does nothing is not kept into another billed minute.
    """
    call, menu = talk.call, talk.hotline.menu
    wait = menu.wait.menu_key
    readings, strays = menu.tries.rereadings, 0
    while readings > 0:
        left = call.paid_seconds_left() - call.length("after-reading", "farewell")
        keyed = await call.ask("after-reading", entry=one_of("109", min(wait, max(LEAST_WAIT, left))))
        if keyed.reason is Reason.NO_INPUT or keyed.digits == "9":
            break
        if keyed.reason is not Reason.COMPLETE:
            strays += 1
            if strays == menu.tries.no_match:
                break
            continue
        await repeat(talk, new.password.reveal())
        readings -= 1
    if readings < menu.tries.rereadings or call.paid_seconds_left() > call.length("advice", "farewell"):
        await call.say("advice")


async def _known(activation: asyncio.Future[Activation]) -> Activation:
    done, _ = await asyncio.wait({activation}, timeout=SETTLED)
    return activation.result() if done else Activation.UNKNOWN


_WHAT_BECAME_OF_IT: dict[Activation, tuple[CallOutcome, str]] = {
    Activation.ACTIVE: (CallOutcome.REISSUED, ""),
    Activation.OVERTAKEN: (CallOutcome.OVERTAKEN, "overtaken"),
    Activation.UNKNOWN: (CallOutcome.NOT_ACTIVATED, "not-activated"),
}
"""The outcome of a call whose password was heard, and what its caller is told of it; nothing if all is well."""
