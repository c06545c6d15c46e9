"""One key out of a few."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.call import Entry, Reason

if TYPE_CHECKING:
    from hotline.dialogue.conversation import Conversation


async def choose(talk: Conversation, keys: str, words: str, again: str) -> str:
    """Ask with the prompt `words`, and then with `again`, until one of `keys` is pressed; return it.

    Pressed twice it is pressed once: “88” does not put an 8 before the insurance number.

    Raises:
        NotHelped: too often none, or another.
    """
    question: tuple[str, ...] = (words,)
    while True:
        keyed = await talk.call.ask(*question, entry=one_of(keys, talk.hotline.menu.wait.menu_key))
        match keyed.reason:
            case Reason.COMPLETE:
                talk.call.pass_over_repeat()
                return keyed.digits
            case Reason.NO_INPUT:
                talk.misses.no_input()
                question = ("no-input", again)
            case _:
                talk.misses.no_match()
                question = ("no-match", again)


def one_of(keys: str, seconds: float) -> Entry:
    """Return what may be keyed where one of `keys` is asked for; a `#` left over from a number means nothing."""
    return Entry(keys=keys, grace={1: 0}, first=seconds, between=seconds, end="#")
