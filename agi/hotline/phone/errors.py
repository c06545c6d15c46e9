"""What can go wrong on the caller's side.

PhoneError
├── PhoneFailed   the softphone did not start, ended by itself or refused a command
├── CallClosed    the call ended (or was never answered) while something else was waited for
├── NotInTime     what was waited for did not come within the time given
├── CannotListen  packets cannot be captured here
└── NotDistinct   a prompt cannot be told from another by its bytes
"""

from __future__ import annotations


class PhoneError(Exception):
    """Base of the errors of this room."""


class PhoneFailed(PhoneError):
    """The softphone did not start, ended by itself or refused a command."""


class CallClosed(PhoneError):
    """The call ended, or was never answered, while something else was waited for."""


class NotInTime(PhoneError):
    """What was waited for did not come within the time given."""


class CannotListen(PhoneError):
    """Packets cannot be captured here: no such interface, or no CAP_NET_RAW."""


class NotDistinct(PhoneError):
    """A prompt cannot be told from another by its bytes."""
