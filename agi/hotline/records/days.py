"""Days: calls in sums, of rows that are there and of those deleted after their time (db/migrations/0009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from hotline.records.pool import Connection


@dataclass(frozen=True)
class OutcomeSum:
    """Calls that ended in one way.

    Attributes:
        seconds: all they lasted, from the first ring.
        billed_minutes: all that were paid.
        price: đồng for them.
    """

    outcome: str
    calls: int
    seconds: float
    billed_minutes: int
    price: int


@dataclass(frozen=True)
class StepSum:
    """Calls that reached one step of the conversation.

    Attributes:
        calls: that reached it, each counted once.
        seconds: all that was spent in it.
        gave_up: of them hung up in it before they had an outcome.
    """

    step: str
    calls: int
    seconds: float
    gave_up: int


async def outcomes(connection: Connection, first: date, last: date) -> list[OutcomeSum]:
    """Sum up the calls from `first` to `last`, both as in Vietnam and included, the most frequent outcome first."""
    rows = await connection.fetch(
        """
        SELECT outcome, sum(calls)::bigint AS calls, sum(seconds)::float AS seconds,
               sum(billed_minutes)::bigint AS billed_minutes, sum(price)::bigint AS price
        FROM call_days WHERE day BETWEEN $1 AND $2 GROUP BY outcome ORDER BY calls DESC, outcome
        """,
        first,
        last,
    )
    return [OutcomeSum(**row) for row in rows]


async def steps(connection: Connection, first: date, last: date) -> list[StepSum]:
    """Sum up the steps of the calls from `first` to `last`, the most reached first."""
    rows = await connection.fetch(
        """
        SELECT step, sum(calls)::bigint AS calls, sum(seconds)::float AS seconds, sum(gave_up)::bigint AS gave_up
        FROM step_days WHERE day BETWEEN $1 AND $2 GROUP BY step ORDER BY calls DESC, step
        """,
        first,
        last,
    )
    return [StepSum(**row) for row in rows]


async def per_day(connection: Connection, first: date, last: date) -> list[tuple[date, str, int]]:
    """Return day, outcome and number of calls, in the order of the days."""
    rows = await connection.fetch(
        "SELECT day, outcome, calls FROM call_days WHERE day BETWEEN $1 AND $2 ORDER BY day, outcome", first, last
    )
    return [(row["day"], row["outcome"], row["calls"]) for row in rows]
