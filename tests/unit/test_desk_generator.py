"""New passwords."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.desk.generator import PasswordGenerator, has_run, shares
from hotline.settings import PasswordSettings

AVOID = ["0123456789", "+84912345699"]


@given(
    length=st.integers(6, 12),
    digits=st.permutations("0123456789").flatmap(lambda all_: st.integers(6, 10).map(lambda n: "".join(all_[:n]))),
)
def test_a_password_keeps_every_rule(length, digits):
    """Of any length and digits: no equal neighbours, no run, nothing of the caller's numbers."""
    password = PasswordGenerator(PasswordSettings(length=length, digits=digits)).draw(AVOID).reveal()
    assert len(password) == length
    assert set(password) <= set(digits)
    assert all(before != after for before, after in pairwise(password))
    assert not has_run(password)
    assert not any(shares(password, number) for number in AVOID)


def test_passwords_differ_and_use_every_digit_alike():
    """Two thousand passwords are two thousand different ones, and no digit is favoured."""
    generator = PasswordGenerator(PasswordSettings())
    drawn = [generator.draw(AVOID).reveal() for _ in range(2000)]
    assert len(set(drawn)) > 1990
    counts = Counter("".join(drawn))
    assert set(counts) == set("01234569")
    assert max(counts.values()) < 1.25 * min(counts.values())


@pytest.mark.parametrize(
    ("digits", "run"),
    [("1234", True), ("94321", True), ("1235", False), ("123", False), ("9012", False), ("24681", False)],
)
def test_a_run_is_four_digits_up_or_down(digits, run):
    """Four digits one by one, either way, are a run; three are not, and 9 and 0 are no neighbours."""
    assert has_run(digits) is run


@pytest.mark.parametrize(
    ("digits", "shared"), [("912340", True), ("034569", False), ("012345", True), ("12350", False)]
)
def test_five_digits_in_a_row_are_shared(digits, shared):
    """Five digits that a number has as well are a piece of it; four are chance."""
    assert shares(digits, "0912345") is shared
