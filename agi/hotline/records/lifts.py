"""Lifts: an operator's word that a subject's failed checks so far count no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from hotline.records.attempts import Trace
    from hotline.records.pool import Connection

Subject = Literal["caller", "number"]

_LAST_FAILURE = {
    "caller": "SELECT max(id) FROM attempts WHERE caller_hmac = $1 AND outcome IN ('mismatched', 'silenced')",
    "number": "SELECT max(id) FROM attempts WHERE number_hmac = $1 AND outcome = 'mismatched'",
}


@dataclass(frozen=True)
class Lift:
    """The last lift of a subject."""

    at: datetime
    by: str
    why: str


async def add(connection: Connection, subject: Subject, trace: Trace, *, by: str, why: str) -> None:
    """Lift the failed checks of a subject counted so far, of which there is one; its `attempts.lock` is held."""
    last_attempt = await connection.fetchval(_LAST_FAILURE[subject], trace.hmac)
    await connection.execute(
        """
        INSERT INTO lifts (subject, masked, hmac, last_attempt, lifted_by, why) VALUES ($1, $2, $3, $4, $5, $6)
        """,
        subject,
        trace.masked,
        trace.hmac,
        last_attempt,
        by,
        why,
    )


async def last(connection: Connection, subject: Subject, trace: Trace) -> Lift | None:
    """Return the last lift of a subject."""
    row = await connection.fetchrow(
        "SELECT at, lifted_by, why FROM lifts WHERE subject = $1 AND hmac = $2 ORDER BY id DESC LIMIT 1",
        subject,
        trace.hmac,
    )
    return Lift(row["at"], row["lifted_by"], row["why"]) if row else None
