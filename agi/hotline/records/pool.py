"""The way to Postgres: a few connections, and a time limit on everything.

Why not asyncpg's own pool: after a query was cut off it waits for the server before it takes the connection back, and
closes outdated ones politely. From a server that has fallen silent neither ever returns, while a caller is waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

import asyncpg
import structlog

from hotline.records.errors import NotPermitted, RecordsUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

    from hotline.settings import DatabaseSettings

log = structlog.get_logger()

T = TypeVar("T")

PAUSES: Final = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0)
"""Seconds between the tries of work that is insisted on; the last one is repeated."""
PATIENCE: Final = 0.75
"""The part of the time limit that one try may take, waiting for locks included; the rest is enough for another, over a
connection that is new, when the first was lost without a word."""

TRANSACTION_TIMEOUT: Final = 17
"""The first PostgreSQL that has it."""

LOST: Final = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
"""After 25 s the server ends the session of a machine of ours that is gone; unasked, after two hours."""

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
        self._most = settings.pool_max
        self._asking = 0
        self._idle: list[Any] = []
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def in_use(self) -> int:
        """How many connections work."""
        return min(self._asking, self._most)

    @property
    def waiting(self) -> int:
        """How many transactions wait for a connection."""
        return self._asking - self.in_use

    async def close(self) -> None:
        """Close every idle connection at once, and those in use when they are given back."""
        self._closed = True
        self._drop_idle()

    async def insist(self, work: Callable[[Connection], Awaitable[T]], *, seconds: float | None = None) -> T:
        """Run `work` in a transaction, and all over when that is lost, until it is committed for certain.

        A connection can break between a commit and its answer. So `work` must be such that doing it twice is doing it
        once: it reads only, or tells by an id of ours whether it was done already. Tries go on for `seconds`, by
        default the time limit of the settings; one that nobody answers ends after three quarters of that limit.

        Raises:
            RecordsUnavailable: in all that time not once. Whether it was committed is unknown.
            NotPermitted: the database's user may not do it.
        """
        now = asyncio.get_running_loop().time
        until = now() + (self._seconds if seconds is None else seconds)
        pauses = itertools.chain(PAUSES, itertools.repeat(PAUSES[-1]))
        while True:
            try:
                async with self._once(until, self._seconds * PATIENCE) as connection:
                    return await work(connection)
            except RecordsUnavailable as away:
                pause = next(pauses)
                if self._closed or now() + pause >= until:
                    log.warning("records_unavailable", reason=str(away))
                    raise
            await asyncio.sleep(pause)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Run the block in one transaction, committed at its end and rolled back when it raises.

        Nothing but queries belongs in the block: the time limit of the settings counts all of it.

        Raises:
            RecordsUnavailable: no connection, a lost one, or not done in time. Whether a commit happened is unknown.
            NotPermitted: the database's user may not do it; nothing was done.
        """
        try:
            async with self._once(asyncio.get_running_loop().time() + self._seconds, self._seconds) as connection:
                yield connection
        except RecordsUnavailable as away:
            log.warning("records_unavailable", reason=str(away))
            raise

    @contextlib.asynccontextmanager
    async def _once(self, until: float, patience: float) -> AsyncIterator[Connection]:
        """Run one transaction by loop time `until`; it may take `patience` seconds once it is its turn."""
        self._asking += 1
        try:
            async with (
                asyncio.timeout_at(until),
                self._slots,
                asyncio.timeout(patience),
                self._connection(patience) as connection,
            ):
                yield connection
        except asyncpg.InsufficientPrivilegeError as error:
            raise not_permitted(error) from error
        except DRIVER_ERRORS as error:
            if not speaks_of_the_server(error):
                raise
            # What broke one connection has most likely broken them all; better one new connection too many than a
            # caller for each dead one.
            self._drop_idle()
            raise RecordsUnavailable(type(error).__name__) from error
        finally:
            self._asking -= 1

    @contextlib.asynccontextmanager
    async def _connection(self, patience: float) -> AsyncIterator[Any]:
        connection = await self._take()
        try:
            await connection.execute(_begin(connection, patience))
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
        return await asyncpg.connect(
            self._dsn.get_secret_value(),
            server_settings={
                "application_name": "hotline",
                "statement_timeout": _milliseconds(self._seconds),
                **LOST,
                # A commit we are told of survives a crash of the server, whatever its default: it is spoken of next.
                "synchronous_commit": "on",
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


def _begin(connection: Any, patience: float) -> str:
    """Return what begins a transaction that the server ends with us, so that its locks are free for the next try."""
    limit = _milliseconds(patience)
    if connection.get_server_version().major < TRANSACTION_TIMEOUT:
        return f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = {limit}"
    # The other limits are blind between the preparing of a statement and its execution.
    return f"BEGIN; SET LOCAL transaction_timeout = {limit}"


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def speaks_of_the_server(error: Exception) -> bool:
    """Tell a server that can't serve from a mistake of ours in the statement, its arguments or the address."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_UNAVAILABLE)
    return not isinstance(error, ValueError)


def not_permitted(error: asyncpg.InsufficientPrivilegeError) -> NotPermitted:
    """Return the error of a database user who lacks a role; Postgres names the table, never what is in it."""
    return NotPermitted(
        f"the database refuses: {error}; who needs which role is in docs/operator.md, and `hotline records migrate` "
        "gives the roles what a new version needs"
    )
