"""New passwords."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotline.desk.generator import PasswordGenerator, has_run, shares
from hotline.settings import PasswordSettings, guess_bits

RUNS = {run for up in range(7) for run in ("0123456789"[up : up + 4], "9876543210"[up : up + 4])}
AVOID = ["0123456789", "+84912345699"]


NUMBERS = st.lists(st.from_regex(r"\+?[0-9]{9,12}", fullmatch=True), max_size=5)


def generator(length, digits):
    """A generator of any length and digits, also of those the settings don't allow."""
    return PasswordGenerator(PasswordSettings.model_construct(length=length, digits=digits))


@settings(deadline=None)
@given(
    length=st.integers(6, 12),
    digits=st.permutations("0123456789").flatmap(lambda all_: st.integers(6, 10).map(lambda n: "".join(all_[:n]))),
    avoid=NUMBERS,
)
@example(length=12, digits="012345", avoid=["0123450123", "+84543210543", "0543210543", "012345012345"])
def test_a_password_keeps_every_rule(length, digits, avoid):
    """Of any length and digits: no equal neighbours, no run, nothing of the caller's numbers."""
    password = generator(length, digits).draw(avoid).reveal()
    assert len(password) == length
    assert set(password) <= set(digits)
    assert all(before != after for before, after in pairwise(password))
    assert not any(run in password for run in RUNS)
    assert not any(number[at : at + 5] in password for number in avoid for at in range(len(number) - 4))
    assert not any(password in number for number in avoid)


def test_passwords_differ_and_use_every_digit_alike():
    """Two thousand passwords are two thousand different ones, and no digit is favoured."""
    drawn = [generator(9, "01234569").draw(AVOID).reveal() for _ in range(2000)]
    assert len(set(drawn)) > 1990
    counts = Counter("".join(drawn))
    assert set(counts) == set("01234569")
    assert max(counts.values()) < 1.25 * min(counts.values())


@pytest.mark.parametrize(("length", "digits"), [(6, "0123456789"), (9, "01234569"), (12, "012345")])
def test_passwords_are_uniform_enough(length, digits):
    """Every digit, at every place and after every other, comes about as often as in all passwords that are allowed."""
    drawn = [generator(length, digits).draw([]).reveal() for _ in range(4000)]
    for place, digit in product(range(length), digits):
        share = count(length, digits, place, digit) / count(length, digits)
        drawn_share = sum(password[place] == digit for password in drawn) / 4000
        # Six standard deviations: by chance once in a hundred million looks.
        assert abs(drawn_share - share) < 6 * math.sqrt(share * (1 - share) / 4000)
    pairs = Counter(pair for password in drawn for pair in pairwise(password))
    assert len(pairs) == len(digits) * (len(digits) - 1)


@pytest.mark.parametrize("digits", ["012345", "01234569", "0123456789"])
@pytest.mark.parametrize("length", range(6, 13))
def test_the_rules_cost_next_to_no_guesses(length, digits):
    """Counted one by one, runs take less than 0.2 bits from what the settings reckon with."""
    assert guess_bits(len(digits), length) - math.log2(count(length, digits)) < 0.2


def count(length, digits, place=None, wanted=""):
    """Count the passwords without equal neighbours and runs; only those with `wanted` at `place`, if that is given."""
    found = Counter({"": 1})
    for at in range(length):
        longer = Counter()
        for last, times in found.items():
            for digit in wanted if at == place else digits:
                if last[-1:] != digit and last + digit not in RUNS:
                    longer[(last + digit)[-3:]] += times
        found = longer
    return sum(found.values())


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
