"""A number is read out in groups, bit for bit from the digits' clips."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.prompts import Clip, Library, PromptMissing, alaw_to_ulaw, compose, grouped

SILENT = 0xD5
LEAD = bytes(range(100, 150)) * 40  # 0.25 s
# Each digit has bytes and a length of its own, and none is silent at its edges.
CORES = {str(digit): bytes([digit + 1]) * (1500 + 100 * digit) for digit in range(10)}
LONGEST = max(map(len, CORES.values()))
GAPS = {"digit_gap": 0.2, "group_gap": 1.0}


def made_library() -> Library:
    """Make a library in memory, of digits that can be told apart by one byte."""
    speech = {f"digits/{digit}": core for digit, core in CORES.items()} | {"new-password": LEAD}
    clips = {id_: Clip(id_, Path("/sounds/vi") / id_, len(core) / 8000 + 0.15, id_) for id_, core in speech.items()}
    return Library(clips, speech)


LIBRARY = made_library()


def heard(audio: bytes) -> list[tuple[str, float]]:
    """Return what is in a reading: each digit, and the seconds of silence after it."""
    runs = [(match[0][0], len(match[0])) for match in re.finditer(rb"(.)\1*", audio, re.DOTALL)]
    digits = []
    for (code, length), after in zip(runs, [*runs[1:], (0, 0)], strict=True):
        if code != SILENT:
            digit = str(code - 1)
            assert length == len(CORES[digit]), "a digit is whole and follows no other without a gap"
            digits.append((digit, after[1] / 8000))
    return digits


@given(st.text("0123456789", min_size=1, max_size=14), st.floats(0.05, 1.0), st.floats(0.05, 3.0), st.integers(1, 5))
def test_any_number_is_read_whole_in_order_with_its_gaps(number, digit_gap, group_gap, group):
    """Whatever the digits and gaps, each digit's own bytes come in order, with the right silence between.

    A digit comes later by as much as it is shorter than the longest.
    """
    reading = compose(LIBRARY, None, number, digit_gap=digit_gap, group_gap=group_gap, group=group)
    parts = grouped(number, group)
    gaps = [gap for part in parts for gap in [*[digit_gap] * (len(part) - 1), group_gap]][:-1]
    gaps = [gap + (LONGEST - len(CORES[digit])) / 8000 for gap, digit in zip(gaps, number[1:], strict=True)]
    digits = heard(reading)
    assert "".join(digit for digit, _ in digits) == number
    assert [silence for _, silence in digits[:-1]] == pytest.approx(gaps, abs=0.001)


@given(st.text("0123456789", min_size=1, max_size=14))
def test_how_long_a_reading_takes_does_not_tell_its_digits(number):
    """Any number takes exactly as long as any other of as many digits, though no two digits are equally long."""
    assert len(compose(LIBRARY, "new-password", number, **GAPS)) == len(
        compose(LIBRARY, "new-password", "0" * len(number), **GAPS)
    )


@given(st.text("0123456789", min_size=1, max_size=14))
def test_a_reading_ends_with_its_last_digit(number):
    """At most 0.1 s of silence follows the last digit, so that played out means heard."""
    reading = compose(LIBRARY, "new-password", number, **GAPS)
    assert 0 < len(reading) - len(reading.rstrip(bytes([SILENT]))) <= 800


def test_the_lead_in_comes_first_and_whole():
    """The lead-in's own bytes come first, then a short silence, then the first digit."""
    reading = compose(LIBRARY, "new-password", "53", **GAPS)
    start = reading.index(LEAD)
    assert set(reading[:start]) == {SILENT}
    rest = reading[start + len(LEAD) :].lstrip(bytes([SILENT]))
    assert rest.startswith(CORES["5"])
    before = (len(reading) - start - len(LEAD) - len(rest)) / 8000
    assert before == pytest.approx(0.3 + (LONGEST - len(CORES["5"])) / 8000, abs=0.001)


@pytest.mark.parametrize(
    ("number", "groups"),
    [
        ("1", "1"),
        ("1234", "1234"),
        ("123456", "123 456"),
        ("1234567", "123 4567"),
        ("12345678", "123 456 78"),
        ("123456789", "123 456 789"),
        ("1234567890", "123 456 7890"),
        ("123456789012", "123 456 789 012"),
    ],
)
def test_no_digit_is_left_alone(number, groups):
    """Groups are of three; a single digit left over joins the group before it."""
    assert " ".join(grouped(number)) == groups


def test_a_reading_in_mu_law_is_made_of_the_same_digits():
    """A reading for a µ-law line is the same reading, of the same digits in that codec."""
    reading = alaw_to_ulaw(compose(LIBRARY, None, "012", **GAPS))
    assert len(reading) == len(compose(LIBRARY, None, "012", **GAPS))
    assert all(alaw_to_ulaw(CORES[digit]) in reading for digit in "012")


@pytest.mark.parametrize("number", ["", "12 34", "12x", "１２３", "٣", "-1"])
def test_what_is_not_digits_is_refused_without_showing_it(number):
    """Only the ten digits can be read out, and the error does not tell what was given."""
    with pytest.raises(ValueError, match=r"^only digits can be read out$"):
        compose(LIBRARY, None, number, **GAPS)


def test_an_unknown_lead_in_is_named():
    """A lead-in that the script does not have is named."""
    with pytest.raises(PromptMissing, match="hello"):
        compose(LIBRARY, "hello", "1", **GAPS)


def test_composing_holds_up_no_call():
    """A reading takes far less than a packet's 20 ms, as it is made while calls are served."""
    best = 1.0
    for _ in range(5):
        start = time.perf_counter()
        compose(LIBRARY, "new-password", "012345690123", **GAPS)
        best = min(best, time.perf_counter() - start)
    assert best < 0.005
