"""A real Postgres: one server a test process, and for each test an own copy of a migrated database."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

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


class Wire:
    """A connection to the database that can fail: `dsn` is its address, over this wire."""

    def __init__(self, socket: Path, name: str) -> None:
        self._socket = socket
        self._name = name
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0
        self._silent = asyncio.Event()
        self._cut_after = b""
        self.accepted = 0

    @property
    def dsn(self) -> str:
        """Address of the database over this wire."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{self._name}?sslmode=disable"

    @property
    def open_connections(self) -> int:
        """How many connections are up."""
        return len(self._tasks)

    @property
    def armed(self) -> bool:
        """Whether `cut_after` still waits for its words."""
        return bool(self._cut_after)

    async def mend(self) -> None:
        """Make it work (again)."""
        self._silent.clear()
        self._cut_after = b""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def fall_silent(self) -> None:
        """Swallow all that either side sends, and close nothing."""
        self._silent.set()

    def cut_after(self, words: bytes) -> None:
        """Break the next connection on which `words` are sent, after the database has done them, before it says so."""
        self._cut_after = words

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        with contextlib.suppress(OSError, asyncio.CancelledError):
            back, forth = await asyncio.open_unix_connection(self._socket)
            heard = asyncio.Event()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._carry(reader, forth, heard))
                    group.create_task(self._carry(back, writer, heard, from_server=True))
            except* ConnectionError:
                pass
            finally:
                forth.close()
                writer.close()
        self._tasks.discard(task)

    async def _carry(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        marked: asyncio.Event,
        *,
        from_server: bool = False,
    ) -> None:
        while data := await source.read(65536):
            if self._silent.is_set():
                await asyncio.Event().wait()
            if from_server and marked.is_set():
                break
            if not from_server and self._cut_after and self._cut_after in data:
                self._cut_after = b""
                marked.set()
            sink.write(data)
        raise ConnectionResetError


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
async def wire(postgres: EmbeddedPostgres, dsn: str) -> AsyncIterator[Wire]:
    """A wire to the own database, working at first."""
    query = parse_qs(urlsplit(dsn).query)
    laid = Wire(Path(query["host"][0]) / ".s.PGSQL.5432", urlsplit(dsn).path[1:])
    await laid.mend()
    yield laid
    await laid.cut()


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
async def desk(database: Database, vault: Vault, password_settings: PasswordSettings) -> AsyncIterator[Desk]:
    """A desk over the own database, with the limits as shipped."""
    opened = Desk(database, vault, password_settings, LimitSettings())
    yield opened
    await opened.close()
