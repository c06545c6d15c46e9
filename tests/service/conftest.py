"""A real Postgres: one server a test process, and for each test an own copy of a migrated database."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlsplit

import argon2
import pytest
import pytest_asyncio
from pydantic import SecretStr

from hotline.desk import Desk, SecretDigits, Vault, load_sample
from hotline.records import Database, EmbeddedPostgres, migrate
from hotline.settings import DatabaseSettings, LimitSettings, PasswordSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

OLD_PASSWORD = "87654321"
PEPPER = "a pepper for tests, of no use elsewhere"


@dataclass(frozen=True)
class Trap:
    """Where a wire fails, and how.

    Attributes:
        at: at which messages to the database: all, or those with these words.
        nth: at which of them, from now on.
        done: whether the database gets the message and does it; its answer never arrives.
        then: what becomes of the wire: the one connection breaks, or is stuck, or all break and new ones are refused.
    """

    at: bytes
    nth: int
    done: bool
    then: Literal["broken", "stuck", "away"]


class Wire:
    """A connection to the database that can fail: `dsn` is its address, over this wire.

    Attributes:
        sprung: set when the trap has gone off.
    """

    def __init__(self, socket: Path, name: str) -> None:
        self._socket = socket
        self._name = name
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0
        self._silent = asyncio.Event()
        self._trap: Trap | None = None
        self._due: Trap | None = None  # met, and to go off with the answer
        self.sprung = asyncio.Event()
        self.accepted = 0

    @property
    def dsn(self) -> str:
        """Address of the database over this wire."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{self._name}?sslmode=disable"

    @property
    def open_connections(self) -> int:
        """How many connections are up."""
        return len(self._tasks)

    async def mend(self) -> None:
        """Make it work (again)."""
        self._silent.clear()
        self._trap = self._due = None
        self.sprung.clear()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection and refuse new ones."""
        self._refuse()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def fall_silent(self) -> None:
        """Swallow all that either side sends, and close nothing."""
        self._silent.set()

    def set_trap(
        self, at: bytes = b"", *, nth: int = 1, done: bool, then: Literal["broken", "stuck", "away"] = "broken"
    ) -> None:
        """Fail once, at a message to come; see `Trap`."""
        self._trap = Trap(at, nth, done, then)
        self.sprung.clear()

    def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        with contextlib.suppress(OSError, asyncio.CancelledError):
            back, forth = await asyncio.open_unix_connection(self._socket)
            unanswered: asyncio.Queue[Trap] = asyncio.Queue()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._ask(reader, forth, unanswered))
                    group.create_task(self._answer(back, writer, unanswered))
            except* ConnectionError:
                pass
            finally:
                forth.close()
                writer.close()
        self._tasks.discard(task)

    async def _ask(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, unanswered: asyncio.Queue[Trap]
    ) -> None:
        while data := await source.read(65536):
            await self._stand_still()
            trap = self._met(data)
            if trap is not None and not trap.done:
                await self._spring(trap)
            sink.write(data)
            if trap is not None:
                self._due = trap
                unanswered.put_nowait(trap)
        raise ConnectionResetError

    async def _answer(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, unanswered: asyncio.Queue[Trap]
    ) -> None:
        while data := await source.read(65536):
            await self._stand_still()
            # One met by work that nobody waits for, such as a look for alarms, is void once all is mended.
            if not unanswered.empty() and (trap := unanswered.get_nowait()) is self._due:
                await self._spring(trap)
            sink.write(data)
        raise ConnectionResetError

    def _met(self, data: bytes) -> Trap | None:
        """Return the trap if this message to the database meets it; a trap is met once."""
        trap = self._trap
        if trap is None or trap.at not in data:
            return None
        self._trap = replace(trap, nth=trap.nth - 1) if trap.nth > 1 else None
        return trap if trap.nth == 1 else None

    async def _spring(self, trap: Trap) -> None:
        self.sprung.set()
        if trap.then == "stuck":
            await asyncio.Event().wait()
        if trap.then == "away":
            self._refuse()
        raise ConnectionResetError

    async def _stand_still(self) -> None:
        if self._silent.is_set():
            await asyncio.Event().wait()


_names = (f"test_{number}" for number in itertools.count(1))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres() -> AsyncIterator[EmbeddedPostgres]:
    """An own server, gone after the tests; in memory, where a database is copied twenty times as fast."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="hotline-pg-", dir=memory if os.access(memory, os.W_OK) else None
    ) as folder:
        async with EmbeddedPostgres(Path(folder)) as server:
            yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(postgres: EmbeddedPostgres, password_settings: PasswordSettings) -> str:
    """Name of a database with the schema and the sample members, to be copied."""
    dsn = await postgres.create_database("template")
    await migrate(dsn)
    vault = Vault(password_settings)
    async with Database(DatabaseSettings(dsn=SecretStr(dsn), time_limit=10)) as database:
        await load_sample(database, vault, SecretDigits(OLD_PASSWORD))
    vault.close()
    return "template"


@pytest.fixture
async def dsn(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    """Address of an own database with the schema and the sample members."""
    name = next(_names)
    yield await postgres.create_database(name, template)
    await postgres.drop_database(name)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """The own database, opened."""
    async with Database(DatabaseSettings(dsn=SecretStr(dsn))) as opened:
        yield opened


@pytest.fixture
def loose_wire(dsn: str) -> Wire:
    """A wire to the own database that does not work yet; for whoever has an event loop of their own."""
    query = parse_qs(urlsplit(dsn).query)
    return Wire(Path(query["host"][0]) / ".s.PGSQL.5432", urlsplit(dsn).path[1:])


@pytest.fixture
async def wire(loose_wire: Wire) -> AsyncIterator[Wire]:
    """A wire to the own database, working at first."""
    await loose_wire.mend()
    yield loose_wire
    await loose_wire.cut()


@pytest.fixture(scope="session")
def password_settings() -> PasswordSettings:
    """Passwords as shipped, with a pepper."""
    return PasswordSettings(pepper=SecretStr(PEPPER))


@pytest.fixture
def vault(password_settings: PasswordSettings) -> Iterator[Vault]:
    """A vault with the pepper of the sample members' passwords."""
    opened = Vault(password_settings)
    yield opened
    opened.close()


@pytest.fixture
def quick_vault(password_settings: PasswordSettings) -> Iterator[Vault]:
    """The same, whose new hashes cost next to nothing."""
    opened = Vault(password_settings, argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield opened
    opened.close()


@pytest.fixture
async def desk(database: Database, vault: Vault, password_settings: PasswordSettings) -> AsyncIterator[Desk]:
    """A desk over the own database, with the limits as shipped."""
    opened = Desk(database, vault, password_settings, LimitSettings())
    yield opened
    await opened.close()
