"""Calls: what became of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hotline.records.outcomes import CallOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hotline.records.attempts import Trace
    from hotline.records.pool import Connection


@dataclass(frozen=True)
class CallRow:
    """One call.

    Attributes:
        steps: (name, seconds since the start) of each point of the conversation reached.
        billed_minutes: started minutes since the answer.
        price: đồng for all of them.
        caller: None when no number could be trusted.
        menu: number of the published menu that the caller had, `file` or `draft`.
    """

    id: str
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    steps: Sequence[tuple[str, float]] = field(default=())
    billed_minutes: int = 0
    price: int = 0
    caller: Trace | None = None
    menu: str | None = None


async def put(connection: Connection, call: CallRow) -> None:
    """Add the call, or write down what is known by now of one that is there already."""
    await connection.execute(
        """
        INSERT INTO calls (id, started_at, answered_at, ended_at, outcome, steps, billed_minutes, price,
                           caller_masked, caller_hmac, menu)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11)
        ON CONFLICT (id) DO UPDATE SET
            answered_at = excluded.answered_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
            steps = excluded.steps, billed_minutes = excluded.billed_minutes, price = excluded.price,
            caller_masked = excluded.caller_masked, caller_hmac = excluded.caller_hmac, menu = excluded.menu
        """,
        call.id,
        call.started_at,
        call.answered_at,
        call.ended_at,
        call.outcome,
        json.dumps(call.steps),
        call.billed_minutes,
        call.price,
        call.caller and call.caller.masked,
        call.caller and call.caller.hmac,
        call.menu,
    )


async def newest(connection: Connection) -> CallRow | None:
    """Return the call that began last, without its caller."""
    row = await connection.fetchrow(
        """
        SELECT id, started_at, answered_at, ended_at, outcome, billed_minutes, price FROM calls
        ORDER BY started_at DESC LIMIT 1
        """
    )
    return CallRow(**row) if row is not None else None


@dataclass(frozen=True)
class Listed:
    """A call as it is shown.

    Attributes:
        caller: masked; None when no number could be trusted.
        outcome: how it ended, a `CallOutcome` unless an older version had another word.
        last_step: how far it came.
        seconds: from the first ring to the end; None without one.
    """

    id: str
    started_at: datetime
    caller: str | None
    outcome: str
    last_step: str | None
    seconds: float | None
    billed_minutes: int
    price: int


@dataclass(frozen=True)
class Wanted:
    """Which calls are to be listed.

    Attributes:
        since: began at this moment or later.
        before: began before this moment.
        outcome: ended so.
        caller: keyed hash of the caller's number.
    """

    since: datetime | None = None
    before: datetime | None = None
    outcome: CallOutcome | None = None
    caller: bytes | None = None


_OUTCOME = (
    "coalesce(outcome, CASE WHEN started_at < now() - interval '65 min' "
    f"THEN '{CallOutcome.LOST}' ELSE '{CallOutcome.UNDER_WAY}' END)"
)
"""As in the view of days (db/migrations/0010)."""
_LISTED = f"""
    SELECT id, started_at, caller_masked AS caller, {_OUTCOME} AS outcome, steps -> -1 ->> 0 AS last_step,
           extract(epoch FROM ended_at - started_at)::float AS seconds, billed_minutes, price FROM calls
"""  # noqa: S608 - ours
_WANTED = """
    ($1::timestamptz IS NULL OR started_at >= $1) AND ($2::timestamptz IS NULL OR started_at < $2)
    AND ($3::text IS NULL OR {outcome} = $3) AND ($4::bytea IS NULL OR {caller} = $4)
"""


def _wanted(wanted: Wanted) -> str:
    """Return the condition. Without a caller it leaves the keyed hashes alone: reporters may not read them."""
    return _WANTED.format(outcome=_OUTCOME, caller="NULL" if wanted.caller is None else "caller_hmac")


async def listed(connection: Connection, wanted: Wanted, *, limit: int) -> list[Listed]:
    """Return the newest `limit` calls that are wanted, oldest first."""
    rows = await connection.fetch(
        f"""
        SELECT * FROM ({_LISTED} WHERE {_wanted(wanted)} ORDER BY started_at DESC LIMIT $5) AS newest
        ORDER BY started_at
        """,  # noqa: S608 - ours
        wanted.since,
        wanted.before,
        wanted.outcome,
        wanted.caller,
        limit,
    )
    return [Listed(**row) for row in rows]


async def ended_since(connection: Connection, wanted: Wanted, moment: datetime) -> list[Listed]:
    """Return the calls that are wanted and ended at `moment` or later, in the order of their ends."""
    rows = await connection.fetch(
        f"{_LISTED} WHERE {_wanted(wanted)} AND ended_at >= $5 ORDER BY ended_at",
        wanted.since,
        wanted.before,
        wanted.outcome,
        wanted.caller,
        moment,
    )
    return [Listed(**row) for row in rows]
