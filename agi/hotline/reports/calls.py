"""Single calls: listed, and followed as they end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hotline.desk import vietnamese_e164
from hotline.records import calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from hotline.desk import Vault
    from hotline.records import Database
    from hotline.records.calls import Listed
    from hotline.records.outcomes import CallOutcome

MOST = 100_000
"""Calls in one list; the service's busiest month had fewer."""
PAUSE = 1.0
"""Seconds between two looks for calls that have ended."""
LATE = timedelta(seconds=15)
"""How long after its end a call may be written down, when the database was away for a moment, and still be followed."""


class CallBook:
    """The calls in the records.

    Args:
        database: where they are.
        vault: for the keyed hash by which a caller's calls are found; None for whoever asks for no caller.
    """

    def __init__(self, database: Database, vault: Vault | None = None) -> None:
        self._database = database
        self._vault = vault

    async def listed(
        self,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        outcome: CallOutcome | None = None,
        caller: str | None = None,
        limit: int = MOST,
    ) -> Sequence[Listed]:
        """Return the newest calls of those asked for, oldest first.

        Args:
            since: began then or later.
            before: began earlier.
            outcome: ended so.
            caller: phone number of the caller.
            limit: at most so many.

        Raises:
            NumberMalformed: the caller is no phone number.
            RecordsUnavailable: the database is away.
        """
        wanted = calls.Wanted(since, before, outcome, self._trace(caller))
        async with self._database.transaction() as connection:
            return await calls.listed(connection, wanted, limit=limit)

    async def follow(self, *, outcome: CallOutcome | None = None, caller: str | None = None) -> AsyncIterator[Listed]:
        """Yield each call soon after it ends, for ever, each once.

        Raises:
            NumberMalformed: the caller is no phone number.
            RecordsUnavailable: the database is away.
        """
        wanted = calls.Wanted(outcome=outcome, caller=self._trace(caller))
        began = datetime.now(UTC)
        told: dict[str, datetime] = {}
        while True:
            now = datetime.now(UTC)
            async with self._database.transaction() as connection:
                ended = await calls.ended_since(connection, wanted, max(began, now - LATE))
            for call in ended:
                if call.id not in told:
                    told[call.id] = now
                    yield call
            told = {call: at for call, at in told.items() if now - at < 2 * LATE}
            await asyncio.sleep(PAUSE)

    def _trace(self, caller: str | None) -> bytes | None:
        if caller is None:
            return None
        if self._vault is None:
            raise TypeError("a caller is found by a vault only")
        return self._vault.trace(vietnamese_e164(caller)).hmac
