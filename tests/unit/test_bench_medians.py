"""The statistics of the benchmarks."""

import numpy as np
import pytest

from bench.medians import difference, farthest_apart

RNG = np.random.default_rng(1)
STILL = list(RNG.normal(100.0, 5.0, 200))


def test_two_samples_of_one_thing_do_not_differ():
    """The interval of two samples of the same distribution holds zero."""
    found = difference(list(RNG.normal(100.0, 5.0, 200)), STILL)
    assert found.low < 0 < found.high
    assert found.within(3.0)


def test_a_shift_is_found():
    """Samples that are 30 higher are found to be, with an interval around it and not around zero."""
    found = difference([sample + 30.0 for sample in STILL], STILL)
    assert found.low < found.estimate < found.high
    assert found.estimate == pytest.approx(30.0)
    assert not found.within(20.0)


def test_a_few_samples_prove_nothing():
    """Three samples that happen to agree roughly have an interval as wide as their spread, not a narrow one."""
    assert difference([90.0, 100.0, 150.0], [95.0, 100.0, 140.0]).high > 40.0


def test_the_same_samples_give_the_same_interval():
    """A figure that is reported can be had again from the raw data."""
    assert difference(STILL[:50], STILL[50:]) == difference(STILL[:50], STILL[50:])


def test_the_farthest_pair_is_found():
    """Of all pairs, not only those with the first group."""
    groups = {"middle": STILL, "low": [sample - 30 for sample in STILL], "high": [sample + 30 for sample in STILL]}
    one, other, found = farthest_apart(groups)
    assert {one, other} == {"low", "high"}
    assert found.reach > 60.0
