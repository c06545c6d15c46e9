"""Again or never, and after how long."""

import pytest

from hotline.ari import (
    ConnectionLost,
    NotFound,
    Refused,
    Rejected,
    Replaced,
    TimedOut,
    Unavailable,
    backoff_seconds,
    retry_or_fatal,
)


@pytest.mark.parametrize("kind", [ConnectionLost, NotFound, Rejected, TimedOut, Unavailable])
def test_what_mends_itself_is_tried_again(kind):
    """A restarting Asterisk goes 503, refused, 404, 503, 200; none of these ends the client."""
    assert retry_or_fatal(kind("x"))


@pytest.mark.parametrize("kind", [Refused, Replaced])
def test_what_does_not_is_fatal(kind):
    """A wrong password, or a second client under our name, is not tried again."""
    assert not retry_or_fatal(kind("x"))


def test_the_delay_grows_from_a_tenth_to_five_seconds():
    """The delay doubles from 100 ms and stays at 5 s for ever; of it half to nine tenths are waited."""
    assert [backoff_seconds(attempt, 1.0) for attempt in (0, 1, 2, 3)] == pytest.approx([0.09, 0.18, 0.36, 0.72])
    assert backoff_seconds(6, 1.0) == backoff_seconds(100_000, 1.0) == 4.5


def test_luck_spreads_the_delay():
    """Many clients that lost one Asterisk do not come back in the same moment."""
    assert backoff_seconds(6, 0.0) == 2.5
    assert 2.5 < backoff_seconds(6, 0.3) < 4.5
