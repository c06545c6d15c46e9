"""How calls end: the one list, for the conversation that decides it and for whoever asks the records."""

from __future__ import annotations

from enum import StrEnum


class CallOutcome(StrEnum):
    """How a call ended, in one word, as it is stored, counted and asked for."""

    REISSUED = "reissued"
    """The new password was heard in full and is active."""
    NOT_ACTIVATED = "not-activated"
    """It was read, but is not known to be active: the database was lost, or nothing showed that somebody was there."""
    MISMATCH = "mismatch"
    """No pair matched in the caller's tries, and no password followed."""
    REISSUED_OFTEN = "reissued-often"
    """The account has had its passwords for today."""
    OVERTAKEN = "overtaken"
    """Another call for the account was given a newer password meanwhile, before this one was read or while it was."""
    ALREADY_ISSUED = "already-issued"
    """A password was read in this call before, so it got no second one."""
    LINE_UNSAFE = "line-unsafe"
    """The media was not shown to be the carrier's, so no password was said, or not to its end."""
    FAILED = "failed"
    """Cut short by a fault of ours; the caller was told."""
    BUSY = "busy"
    """The database was away, or too many calls wanted a password at once."""
    ENDED = "ended"
    """The caller chose the end."""
    NOT_HELPED = "not-helped"
    """Too often no key, or a key that leads nowhere."""
    REFUSED = "refused"
    """Turned away at the door: no caller number to trust, or too many failures."""
    CLOSED = "closed"
    """Outside of the opening hours, or on a holiday; told before the answer."""
    HUNG_UP = "hung-up"
    """The caller hung up before there was another outcome."""
    UNDER_WAY = "under-way"
    """No end is written down yet; said of it when asked, never stored."""
    LOST = "lost"
    """None was written down within the hour: its process died, or the database was away. Stored in sums of days."""
