"""How often (SPEC §3, Limits): pure decisions over what the records counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.desk.errors import TooManyFailures

if TYPE_CHECKING:
    from hotline.records.attempts import Failures, Outcome
    from hotline.records.passwords import Issued
    from hotline.settings import LimitSettings


def require_few_failures(failures: Failures, limits: LimitSettings) -> None:
    """Turn away a caller who failed too often.

    Raises:
        TooManyFailures: they may try again after an hour, or a day.
    """
    if failures.day >= limits.caller_failures_day:
        raise TooManyFailures("day")
    if failures.hour >= limits.caller_failures_hour:
        raise TooManyFailures("hour")


def outcome(limits: LimitSettings, *, matches: bool, number_failures: int, issued: Issued) -> Outcome:
    """Decide what becomes of a check.

    A number that failed too often is refused as if it had not matched, to whoever asks. The limit of active passwords
    may be passed by calls of one account at the same moment, none of which is refused; that of begun ones is exact.
    """
    if not matches:
        return "mismatched"
    if number_failures >= limits.number_failures_day:
        return "silenced"
    if issued.active >= limits.reissues_day or issued.begun >= limits.pending_day:
        return "limited"
    return "matched"
