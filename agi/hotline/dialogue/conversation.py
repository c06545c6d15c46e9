"""What one conversation carries along, and the ways out of a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotline.call import Call
    from hotline.desk import CallerNumber
    from hotline.dialogue.hotline import Hotline
    from hotline.menu import Tries


class WentBack(Exception):
    """The caller pressed `*` on nothing: back to the menu."""


class EndWished(Exception):
    """The caller pressed `9`: a polite end."""


class NotHelped(Exception):
    """The caller keyed nothing, or nothing of use, too often."""


class Misses:
    """Counts, over a whole call, how often nothing was keyed and how often a key that leads nowhere."""

    def __init__(self, tries: Tries) -> None:
        self._no_inputs = tries.no_input
        self._no_matches = tries.no_match

    def no_input(self) -> None:
        """Count a time without a key. Raises: NotHelped."""
        self._no_inputs -= 1
        self._enough(self._no_inputs)

    def no_match(self) -> None:
        """Count a key that leads nowhere. Raises: NotHelped."""
        self._no_matches -= 1
        self._enough(self._no_matches)

    @staticmethod
    def _enough(left: int) -> None:
        if left <= 0:
            raise NotHelped


@dataclass
class Conversation:
    """One caller's conversation.

    Attributes:
        call: the line to the caller.
        hotline: what all conversations share.
        caller: who is calling.
        misses: of this call.
        numbers: insurance numbers checked so far.
    """

    call: Call
    hotline: Hotline
    caller: CallerNumber
    misses: Misses
    numbers: int = 0
