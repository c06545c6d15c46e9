"""New passwords: random, and easy to take down by ear (SPEC §4, VOICE)."""

from __future__ import annotations

import secrets
from itertools import pairwise
from typing import TYPE_CHECKING

from hotline.desk.secret import SecretDigits

if TYPE_CHECKING:
    from collections.abc import Collection

    from hotline.settings import PasswordSettings

RUN = 4
"""Digits in a row, each one more or each one less than the one before, that make a password too easy: 1234, 9876.
Runs of three stay: to ban them as well would cost more guesses than it saves."""

SHARED = 5
"""Digits in a row that a password may not share with the caller's numbers. A password as long as this or longer that is
part of such a number shares at least as many; and so does one that is the better part of it."""


class PasswordGenerator:
    """Draws passwords of the length and digits of the settings."""

    def __init__(self, settings: PasswordSettings) -> None:
        self._length = settings.length
        self._digits = settings.digits

    def draw(self, avoid: Collection[str]) -> SecretDigits:
        """Return a new password, as likely as any other that is allowed; `avoid` are the caller's numbers.

        Nine digits of eight symbols without equal neighbours are 46 million.
        """
        while True:
            digits = self._candidate()
            if not has_run(digits) and not any(shares(digits, number) for number in avoid):
                return SecretDigits(digits)

    def _candidate(self) -> str:
        """Return digits no two neighbours of which are equal: heard twice or once, nobody could tell."""
        digits = secrets.choice(self._digits)
        while len(digits) < self._length:
            digits += secrets.choice(self._digits.replace(digits[-1], ""))
        return digits


def has_run(digits: str) -> bool:
    """Tell whether `RUN` digits in a row go up or down one by one. 9 and 0 are no neighbours."""
    steps = [int(after) - int(before) for before, after in pairwise(digits)]
    wanted = RUN - 1
    return any(
        steps[start : start + wanted] in ([1] * wanted, [-1] * wanted) for start in range(len(steps) - wanted + 1)
    )


def shares(digits: str, number: str) -> bool:
    """Tell whether `digits` and `number` share `SHARED` digits in a row."""
    return any(digits[start : start + SHARED] in number for start in range(len(digits) - SHARED + 1))
