"""Connections to Asterisk's HTTP server: kept for a while, few enough, and not begun faster than it takes them in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import SimpleNamespace

IDLE_SECONDS = 10.0
"""Asterisk closes an idle connection after 15 s; one we close first is never caught by a request on its way."""

BEGIN_SECONDS = 0.01
"""Time in which Asterisk has taken in a new connection from its listen backlog, which holds ten. One that finds it
full tries again only after a second."""


class Pool:
    """Some connections to one Asterisk.

    Args:
        headers: sent with every request.
        limit: connections at most; a request for which there is none waits.
        begun_at_once: connections begun within `BEGIN_SECONDS` at most.
        retire_seconds: time that requests on old connections have after `renew`.
    """

    def __init__(self, headers: Mapping[str, str], *, limit: int, begun_at_once: int, retire_seconds: float) -> None:
        self._headers = headers
        self._limit = limit
        self._retire_seconds = retire_seconds
        self._turns = asyncio.Semaphore(begun_at_once)
        self._session: aiohttp.ClientSession | None = None
        self._retiring: dict[aiohttp.ClientSession, asyncio.Task[None]] = {}

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections in use, made when first used."""
        if self._session is None or self._session.closed:
            trace = aiohttp.TraceConfig()
            trace.on_connection_create_start.append(self._wait_for_turn)
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                connector=aiohttp.TCPConnector(limit=self._limit, keepalive_timeout=IDLE_SECONDS),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[trace],
            )
        return self._session

    async def close(self) -> None:
        """Close all connections; a later request opens new ones."""
        for session, retiring in list(self._retiring.items()):
            retiring.cancel()
            await session.close()
        self._retiring.clear()
        if self._session is not None:
            await self._session.close()

    def renew(self) -> None:
        """Use new connections from now on: what broke one, or made it half-open, has mostly done so to all.

        Requests under way on the old ones may end, and have `retire_seconds` for it.
        """
        if self._session is not None:
            self._retiring[self._session] = asyncio.create_task(self._retire(self._session))
            self._session = None

    async def _retire(self, session: aiohttp.ClientSession) -> None:
        await asyncio.sleep(self._retire_seconds)
        await session.close()
        self._retiring.pop(session, None)

    async def _wait_for_turn(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, _: aiohttp.TraceConnectionCreateStartParams
    ) -> None:
        """Wait until a connection may be begun; its turn is given back by time alone, so none can be lost."""
        await self._turns.acquire()
        asyncio.get_running_loop().call_later(BEGIN_SECONDS, self._turns.release)
