"""A connection to the database that can be cut, slow or silent, and lost before or after any message one likes."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit


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
        accepted: connections there were.
        delay_seconds: how much later every message arrives.
    """

    def __init__(self, socket: Path, name: str) -> None:
        """Lead to database `name` of the server that listens on `socket`; works from `mend` on."""
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
        self.delay_seconds = 0.0

    @classmethod
    def to(cls, dsn: str) -> Self:
        """Return one to the database of an embedded Postgres."""
        parts = urlsplit(dsn)
        return cls(Path(parse_qs(parts.query)["host"][0]) / ".s.PGSQL.5432", parts.path[1:])

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
        await asyncio.sleep(0)  # in which closed connections go

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
        if self._server is None:
            writer.close()  # it was let in just before all was refused
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection is served in a task
        self._tasks.add(task)
        self.accepted += 1
        try:
            with contextlib.suppress(OSError):
                await self._join(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()  # nothing more gets through
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        if self._silent.is_set():
            await asyncio.Event().wait()
