"""How a call can end, as the records have it. A call without one was hung up by the caller."""

from __future__ import annotations

from typing import Final

REISSUED: Final = "reissued"
"""The new password was heard in full and is active."""
NOT_ACTIVATED: Final = "not-activated"
"""It was heard, but could not be made active; the old one still works."""
MISMATCH: Final = "mismatch"
"""No pair matched in the caller's tries, and no password followed."""
REISSUED_OFTEN: Final = "reissued-often"
"""The account has had its passwords for today."""
OVERTAKEN: Final = "overtaken"
"""Another call for the account was given a newer password meanwhile."""
LINE_UNSAFE: Final = "line-unsafe"
"""The media was not shown to be the carrier's, so no password was said."""
FAILED: Final = "failed"
"""Cut short by a fault of ours; the caller was told."""
BUSY: Final = "busy"
"""The database was away, or too many calls wanted a password at once."""
ENDED: Final = "ended"
"""The caller chose the end."""
NOT_HELPED: Final = "not-helped"
"""Too often no key, or a key that leads nowhere."""
REFUSED: Final = "refused"
"""Turned away at the door: no caller number to trust, or too many failures."""
