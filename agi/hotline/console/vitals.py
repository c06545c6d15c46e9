"""How the service is at one moment, taken from its parts when somebody asks.

Nothing reports here: each part counts what is its own anyway, and knows nothing of a console.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotline.desk import RecordsUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hotline.desk import Desk, Ledger, Vault
    from hotline.dialogue import PromptWatch
    from hotline.doors import Door
    from hotline.records import Database


@dataclass(frozen=True)
class Parts:
    """The parts of a service that can be asked how they are.

    Attributes:
        doors: all that are to be open.
        calls_at_once: how many calls are taken at a time by each.
        draining: set when no more calls are taken.
    """

    doors: Sequence[Door]
    database: Database
    desk: Desk
    vault: Vault
    ledger: Ledger
    prompts: PromptWatch
    calls_at_once: int
    draining: asyncio.Event


@dataclass(frozen=True)
class Vitals:
    """How a service is.

    Attributes:
        doors: of each by its name whether calls can come.
        draining: no more calls are taken.
        calls: there now.
        calls_at_once: that are taken at a time.
        connections: of the database, at work.
        transactions_waiting: for one of them.
        hashes: being made.
        hashes_waiting: for a thread.
        entries_waiting: calls to be written down.
        prompts_missing: prompts and digits that can't be played.
        limits_hit: how often each limit turned somebody away, since the start.
        alarms_open: alarms of each kind that nobody has acknowledged; None while the database does not tell.
    """

    doors: Mapping[str, bool]
    draining: bool
    calls: int
    calls_at_once: int
    connections: int
    transactions_waiting: int
    hashes: int
    hashes_waiting: int
    entries_waiting: int
    prompts_missing: int
    limits_hit: Mapping[str, int]
    alarms_open: Mapping[str, int] | None


async def take(parts: Parts) -> Vitals:
    """Ask all parts how they are; takes milliseconds, a second where the database does not answer."""
    # Before our own question to the database, which is one more.
    connections, waiting = parts.database.in_use, parts.database.waiting
    alarms, holes = await asyncio.gather(_open_alarms(parts.desk), parts.prompts.look())
    return Vitals(
        doors={door.name: door.opened.is_set() for door in parts.doors},
        draining=parts.draining.is_set(),
        calls=sum(door.calls for door in parts.doors),
        calls_at_once=parts.calls_at_once * len(parts.doors),
        connections=connections,
        transactions_waiting=waiting,
        hashes=parts.vault.running,
        hashes_waiting=parts.vault.waiting,
        entries_waiting=parts.ledger.waiting,
        prompts_missing=len(holes),
        limits_hit={str(kind): times for kind, times in parts.desk.limits_hit.items()},
        alarms_open=alarms,
    )


async def _open_alarms(desk: Desk) -> Mapping[str, int] | None:
    try:
        return await desk.open_alarms()
    except RecordsUnavailable:
        return None


def faults(vitals: Vitals) -> Mapping[str, str]:
    """Return why the service is not ready for calls, by the part that is not; empty when it is."""
    found = {f"door-{name}": "calls can't come this way" for name, opened in vitals.doors.items() if not opened}
    if vitals.alarms_open is None:
        found["database"] = "does not answer"
    if vitals.prompts_missing:
        found["prompts"] = f"{vitals.prompts_missing} can't be played"
    if vitals.draining:
        found["draining"] = "no more calls are taken"
    return found
