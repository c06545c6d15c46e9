"""Ways of calls through the menu, in sums: how many went from one step to the next, and where calls ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hotline.records.pool import Connection


@dataclass(frozen=True)
class Walks:
    """The calls of a period, each counted once wherever it came; those that heard a draft are not among them.

    Attributes:
        calls: all of them.
        reached: calls by step.
        went: calls by a step and the one after it.
        ended: calls by their last step and their outcome.
    """

    calls: int
    reached: Mapping[str, int]
    went: Mapping[tuple[str, str], int]
    ended: Mapping[tuple[str, str], int]


_STEPS = """
    WITH walked AS (
        SELECT id, outcome, step ->> 0 AS step, lead(step ->> 0) OVER (PARTITION BY id ORDER BY ordinal) AS next
        FROM calls CROSS JOIN LATERAL jsonb_array_elements(steps) WITH ORDINALITY AS s (step, ordinal)
        WHERE started_at >= $1 AND started_at < $2 AND ended_at IS NOT NULL AND menu IS DISTINCT FROM 'draft'
    )
"""
_REACHED = _STEPS + "SELECT step, count(DISTINCT id) AS calls FROM walked GROUP BY step"  # noqa: S608 - ours
_BOTH = "SELECT step, next, count(DISTINCT id) AS calls FROM walked WHERE next IS NOT NULL GROUP BY step, next"
_WENT = _STEPS + _BOTH
_ENDED = _STEPS + "SELECT step, outcome, count(*) AS calls FROM walked WHERE next IS NULL GROUP BY step, outcome"  # noqa: S608 - ours


async def walks(connection: Connection, since: datetime, before: datetime) -> Walks:
    """Sum up the calls that began from `since` on and before `before`, have ended, and are still in the records."""
    reached = await connection.fetch(_REACHED, since, before)
    went = await connection.fetch(_WENT, since, before)
    ended = await connection.fetch(_ENDED, since, before)
    return Walks(
        sum(row["calls"] for row in ended),
        {row["step"]: row["calls"] for row in reached},
        {(row["step"], row["next"]): row["calls"] for row in went},
        {(row["step"], row["outcome"]): row["calls"] for row in ended},
    )
