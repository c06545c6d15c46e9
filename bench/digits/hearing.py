"""One reading heard: drawn, composed as a call composes it, carried over a line, recognised, and scored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.digits.ear import spelt
from bench.digits.scoring import aligned
from hotline.prompts import compose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.digits.ear import Ear
    from bench.digits.line import Line
    from hotline.menu import Menu, Pace
    from hotline.prompts import Library, Script


class Reading(StrEnum):
    """Which of the two readings of a call."""

    FIRST = "first"
    SECOND = "second"


LEADS: Final = {Reading.FIRST: "new-password", Reading.SECOND: "repeat-password"}
"""The prompt before each."""


@dataclass(frozen=True)
class Heard:
    """One digit of one reading, or one that was heard without being said.

    Attributes:
        line: name of the condition.
        digits: those the password was drawn from.
        reading: which of the two.
        password: its number in its draw, from 0.
        place: of the digit in it, from 0; None for one that was not said.
        said: the digit; None for one that was not said.
        heard: the word heard in its place; None where nothing was.
        as_digit: the digit that word is, if it is one.
    """

    line: str
    digits: str
    reading: Reading
    password: int
    place: int | None
    said: str | None
    heard: str | None
    as_digit: str | None

    @property
    def right(self) -> bool:
        """Whether a digit was heard as itself."""
        return self.said is not None and self.said == self.as_digit


class Listener:
    """Hears readings and tells what became of their digits.

    Args:
        ear: who hears.
        library: the built prompts.
        script: their words.
        menu: with the paces of both readings.
        seed: for the losses and the noise of the lines.
    """

    def __init__(self, ear: Ear, library: Library, script: Script, menu: Menu, seed: int) -> None:
        self._ear = ear
        self._library = library
        self._paces: Mapping[Reading, Pace] = {Reading.FIRST: menu.reading, Reading.SECOND: menu.repeat}
        self._leads = {reading: spelt(script.prompts[lead].spoken) for reading, lead in LEADS.items()}
        self._words = dict(script.digits)
        self._digits = {word: digit for digit, word in script.digits.items()}
        self._seed = seed

    def hear(self, line: Line, digits: str, nth: int, password: str, reading: Reading) -> list[Heard]:
        """Return what became of each digit of `password`, the `nth` drawn from `digits`, in one reading of it."""
        pace = self._paces[reading]
        sent = compose(self._library, LEADS[reading], password, digit_gap=pace.digit_gap, group_gap=pace.group_gap)
        # Each reading has packets lost and noise of its own, the same ones in every run, in whatever order.
        rng = np.random.default_rng([self._seed, nth, len(digits), *line.name.encode(), *reading.encode()])
        words = self._ear.words(line.carry(sent, rng))
        lead = self._leads[reading]
        pairs = aligned([*lead, *(self._words[digit] for digit in password)], words)
        found, place = [], -len(lead)
        for said, heard in pairs:
            as_digit = self._digits.get(heard or "")
            if said is None:
                # Words that are no digits are no mistake of the listener's: nobody writes them down.
                if as_digit is not None:
                    found.append(Heard(line.name, digits, reading, nth, None, None, heard, as_digit))
                continue
            if place >= 0:
                found.append(Heard(line.name, digits, reading, nth, place, self._digits[said], heard, as_digit))
            place += 1
        return found
