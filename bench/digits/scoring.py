"""What was said beside what was heard: which word stands for which, and how often a digit was not heard as itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SUBSTITUTED, _MISSED, _ADDED = 1, 1, 1
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """How often something happened.

    Attributes:
        times: that it did.
        of: how often it could have.
    """

    times: int
    of: int

    @property
    def rate(self) -> float:
        """From 0 to 1; nan where it could not happen."""
        return self.times / self.of if self.of else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval, which holds near 0 and for few trials."""
        if not self.of:
            return 0.0, 1.0
        z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
        middle = (self.rate + z * z / (2 * self.of)) / (1 + z * z / self.of)
        reach = z * sqrt(self.rate * (1 - self.rate) / self.of + (z / (2 * self.of)) ** 2) / (1 + z * z / self.of)
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.rate:.1f} %  [{100 * low:.1f}, {100 * high:.1f}]  {self.times} of {self.of}"


def aligned(said: Sequence[str], heard: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Return the pairs of the cheapest alignment (edit distance of words).

    A pair without a first word was heard without being said; one without a second was said and not heard. Of equally
    cheap alignments, the one that pairs words with words.
    """
    cost = [[_ADDED * column for column in range(len(heard) + 1)]]
    for row, word in enumerate(said, 1):
        cost.append([_MISSED * row])
        for column, other in enumerate(heard, 1):
            cost[row].append(
                min(
                    cost[row - 1][column - 1] + (word != other) * _SUBSTITUTED,
                    cost[row - 1][column] + _MISSED,
                    cost[row][column - 1] + _ADDED,
                )
            )
    pairs: list[tuple[str | None, str | None]] = []
    row, column = len(said), len(heard)
    while row or column:
        here = cost[row][column]
        if row and column and here == cost[row - 1][column - 1] + (said[row - 1] != heard[column - 1]) * _SUBSTITUTED:
            row, column = row - 1, column - 1
            pairs.append((said[row], heard[column]))
        elif row and here == cost[row - 1][column] + _MISSED:
            row -= 1
            pairs.append((said[row], None))
        else:
            column -= 1
            pairs.append((None, heard[column]))
    return pairs[::-1]
