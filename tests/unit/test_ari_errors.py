"""From an HTTP answer to an error named by its meaning."""

import pytest

from hotline.ari import Conflict, Fatal, Gone, InvalidState, NotFound, NotInStasis, Refused, Rejected, Unavailable
from hotline.ari.errors import from_answer


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (401, "Authentication required", Refused),
        (403, "Forbidden", Refused),
        (404, "Channel not found", NotFound),
        (409, "Channel not in Stasis application", NotInStasis),
        (409, "Channel with given unique ID already exists", Conflict),
        (412, "Channel in invalid state", InvalidState),
        (500, "Failed to queue media for playback", Rejected),
        (400, "App parameter missing", Rejected),
        (503, "", Unavailable),
    ],
)
def test_an_answer_means_one_error(status, message, kind):
    """Each status Asterisk uses becomes the error that says what it means."""
    assert type(from_answer(status, "GET /x", message)) is kind


def test_gone_covers_both_ways_of_leaving():
    """One `except Gone` covers a channel that hung up and one that went on in the dialplan."""
    assert issubclass(NotFound, Gone)
    assert issubclass(NotInStasis, Gone)


def test_a_refusal_says_what_to_check():
    """A wrong password is told with what to look at, for no retry will mend it."""
    error = from_answer(401, "GET /events", "")
    assert isinstance(error, Fatal)
    assert "user and password" in str(error)
    assert "ari.conf" in str(error)
