"""Attempts: every check of a pair, by which the limits are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from uuid import UUID

    from hotline.records.pool import Connection

Outcome = Literal["matched", "mismatched", "silenced", "limited"]


@dataclass(frozen=True)
class Trace:
    """A number as the records have it.

    Attributes:
        masked: for people, such as `*******890`.
        hmac: for counting: the same number has the same, and nobody without the key can tell which number it is.
    """

    masked: str
    hmac: bytes


@dataclass(frozen=True)
class Failures:
    """Failed checks of one caller."""

    hour: int
    day: int


@dataclass(frozen=True)
class CheckedCalls:
    """Calls in which a pair was checked.

    Attributes:
        calls: all of them.
        failed: those in which no pair matched.
    """

    calls: int
    failed: int


async def lock(connection: Connection, *traces: Trace) -> None:
    """Let no other transaction count or add attempts of these numbers until this one ends.

    Locks are taken in one order, whatever the order asked, so that two transactions never wait for each other.
    """
    keys = sorted(int.from_bytes(trace.hmac[:8], "big", signed=True) for trace in traces)
    await connection.execute("SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key", keys)


async def failures_of_caller(connection: Connection, caller: Trace) -> Failures:
    """Count the caller's failed checks of the last hour and the last 24 hours, since they were lifted last."""
    (row,) = await connection.fetch(
        """
        SELECT count(*) FILTER (WHERE at > now() - interval '1 hour') AS hour, count(*) AS day FROM attempts
        WHERE caller_hmac = $1 AND at > now() - interval '1 day' AND outcome IN ('mismatched', 'silenced')
          AND id > (SELECT coalesce(max(last_attempt), 0) FROM lifts WHERE subject = 'caller' AND hmac = $1)
        """,
        caller.hmac,
    )
    return Failures(row["hour"], row["day"])


async def failures_of_number(connection: Connection, number: Trace) -> int:
    """Count the failed checks of an insurance number in the last 24 hours, by all callers, since they were lifted."""
    count: int = await connection.fetchval(
        """
        SELECT count(*) FROM attempts
        WHERE number_hmac = $1 AND at > now() - interval '1 day' AND outcome = 'mismatched'
          AND id > (SELECT coalesce(max(last_attempt), 0) FROM lifts WHERE subject = 'number' AND hmac = $1)
        """,
        number.hmac,
    )
    return count


async def numbers_failed_by(connection: Connection, caller: Trace) -> int:
    """Count the different insurance numbers that the caller failed with, as `failures_of_caller` counts a day."""
    count: int = await connection.fetchval(
        """
        SELECT count(DISTINCT number_hmac) FROM attempts
        WHERE caller_hmac = $1 AND at > now() - interval '1 day' AND outcome IN ('mismatched', 'silenced')
          AND id > (SELECT coalesce(max(last_attempt), 0) FROM lifts WHERE subject = 'caller' AND hmac = $1)
        """,
        caller.hmac,
    )
    return count


async def callers_failed_with(connection: Connection, number: Trace) -> int:
    """Count the different callers who failed with the insurance number, as `failures_of_number` counts."""
    count: int = await connection.fetchval(
        """
        SELECT count(DISTINCT caller_hmac) FROM attempts
        WHERE number_hmac = $1 AND at > now() - interval '1 day' AND outcome = 'mismatched'
          AND id > (SELECT coalesce(max(last_attempt), 0) FROM lifts WHERE subject = 'number' AND hmac = $1)
        """,
        number.hmac,
    )
    return count


async def checked_calls(connection: Connection) -> CheckedCalls:
    """Count the calls of the last hour in which a pair was checked, and those of them in which none matched."""
    (row,) = await connection.fetch(
        """
        SELECT count(*) AS calls, count(*) FILTER (WHERE NOT matched) AS failed
        FROM (SELECT bool_or(outcome IN ('matched', 'limited')) AS matched FROM attempts
              WHERE at > now() - interval '1 hour' GROUP BY call_id) AS checked
        """
    )
    return CheckedCalls(row["calls"], row["failed"])


async def settled(connection: Connection, finding_id: UUID) -> Outcome | None:
    """Return what became of a finding that was settled before; None when it was not."""
    query = "SELECT outcome FROM attempts WHERE finding_id = $1"
    outcome: Outcome | None = await connection.fetchval(query, finding_id)
    return outcome


async def add(
    connection: Connection, finding_id: UUID, *, call_id: str, caller: Trace, number: Trace, outcome: Outcome
) -> None:
    """Add an attempt, the one of this finding."""
    await connection.execute(
        """
        INSERT INTO attempts (finding_id, call_id, caller_masked, caller_hmac, number_masked, number_hmac, outcome)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        finding_id,
        call_id,
        caller.masked,
        caller.hmac,
        number.masked,
        number.hmac,
        outcome,
    )
