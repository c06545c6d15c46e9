"""Asking for the insurance number: ten or twelve digits, with all the patience of SPEC §2 (Number entry)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.call import Entry, Reason
from hotline.dialogue.choice import choose
from hotline.dialogue.conversation import EndWished, NotHelped, WentBack

if TYPE_CHECKING:
    from hotline.call import Keyed
    from hotline.dialogue.conversation import Conversation
    from hotline.menu import Wait

DIGITS = "0123456789"
RUNNING_ON = 1.5
"""Seconds without a key after which a caller who keys too many digits has come to the end of them."""
MOST_HINTS = 5
"""Hints a caller who keys more than twelve digits gets, before we stop trying."""


async def enter_number(talk: Conversation, already: str = "") -> Keyed:
    """Ask until ten or twelve digits are there; `already` holds digits kept from before.

    Raises:
        WentBack: `*` on nothing.
        NotHelped: too often nothing, nothing more, or too many.
    """
    call, menu = talk.call, talk.hotline.menu
    question: tuple[str, ...] = ("ask-number",)
    silences = hints = 0
    while silences < menu.tries.no_input and hints < MOST_HINTS:
        kept = already
        keyed = await call.ask(*question, entry=insurance_number(menu.wait), already=kept)
        already = ""
        match keyed.reason:
            case Reason.ENTERED | Reason.COMPLETE:
                return keyed
            case Reason.CLEARED:
                silences = 0
                question = ("ask-number",)
            case Reason.BACK:
                raise WentBack
            case Reason.TOO_LONG:
                hints += 1
                # The rest of a card's number would cut the hint, and then count as the next one.
                await call.pass_over_keys(until="#*", quiet=RUNNING_ON)
                question = ("card-hint",)
            case Reason.INCOMPLETE:
                # Slow is not silent: who has added a digit may pause again.
                silences = silences + 1 if keyed.digits == kept else 0
                already = keyed.digits
                question = ("continue-number",)
            case _:
                silences += 1
                question = ("no-input", "ask-number")
    raise NotHelped


async def confirmed(talk: Conversation, digits: str) -> bool:
    """Read the number back and ask whether it is right: 1 yes, 2 or * no, 0 once more, 9 ends.

    The number is read from a nameless file, as it must not stand in the switchboard's log.

    Raises:
        EndWished, NotHelped: as named.
    """
    while True:
        talk.call.forget_keys()
        with talk.hotline.readings.of(digits, "read-back", talk.hotline.menu.reading) as sound:
            await talk.call.read_out(sound)
        match await choose(talk, "1209*", "read-back-ask", "read-back-ask"):
            case "1":
                return True
            case "2" | "*":
                return False
            case "9":
                raise EndWished


def insurance_number(wait: Wait) -> Entry:
    """Return what may be keyed for an insurance number."""
    return Entry(
        keys=DIGITS,
        grace={10: wait.after_ten, 12: wait.after_twelve},
        first=wait.first_digit,
        between=wait.next_digit,
        end="#",
        clear="*",
    )
