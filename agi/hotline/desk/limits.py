"""How often (SPEC §3, Limits): pure decisions over what the records counted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hotline.desk.errors import TooManyFailures

if TYPE_CHECKING:
    from hotline.records.attempts import Failures, Outcome
    from hotline.records.passwords import Issued
    from hotline.settings import LimitSettings


READING: Final = timedelta(seconds=30)
"""How long a password just issued counts as one that is about to become active.

The first reading ends 10 s after the check (SPEC §2), so a call under way is counted to its end. Who is cut off and
rings again needs 25 s to come to the check, keying ahead: what was lost with a bad line is not held against them."""


def require_few_failures(failures: Failures, limits: LimitSettings) -> None:
    """Turn away a caller who failed too often.

    Raises:
        TooManyFailures: they may try again after an hour, or a day.
    """
    if failures.day >= limits.caller_failures_day:
        raise TooManyFailures("day")
    if failures.hour >= limits.caller_failures_hour:
        raise TooManyFailures("hour")


def outcome(limits: LimitSettings, *, matches: bool, number_failures: int, issued: Issued | None) -> Outcome:
    """Decide what becomes of a check.

    A number that failed too often is refused as if it had not matched, to whoever asks. Passwords that are being read
    in other calls count as active already: once heard in full they can't be refused any more (decision 13). Of whose
    account passwords are not limited, `issued` is None.
    """
    if not matches:
        return "mismatched"
    if number_failures >= limits.number_failures_day:
        return "silenced"
    if issued is None:
        return "matched"
    if issued.active + issued.in_hand >= limits.reissues_day or issued.begun >= limits.pending_day:
        return "limited"
    return "matched"
