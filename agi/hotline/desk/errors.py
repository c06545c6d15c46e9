"""What the desk refuses, by meaning.

    DeskError
    ├── CallerRefused           the caller can't be told from their number
    │   ├── CallerWithheld      the number is withheld
    │   ├── CallerForeign       the number is not Vietnamese
    │   └── CallerUnasserted    the network does not vouch for a number
    ├── LimitReached
    │   ├── TooManyFailures     of this caller
    │   └── ReissuedTooOften    for this account
    ├── MediaUnproven           the call's media is not shown to be the carrier's
    ├── NumberMalformed         not a phone or insurance number
    ├── AlreadyIssued           a password was already read in this call
    ├── OperatorRefused         what an operator asked for can't be done
    │   ├── NothingToLift       no failed check counts
    │   ├── NoSuchAlarm
    │   ├── AlarmAcknowledged   by somebody before
    │   ├── SecondPersonNeeded  it is about what the same person did
    │   └── ReasonUnfit         who or why is empty, too long, or has a number in it
    └── Overloaded              more hashes wait than a caller should wait for

`RecordsUnavailable`, of the records, is the other one that every caller of the desk meets.
"""

from __future__ import annotations

from typing import Literal


class DeskError(Exception):
    """Something the desk refuses. No message has a whole number or a secret in it."""


class CallerRefused(DeskError):
    """The caller can't be told from their number, so no password can be re-issued in this call (SPEC §3)."""


class CallerWithheld(CallerRefused):
    """The caller withholds their number."""


class CallerForeign(CallerRefused):
    """The caller's number is not a Vietnamese one."""


class CallerUnasserted(CallerRefused):
    """The network does not vouch for exactly one well-formed number."""


class LimitReached(DeskError):
    """A limit of `LimitSettings` is reached."""


class TooManyFailures(LimitReached):
    """The caller had too many failed checks within the last `kind`.

    Attributes:
        kind: "hour" or "day"; "day" when both hold.
    """

    def __init__(self, kind: Literal["hour", "day"]) -> None:
        super().__init__(kind)
        self.kind: Literal["hour", "day"] = kind


class ReissuedTooOften(LimitReached):
    """The account had its passwords for the last 24 hours."""


class MediaUnproven(DeskError):
    """The call's media is not shown to go to the carrier, so no password may be said into it.

    Attributes:
        reason: "unset" when no networks of the carrier are known, "elsewhere" when our voice would leave them, "silent"
            when nothing has come back.
        destination: where our voice would go.
    """

    def __init__(self, reason: Literal["unset", "elsewhere", "silent"], message: str, destination: str) -> None:
        super().__init__(message)
        self.reason: Literal["unset", "elsewhere", "silent"] = reason
        self.destination = destination


class NumberMalformed(DeskError, ValueError):
    """Not a phone number or insurance number as written."""


class PasswordUnchanged(DeskError, ValueError):
    """The password chosen is the one to be changed."""


class AlreadyIssued(DeskError):
    """A password was already read in this call; a call gets one."""


class Overloaded(DeskError):
    """More hashes wait for a core than a caller should wait for (`hash_queue`); nothing was done or counted."""


class OperatorRefused(DeskError):
    """What an operator asked for can't be done; the message says why."""


class NothingToLift(OperatorRefused):
    """No failed check of the caller or number counts."""


class NoSuchAlarm(OperatorRefused):
    """No alarm has this key."""


class AlarmAcknowledged(OperatorRefused):
    """Somebody acknowledged the alarm before."""


class SecondPersonNeeded(OperatorRefused):
    """Somebody else must do it: it is about what this person did, or who this is can't be told."""


class ReasonUnfit(OperatorRefused, ValueError):
    """Who or why can't be kept: it is empty, too long, or has a number in it."""
