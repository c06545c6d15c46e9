"""Being told by Postgres that something changed (LISTEN), over a connection that comes back when it is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import structlog

from hotline.records.pool import DRIVER_ERRORS, LOST

if TYPE_CHECKING:
    from pydantic import SecretStr

log = structlog.get_logger()

CONNECTING: Final = 5.0
"""Seconds to connect."""
IDLE: Final = 10.0
"""Seconds without a word after which the connection is asked whether it is alive: that it was closed asyncpg finds out
by itself, not that nothing comes through any more."""
ANSWERING: Final = 3.0
"""Seconds to answer that."""
PAUSES: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before each try to come back; the last one for ever."""


class Listener:
    """Listens to one channel.

    Attributes:
        told: set on each notification, and when the connection is there (again): what was told meanwhile is lost. It is
            for whoever waits for it to clear.
        connected: set while we listen.
    """

    def __init__(self, dsn: SecretStr, channel: str) -> None:
        self._dsn = dsn
        self._channel = channel
        self.told = asyncio.Event()
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled, whatever becomes of the server."""
        tries = 0
        while True:
            try:
                await self._listen()
            except DRIVER_ERRORS as away:
                if self.connected.is_set() or not tries:
                    log.warning("listener_lost", channel=self._channel, reason=type(away).__name__)
            tries = 0 if self.connected.is_set() else tries + 1
            self.connected.clear()
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])

    async def _listen(self) -> None:
        async with asyncio.timeout(CONNECTING):
            connection: Any = await asyncpg.connect(
                self._dsn.get_secret_value(), server_settings={"application_name": "hotline-listener", **LOST}
            )
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            async with asyncio.timeout(ANSWERING):
                await connection.add_listener(self._channel, lambda *_: self.told.set())
            self.connected.set()
            self.told.set()
            while not lost.is_set():
                try:
                    async with asyncio.timeout(IDLE):
                        await lost.wait()
                except TimeoutError:
                    async with asyncio.timeout(ANSWERING):
                        await connection.execute("SELECT 1")
            raise ConnectionError("closed by the server")
        finally:
            connection.terminate()
