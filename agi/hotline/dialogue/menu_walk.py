"""The walk through the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.call import Entry, Reason
from hotline.dialogue import outcomes
from hotline.dialogue.number_entry import NotHelped, WentBack
from hotline.dialogue.reissue import reissue
from hotline.menu import Again, End, GoTo, Reissue, Say

if TYPE_CHECKING:
    from hotline.call import Call
    from hotline.desk import CallerNumber
    from hotline.dialogue.hotline import Hotline
    from hotline.menu import Action, Branch, Tries, Wait


async def walk(call: Call, hotline: Hotline, caller: CallerNumber) -> None:
    """Lead the caller through the menu until one of its ends."""
    try:
        await _walk(call, hotline, caller)
    except NotHelped:
        call.outcome = outcomes.NOT_HELPED
        await call.say(hotline.menu.give_up)


async def _walk(call: Call, hotline: Hotline, caller: CallerNumber) -> None:
    menu = hotline.menu
    here = menu.menu[menu.start]
    words = here.prompt
    misses = Misses(menu.tries)
    call.reached("menu")
    while True:
        match await choice(call, here, words, menu.wait, misses):
            case Reissue():
                try:
                    return await reissue(call, hotline, caller)
                except WentBack:
                    words = here.again
            case GoTo(name):
                here = menu.menu[name]
                words = here.prompt
                call.reached(name)
            case Say(prompt):
                call.reached(prompt)
                await call.say(prompt)
                words = here.again
            case Again():
                words = here.again
            case End():
                call.outcome = outcomes.ENDED
                return None


async def choice(call: Call, here: Branch, words: str, wait: Wait, misses: Misses) -> Action:
    """Ask with the prompt `words` until one of the menu's keys is pressed.

    Raises:
        NotHelped: too often none, or another.
    """
    question: tuple[str, ...] = (words,)
    while True:
        keyed = await call.ask(*question, entry=one_key_of(here, wait))
        match keyed.reason:
            case Reason.COMPLETE:
                return here.action(keyed.digits)
            case Reason.NO_INPUT:
                misses.no_input()
                question = ("no-input", here.again)
            case _:
                misses.no_match()
                question = ("no-match", here.again)


class Misses:
    """Counts, over a whole call, how often nothing was keyed and how often a key that leads nowhere."""

    def __init__(self, tries: Tries) -> None:
        self._no_inputs = tries.no_input
        self._no_matches = tries.no_match

    def no_input(self) -> None:
        """Count a time without a key."""
        self._no_inputs -= 1
        self._enough(self._no_inputs)

    def no_match(self) -> None:
        """Count a key that leads nowhere."""
        self._no_matches -= 1
        self._enough(self._no_matches)

    @staticmethod
    def _enough(left: int) -> None:
        if left <= 0:
            raise NotHelped


def one_key_of(menu: Branch, wait: Wait) -> Entry:
    """Return what may be keyed in `menu`: one of its keys; a `#` left over from a number means nothing."""
    return Entry(keys="".join(menu.keys), grace={1: 0}, first=wait.menu_key, between=wait.menu_key, end="#")
