"""Retention: what is older than it may be kept is deleted; of calls, sums of a day remain (SPEC §5).

The audit trail stays: it names no number, and who could delete from it could hide what they did.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import date

RETENTION_LOCK: Final = 0x_5245_5445_4E54_494F
"""Key of the advisory lock under which old rows are deleted ("RETENTIO" in ASCII)."""

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")

_SUMS = (
    """
    INSERT INTO daily_calls AS d (day, outcome, calls, seconds, billed_minutes, price)
    SELECT (started_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, coalesce(outcome, 'lost'), count(*),
           coalesce(sum(extract(epoch FROM ended_at - started_at)), 0), sum(billed_minutes), sum(price)
    FROM calls WHERE started_at < $1 GROUP BY 1, 2
    ON CONFLICT (day, outcome) DO UPDATE SET
        calls = d.calls + excluded.calls, seconds = d.seconds + excluded.seconds,
        billed_minutes = d.billed_minutes + excluded.billed_minutes, price = d.price + excluded.price
    """,
    """
    INSERT INTO daily_steps AS d (day, step, calls, seconds, gave_up)
    SELECT day, step, count(DISTINCT call_id), coalesce(sum(seconds), 0),
           count(*) FILTER (WHERE is_last AND outcome = 'hung-up')
    FROM call_steps WHERE started_at < $1 GROUP BY day, step
    ON CONFLICT (day, step) DO UPDATE SET
        calls = d.calls + excluded.calls, seconds = d.seconds + excluded.seconds,
        gave_up = d.gave_up + excluded.gave_up
    """,
)
_OLD = {
    "calls": "started_at < $1",
    "attempts": "at < $1",
    "lifts": "at < $1",
    "alarms": "last_seen < $1 AND acknowledged_at IS NOT NULL",
    "phone_changes": "at < $1 AND held_until < now()",
    # Of no use once no lock hangs on it, and many.
    "sign_in_attempts": "at < greatest($1, now() - interval '1 day')",
    # The password in force stays, however old.
    "passwords": "created_at < $1 AND (state = 'replaced' AND replaced_at < $1 OR state = 'pending')",
}


@dataclass(frozen=True)
class Deleted:
    """How many rows of each table were deleted."""

    calls: int
    attempts: int
    lifts: int
    alarms: int
    phone_changes: int
    sign_in_attempts: int
    passwords: int

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(getattr(self, field.name) for field in fields(self))


def cutoff(today: date, keep_days: int) -> datetime:
    """Return the moment before which rows are deleted: a midnight in Vietnam, so days stay whole."""
    return datetime.combine(today - timedelta(days=keep_days), time(), VIETNAM)


async def clean(connection: Any, before: datetime) -> Deleted:
    """Delete what is older than `before`; doing it again, or twice at once, deletes nothing more.

    Args:
        connection: asyncpg's, in a transaction (`bulk_transaction`), of a role that may delete.
        before: see `cutoff`.
    """
    await connection.execute("SELECT pg_advisory_xact_lock($1)", RETENTION_LOCK)
    for statement in _SUMS:
        await connection.execute(statement, before)
    deleted = {
        table: await connection.execute(f"DELETE FROM {table} WHERE {old}", before)  # noqa: S608 - ours
        for table, old in _OLD.items()
    }
    return Deleted(**{table: int(tag.rpartition(" ")[2]) for table, tag in deleted.items()})
