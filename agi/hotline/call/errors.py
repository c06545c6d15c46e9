"""What can go wrong on the line, named by meaning.

LineError
├── CallerGone      the caller has hung up: the conversation unwinds
├── LineFailed      the switchboard did not do what was asked
└── SoundFailed     a sound could not be played; never passed over in silence
"""

from __future__ import annotations


class LineError(Exception):
    """Something about the line."""


class CallerGone(LineError):
    """The caller has hung up."""


class LineFailed(LineError):
    """The switchboard did not do what was asked."""


class SoundFailed(LineError):
    """A sound could not be played."""
