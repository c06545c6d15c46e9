"""Collecting keys: a pure state machine, without clock or line.

Feed it keys with `press`; when `patience` seconds have passed without one, tell it with `give_up`. Either returns the
result once there is one. Its user counts the seconds from the end of the prompt and tells them to `pass_time`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Reason(Enum):
    """Why collecting ended."""

    ENTERED = auto()
    """A whole answer, ended by the end key."""
    COMPLETE = auto()
    """A whole answer, and no further key came in its grace."""
    INCOMPLETE = auto()
    """Too few keys, and the time passed or the end key came; what was keyed is kept."""
    NO_INPUT = auto()
    """No key at all in time."""
    NO_MATCH = auto()
    """A key that means nothing here."""
    CLEARED = auto()
    """The clear key after digits."""
    BACK = auto()
    """The clear key on nothing."""
    TOO_LONG = auto()
    """More keys than any answer has."""


@dataclass(frozen=True)
class Keyed:
    """What the caller keyed. `digits` is left out of `repr`: no keyed digit is ever logged."""

    digits: str = field(repr=False)
    reason: Reason


@dataclass(frozen=True)
class Entry:
    """What a caller may key, and how long we wait.

    Attributes:
        keys: the keys an answer is made of.
        grace: length of a whole answer → seconds to wait for further keys before it is accepted; 0 is at once.
        first: seconds for the first key.
        between: seconds between two keys.
        end: keys that end an answer; on nothing they mean nothing (a late `#` is swallowed).
        clear: keys that clear the answer, or go back when there is none.
        total: seconds for all of it, whatever is keyed meanwhile.
    """

    keys: str
    grace: Mapping[int, float]
    first: float
    between: float
    end: str = ""
    clear: str = ""
    total: float = math.inf

    @property
    def meaningful(self) -> str:
        """Keys that say something on their own, so that a prompt stops for them."""
        return self.keys + self.clear


class Collector:
    """Collects the keys of one `Entry`; `already` holds digits kept from before."""

    def __init__(self, entry: Entry, already: str = "") -> None:
        self._entry = entry
        self._digits = already
        self._passed = 0.0

    @property
    def patience(self) -> float:
        """Seconds the next key may take."""
        entry = self._entry
        wait = entry.grace.get(len(self._digits), entry.between) if self._digits else entry.first
        return max(0.0, min(wait, entry.total - self._passed))

    def pass_time(self, seconds: float) -> None:
        """Take note that `seconds` have passed, with or without a key at their end."""
        self._passed += seconds

    def press(self, key: str) -> Keyed | None:
        """Take in a key; return the result once there is one."""
        entry = self._entry
        if key in entry.keys:
            self._digits += key
            if len(self._digits) > max(entry.grace):
                return self._result(Reason.TOO_LONG)
            return self._result(Reason.COMPLETE) if entry.grace.get(len(self._digits)) == 0 else None
        if key in entry.end:
            if not self._digits:
                return None
            return self._result(Reason.ENTERED if len(self._digits) in entry.grace else Reason.INCOMPLETE)
        if key in entry.clear:
            return Keyed("", Reason.CLEARED if self._digits else Reason.BACK)
        return self._result(Reason.NO_MATCH)

    def give_up(self) -> Keyed:
        """Return the result when no key came within `patience`."""
        if not self._digits:
            return self._result(Reason.NO_INPUT)
        return self._result(Reason.COMPLETE if len(self._digits) in self._entry.grace else Reason.INCOMPLETE)

    def _result(self, reason: Reason) -> Keyed:
        return Keyed(self._digits, reason)
