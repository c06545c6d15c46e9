"""Asking for the insurance number: ten or twelve digits, with all the patience of SPEC §2 (Number entry)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.call import Entry, Reason

if TYPE_CHECKING:
    from hotline.call import Call, Keyed
    from hotline.dialogue.hotline import Hotline
    from hotline.menu import Wait

DIGITS = "0123456789"
MOST_HINTS = 5
"""Hints a caller who keys more than twelve digits gets, before we stop trying."""


class WentBack(Exception):
    """The caller pressed `*` on nothing: back to the menu."""


class NotHelped(Exception):
    """The caller keyed nothing, or nothing of use, too often."""


async def enter_number(call: Call, hotline: Hotline, already: str = "") -> Keyed:
    """Ask until ten or twelve digits are there; `already` holds digits kept from before.

    Raises:
        WentBack: `*` on nothing.
        NotHelped: too often nothing, too few or too many.
    """
    menu = hotline.menu
    question: tuple[str, ...] = ("ask-number",)
    silences = hints = 0
    while True:
        keyed = await call.ask(*question, entry=insurance_number(menu.wait), already=already)
        already = ""
        match keyed.reason:
            case Reason.ENTERED | Reason.COMPLETE:
                return keyed
            case Reason.CLEARED:
                question = ("ask-number",)
            case Reason.BACK:
                raise WentBack
            case Reason.TOO_LONG:
                hints += 1
                question = ("card-hint",)
                call.forget_keys()
            case Reason.INCOMPLETE:
                silences += 1
                already = keyed.digits
                question = ("continue-number",)
            case _:
                silences += 1
                question = ("no-input", "ask-number")
        if silences >= menu.tries.no_input or hints >= MOST_HINTS:
            raise NotHelped


async def confirmed(call: Call, hotline: Hotline, digits: str) -> bool:
    """Read the number back and ask whether it is right; no answer is taken as yes.

    The number is read from a nameless file, as it must not stand in the switchboard's log.
    """
    menu = hotline.menu
    call.forget_keys()
    with hotline.readings.of(digits, "read-back", menu.reading) as sound:
        await call.read_out(sound)
    either = Entry(keys="12", grace={1: 0}, first=menu.wait.menu_key, between=menu.wait.menu_key, end="#")
    keyed = await call.ask("read-back-ask", entry=either)
    return keyed.digits != "2"


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
