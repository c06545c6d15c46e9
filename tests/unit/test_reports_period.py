"""The days of a report."""

from __future__ import annotations

from datetime import date

import pytest

from hotline.reports import Period


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("day", date(2026, 11, 22), date(2026, 11, 22), date(2026, 11, 22)),
        ("week", date(2026, 11, 22), date(2026, 11, 16), date(2026, 11, 22)),
        ("week", date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 29)),
        ("month", date(2026, 2, 10), date(2026, 2, 1), date(2026, 2, 28)),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_is_whole_days(kind, day, first, last):
    """A week goes from Monday to Sunday, a month from its first to its last day."""
    period = Period.of(kind, day)
    assert (period.first, period.last) == (first, last)
    assert (period.days[0], period.days[-1]) == (first, last)
