"""What a report can't do.

ReportError
 └─ PictureUnavailable  what draws it is not installed
"""

from __future__ import annotations


class ReportError(Exception):
    """Anything this room raises; the message says what to do."""


class PictureUnavailable(ReportError):
    """What draws it is not installed: a server does without."""
