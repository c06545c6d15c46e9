"""The ledger of calls: how long, what for, what it cost the caller; with masked numbers only (SPEC §5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotline.records import calls

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hotline.desk.caller import CallerNumber
    from hotline.desk.vault import Vault
    from hotline.records import Database


@dataclass(frozen=True)
class CallRecord:
    """What is known of a call by now.

    Attributes:
        caller: None when no number could be trusted.
        steps: (name, seconds since the start) of each point of the conversation reached.
    """

    id: str
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    steps: Sequence[tuple[str, float]] = ()
    caller: CallerNumber | None = None


class Ledger:
    """Writes calls down."""

    def __init__(self, database: Database, vault: Vault, *, price_per_minute: int) -> None:
        self._database = database
        self._vault = vault
        self._price_per_minute = price_per_minute

    async def write(self, call: CallRecord) -> None:
        """Write down a call, at its start and again at its end; the last word counts.

        Raises:
            RecordsUnavailable: the database is away.
        """
        minutes = billed_minutes(call.answered_at, call.ended_at)
        row = calls.CallRow(
            id=call.id,
            started_at=call.started_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            outcome=call.outcome,
            steps=call.steps,
            billed_minutes=minutes,
            price=minutes * self._price_per_minute,
            caller=self._vault.trace(call.caller.e164) if call.caller else None,
        )
        async with self._database.transaction() as connection:
            await calls.put(connection, row)


def billed_minutes(answered_at: datetime | None, ended_at: datetime | None) -> int:
    """Return the started minutes of a call since its answer; none if it was never answered or goes on."""
    if answered_at is None or ended_at is None:
        return 0
    return max(1, math.ceil((ended_at - answered_at).total_seconds() / 60))
