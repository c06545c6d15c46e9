"""Medians with intervals: percentile bootstrap, from a fixed seed so that the same samples give the same figures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

RESAMPLES = 10_000
CONFIDENCE = 0.95
SEED = 2025


@dataclass(frozen=True)
class Difference:
    """A difference of two medians with its interval, in the unit of the samples.

    Attributes:
        estimate: of the samples themselves.
        low: lower end of the 95 % interval.
        high: upper end of it.
    """

    estimate: float
    low: float
    high: float

    def within(self, bound: float) -> bool:
        """Tell whether the whole interval lies within ±`bound`."""
        return -bound <= self.low and self.high <= bound

    @property
    def reach(self) -> float:
        """How far from zero the interval reaches."""
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True)
class Median:
    """A median with its interval, in the unit of the samples.

    Attributes:
        estimate: of the samples themselves.
        low: lower end of the 95 % interval.
        high: upper end of it.
    """

    estimate: float
    low: float
    high: float


def median(samples: Sequence[float]) -> Median:
    """Return the median of `samples` with its interval."""
    resampled = _resampled(np.random.default_rng(SEED), samples)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, (tail, 1 - tail))
    return Median(float(np.median(samples)), float(low), float(high))


def difference(samples: Sequence[float], reference: Sequence[float]) -> Difference:
    """Return by how much the median of `samples` is over that of `reference`."""
    rng = np.random.default_rng(SEED)
    differences = _resampled(rng, samples) - _resampled(rng, reference)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(differences, (tail, 1 - tail))
    return Difference(float(np.median(samples) - np.median(reference)), float(low), float(high))


def farthest_apart(groups: Mapping[str, Sequence[float]]) -> tuple[str, str, Difference]:
    """Return the two of `groups` between which the interval reaches farthest from zero, and their difference."""
    pairs = ((one, other, difference(groups[one], groups[other])) for one, other in combinations(groups, 2))
    return max(pairs, key=lambda pair: pair[2].reach)


def _resampled(rng: np.random.Generator, samples: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the median of each of many samples as large as this one, drawn from it with replacement."""
    drawn = rng.choice(np.asarray(samples, np.float64), (RESAMPLES, len(samples)))
    return np.asarray(np.median(drawn, axis=1))
