"""Limits, billing and the faces of refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import hotline.desk
from hotline.desk import LimitReached, RecordsUnavailable, TooManyFailures
from hotline.desk.ledger import billed_minutes
from hotline.desk.limits import outcome, require_few_failures
from hotline.records.attempts import Failures
from hotline.records.passwords import Issued
from hotline.settings import LimitSettings

LIMITS = LimitSettings()
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "day", "kind"), [(0, 0, None), (5, 11, None), (6, 6, "hour"), (0, 12, "day"), (6, 12, "day")]
)
def test_a_caller_fails_six_times_an_hour_and_twelve_a_day(hour, day, kind):
    """The limit itself is the first that is refused; the longer wait is the one told."""
    if kind is None:
        require_few_failures(Failures(hour, day), LIMITS)
        return
    with pytest.raises(TooManyFailures) as caught:
        require_few_failures(Failures(hour, day), LIMITS)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("matches", "failures", "issued", "expected"),
    [
        (True, 0, (0, 0, 0), "matched"),
        (True, 99, (2, 0, 9), "matched"),
        (True, 0, (1, 1, 2), "matched"),
        (False, 0, (3, 0, 10), "mismatched"),
        (True, 100, (3, 0, 10), "silenced"),
        (True, 0, (3, 0, 3), "limited"),
        (True, 0, (2, 1, 3), "limited"),
        (True, 0, (0, 3, 3), "limited"),
        (True, 0, (0, 0, 10), "limited"),
    ],
)
def test_what_becomes_of_a_check(matches, failures, issued, expected):
    """A number that failed too often is refused silently, before a word on the account's own limits."""
    active, in_hand, begun = issued
    counted = Issued(active, in_hand, begun, read_in_call=False)
    assert outcome(LIMITS, matches=matches, number_failures=failures, issued=counted) == expected


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (0.1, 1), (60, 1), (60.001, 2), (119, 2), (3600, 60)])
def test_a_call_is_billed_by_started_minute(seconds, minutes):
    """Each minute begun since the answer is paid."""
    assert billed_minutes(NOW, NOW + timedelta(seconds=seconds)) == minutes


def test_a_call_never_answered_costs_nothing():
    """Nothing is billed before the answer, nor before the end is known."""
    assert billed_minutes(None, NOW) == 0
    assert billed_minutes(NOW, None) == 0


def test_the_face_of_the_desk_is_exact():
    """Every public name is there, and every refusal is of one family."""
    assert sorted(hotline.desk.__all__) == hotline.desk.__all__
    assert all(hasattr(hotline.desk, name) for name in hotline.desk.__all__)
    assert issubclass(TooManyFailures, LimitReached)
    assert not issubclass(RecordsUnavailable, hotline.desk.DeskError)
