"""The way to Postgres: a few connections, and a time limit on everything.

Why not asyncpg's own pool: after a query was cut off it waits for the server before it takes the connection back, and
closes outdated ones politely. From a server that has fallen silent neither ever returns, while a caller is waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import asyncpg
import structlog

from hotline.records.errors import RecordsUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from types import TracebackType

    from hotline.settings import DatabaseSettings

log = structlog.get_logger()

_UNAVAILABLE: Final = ("08", "25006", "28", "3D", "40", "53", "55P03", "57", "58", "XX")
"""SQLSTATEs, or their beginnings, that speak of the server and not of our statement: connection, a read-only standby,
log-in, missing database, deadlock, resources, lock not available, operator and time limit, system, internal."""

DRIVER_ERRORS: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg, the network and the clock (`TimeoutError` is an `OSError`) raise."""


class Connection(Protocol):
    """What the queries use of asyncpg's connection."""

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement and return its command tag."""

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        """Return all rows."""

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """Return the first row."""

    async def fetchval(self, query: str, *args: object) -> Any:
        """Return the first column of the first row."""


class Database:
    """Connections to Postgres, made when first needed and again after a failure.

    So the service starts while the database is down, and recovers by itself.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        self._dsn = settings.dsn
        self._seconds = settings.time_limit
        self._slots = asyncio.Semaphore(settings.pool_max)
        self._idle: list[Any] = []
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every idle connection at once, and those in use when they are given back."""
        self._closed = True
        self._drop_idle()

    def deadline(self) -> float:
        """Return the loop time by which work begun now must be done."""
        return asyncio.get_running_loop().time() + self._seconds

    @contextlib.asynccontextmanager
    async def transaction(self, *, until: float | None = None) -> AsyncIterator[Connection]:
        """Run the block in one transaction, committed at its end and rolled back when it raises.

        Nothing but queries belongs in the block: the time limit counts all of it. `until` is a loop time, by default
        the time limit of the settings from now.

        Raises:
            RecordsUnavailable: no connection, a lost one, or not done in time. Whether a commit happened is unknown.
        """
        try:
            async with (
                asyncio.timeout_at(self.deadline() if until is None else until),
                self._slots,
                self._connection() as connection,
            ):
                yield connection
        except DRIVER_ERRORS as error:
            if not speaks_of_the_server(error):
                raise
            # What broke one connection has most likely broken them all; better one new connection too many than a
            # caller for each dead one.
            self._drop_idle()
            log.warning("records_unavailable", reason=type(error).__name__)
            raise RecordsUnavailable(type(error).__name__) from error

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        connection = await self._take()
        try:
            await connection.execute("BEGIN")
            yield connection
            await connection.execute("COMMIT")
            self._put_back(connection)
        except Exception as error:
            if isinstance(error, DRIVER_ERRORS) and speaks_of_the_server(error):
                raise
            await connection.execute("ROLLBACK")
            self._put_back(connection)
            raise
        finally:
            # Also the way out of a cancelled block, where waiting for the server is not allowed to happen.
            if connection not in self._idle:
                connection.terminate()

    async def _take(self) -> Any:
        if self._closed:
            raise asyncpg.InterfaceError("closed")
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        milliseconds = str(round(self._seconds * 1000))
        return await asyncpg.connect(
            self._dsn.get_secret_value(),
            server_settings={
                "application_name": "hotline",
                "statement_timeout": milliseconds,
                "idle_in_transaction_session_timeout": milliseconds,
                "jit": "off",
                # The limits are counted under a lock, and what others committed before it must be seen.
                "default_transaction_isolation": "read committed",
            },
        )

    def _put_back(self, connection: Any) -> None:
        if not self._closed:
            self._idle.append(connection)

    def _drop_idle(self) -> None:
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()


def speaks_of_the_server(error: Exception) -> bool:
    """Tell a server that can't serve from a mistake of ours in the statement, its arguments or the address."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_UNAVAILABLE)
    return not isinstance(error, ValueError)
