"""Alarms: each raised once for a subject and window, until somebody acknowledges it, and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from hotline.records.attempts import Trace
    from hotline.records.pool import Connection

_COLUMNS = """
    id, kind, subject_masked AS subject, first_seen, last_seen, count,
    causers, acknowledged_at, acknowledged_by, acknowledged_why
"""


@dataclass(frozen=True)
class Alarm:
    """An alarm as it was raised.

    Attributes:
        kind: what it is about.
        subject: who or what, masked.
        count: how many, at the highest or in all.
        causers: the persons whose deeds it is about, if it is about any.
        acknowledged_at: None as long as nobody has.
    """

    id: int
    kind: str
    subject: str
    first_seen: datetime
    last_seen: datetime
    count: int
    causers: Sequence[str]
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_why: str | None


async def put(
    connection: Connection,
    kind: str,
    subject: Trace,
    count: int,
    *,
    window: timedelta,
    more: bool = False,
    causer: str = "",
) -> int | None:
    """Raise an alarm and return its key; None when one raised less than `window` ago notes this too.

    An alarm keeps the highest `count`, or with `more` the sum of them. One that somebody has acknowledged notes nothing
    more: what they saw was what was there.
    """
    # Whoever comes at the same moment waits, and then finds the alarm.
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || encode($2, 'hex'), 0))", kind, subject.hmac
    )
    noted = await connection.fetchval(
        """
        UPDATE alarms SET last_seen = greatest(last_seen, clock_timestamp()),
                          count = CASE WHEN $5 THEN count + $3 ELSE greatest(count, $3) END,
                          causers = CASE WHEN $6 = '' OR $6 = ANY (causers) THEN causers ELSE causers || $6::text END
        WHERE kind = $1 AND subject_hmac = $2 AND acknowledged_at IS NULL
          AND first_seen > clock_timestamp() - $4::interval RETURNING id
        """,
        kind,
        subject.hmac,
        count,
        window,
        more,
        causer,
    )
    if noted is not None:
        return None
    key: int = await connection.fetchval(
        """
        INSERT INTO alarms (kind, subject_masked, subject_hmac, first_seen, last_seen, count, causers)
        SELECT $1, $2, $3, at, at, $4, $5 FROM clock_timestamp() AS at RETURNING id
        """,
        kind,
        subject.masked,
        subject.hmac,
        count,
        [causer] if causer else [],
    )
    return key


async def listed(connection: Connection, *, acknowledged: bool) -> list[Alarm]:
    """Return the alarms that nobody has acknowledged, or all of them, newest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM alarms WHERE $1 OR acknowledged_at IS NULL ORDER BY id DESC",  # noqa: S608 - ours
        acknowledged,
    )
    return [Alarm(**row) for row in rows]


async def open_by_kind(connection: Connection) -> dict[str, int]:
    """Return how many alarms of each kind nobody has acknowledged."""
    rows = await connection.fetch(
        "SELECT kind, count(*) AS open FROM alarms WHERE acknowledged_at IS NULL GROUP BY kind"
    )
    return {row["kind"]: row["open"] for row in rows}


async def find(connection: Connection, key: int) -> Alarm | None:
    """Return an alarm, kept from changing until the transaction ends."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM alarms WHERE id = $1 FOR UPDATE", key)  # noqa: S608 - ours
    return Alarm(**row) if row else None


async def acknowledge(connection: Connection, key: int, *, by: str, person: str, why: str) -> None:
    """Note who has seen an alarm, and what they say of it."""
    await connection.execute(
        """
        UPDATE alarms SET acknowledged_at = now(), acknowledged_by = $2, acknowledger = $3, acknowledged_why = $4
        WHERE id = $1
        """,
        key,
        by,
        person,
        why,
    )
