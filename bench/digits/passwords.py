"""Passwords by the rules of the real generator, the same ones for the same seed."""

from __future__ import annotations

import random

from hotline.desk.generator import has_run

LENGTH = 9
ALL = "0123456789"


def draw(digits: str, count: int, seed: int) -> list[str]:
    """Return `count` numbers of nine of `digits`: no equal neighbours, no runs (SPEC §4), as `PasswordGenerator` draws.

    They are sounds to measure and nobody's passwords: whoever has the seed has them.
    """
    rng = random.Random(f"{seed} {digits}")  # noqa: S311 - to be drawn again is what they are for
    drawn: list[str] = []
    while len(drawn) < count:
        number = rng.choice(digits)
        while len(number) < LENGTH:
            number += rng.choice(digits.replace(number[-1], ""))
        if not has_run(number):
            drawn.append(number)
    return drawn
