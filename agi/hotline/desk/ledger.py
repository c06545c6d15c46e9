"""The ledger of calls: how long, what for, what it cost the caller; with masked numbers only (SPEC §5).

A call is written down when it comes in and again when it has ended, both beside the call: nobody waits for it. What
can't be written while the database is away is kept and written when it is back. A process that dies leaves the first
entry, without an end; an hour later the reports have that call as *lost*.
"""

from __future__ import annotations

import asyncio
import math
from contextvars import Context
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import structlog

from hotline.records import RecordsUnavailable, calls

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hotline.desk.caller import CallerNumber
    from hotline.desk.vault import Vault
    from hotline.records import Database
    from hotline.records.outcomes import CallOutcome


log = structlog.get_logger()

MOST_KEPT: Final = 10_000
"""Calls kept at most while the database is away, about 1 kB each: a quarter of an hour of 10 calls/s. The oldest go."""
AT_ONCE: Final = 100
"""Calls written in one transaction at most."""
RETRY_SECONDS: Final = 1.0
CLOSING_SECONDS: Final = 3.0


@dataclass(frozen=True)
class CallRecord:
    """What is known of a call by now.

    Attributes:
        caller: None when no number could be trusted.
        menu: number of the published menu that the caller had, `file` or `draft`.
        steps: (name, seconds since the start) of each point of the conversation reached.
    """

    id: str
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: CallOutcome | None = None
    steps: Sequence[tuple[str, float]] = ()
    caller: CallerNumber | None = None
    menu: str | None = None


class Ledger:
    """Writes calls down."""

    def __init__(self, database: Database, vault: Vault, *, price_per_minute: int) -> None:
        self._database = database
        self._vault = vault
        self._price_per_minute = price_per_minute
        self._due: dict[str, CallRecord] = {}
        self._work: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many calls are to be written down: none or a few while the database answers."""
        return len(self._due)

    def note(self, call: CallRecord) -> None:
        """Have a call written down as soon as possible, at its start and again at its end; the last word counts."""
        self._due.pop(call.id, None)
        if len(self._due) >= MOST_KEPT:
            oldest = self._due.pop(next(iter(self._due)))
            log.error("call_not_recorded", call=oldest.id, outcome=oldest.outcome, reason="too many are kept")
        self._due[call.id] = call
        if self._work is None or self._work.done():
            # In no call's context: it writes down those of others.
            self._work = asyncio.create_task(self._work_off(), name="ledger", context=Context())

    async def close(self) -> None:
        """Wait, at most 3 s, until everything noted is written."""
        if self._work is not None:
            await asyncio.wait({self._work}, timeout=CLOSING_SECONDS)
            self._work.cancel()
            await asyncio.wait({self._work})
        if self._due:
            log.error("calls_not_recorded", calls=len(self._due), reason="the database is away")

    async def write(self, *entries: CallRecord) -> None:
        """Write calls down, all or none; those that are there already get a new entry.

        Raises:
            RecordsUnavailable: the database is away.
        """
        rows = [self._row(call) for call in entries]
        async with self._database.transaction() as connection:
            for row in rows:
                await calls.put(connection, row)

    async def _work_off(self) -> None:
        while self._due:
            entries = list(islice(self._due.values(), AT_ONCE))
            try:
                await self.write(*entries)
            except RecordsUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                log.exception("calls_not_recorded", calls=len(entries))
            for call in entries:
                # One that ended meanwhile is written once more.
                if self._due.get(call.id) is call:
                    del self._due[call.id]

    def _row(self, call: CallRecord) -> calls.CallRow:
        minutes = billed_minutes(call.answered_at, call.ended_at)
        return calls.CallRow(
            id=call.id,
            started_at=call.started_at,
            answered_at=call.answered_at,
            ended_at=call.ended_at,
            outcome=call.outcome,
            steps=call.steps,
            billed_minutes=minutes,
            price=minutes * self._price_per_minute,
            caller=self._vault.trace(call.caller.e164) if call.caller else None,
            menu=call.menu,
        )


def billed_minutes(answered_at: datetime | None, ended_at: datetime | None) -> int:
    """Return the started minutes of a call since its answer; none if it was never answered or goes on."""
    if answered_at is None or ended_at is None:
        return 0
    return max(1, math.ceil((ended_at - answered_at).total_seconds() / 60))
