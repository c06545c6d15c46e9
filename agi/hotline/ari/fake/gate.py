"""A gate in the way of real connections: what passes can be cut, delayed, frozen, or lost without a word."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Gate:
    """A TCP relay on a free port of this machine; an async context manager.

    It stands in front of any server, the fake or a real Asterisk, and knows nothing of what passes.

    Args:
        host: where the server is.
        port: its port.

    Attributes:
        port: where the gate listens, any free one if 0 before `open`; the same after `shut` and `open`.
        delay_seconds: how much later everything arrives from now on, both ways, in order.
        accepted: connections there were.
    """

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self.delay_seconds = 0.0
        self.accepted = 0
        self._server_address = (host, port)
        self._listener: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._going = asyncio.Event()
        self._going.set()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.shut()

    @property
    def url(self) -> str:
        """Its address, for `Client`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """How many connections there are, half-open ones among them."""
        return len(self._links)

    async def open(self) -> None:
        """Let connections in."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Cut every connection and refuse new ones; returns when all are gone."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def lead_to(self, host: str, port: int) -> None:
        """Lead new connections to another server."""
        self._server_address = (host, port)

    def cut(self) -> None:
        """Reset every connection, as a firewall or a crash does; new ones are let in."""
        for link in list(self._links):
            link.reset()

    def half_open(self) -> None:
        """Let nothing pass any more on the connections there are, and close none; new ones work."""
        for link in self._links:
            link.dead = True

    def freeze(self) -> None:
        """Hold up everything, on all connections and on new ones; nothing is lost."""
        self._going.clear()

    def thaw(self) -> None:
        """Let what was held up pass."""
        self._going.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection is served in a task
        if self._listener is None:
            _reset(writer)  # it was let in just before the gate was shut
            return
        self._serving.add(task)
        self.accepted += 1
        try:
            # Cancelled by `shut`, or broken: either way this connection is over.
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._serving.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._server_address)
        except BaseException:  # a cancellation by `shut` among them
            _reset(writer)
            raise
        link = _Link((writer, far_writer))
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(link, reader, far_writer))
                group.create_task(self._carry(link, far_reader, writer))
        except* OSError:
            pass
        finally:
            self._links.discard(link)
            link.reset()

    async def _carry(self, link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Carry one direction until its end."""
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await on_the_way.get()
                await asyncio.sleep(due - loop.time())
                await self._going.wait()
                if link.dead:
                    await asyncio.Event().wait()
                if not data or sink.is_closing():
                    # HTTP and WebSocket close both ways at once.
                    link.close()
                    return
                sink.write(data)
                await sink.drain()

        async def take() -> None:
            data = b"-"
            while data:
                data = await source.read(65536)
                on_the_way.put_nowait((loop.time() + self.delay_seconds, data))

        async with asyncio.TaskGroup() as group:
            group.create_task(deliver())
            group.create_task(take())


class _Link:
    """The two connections that the gate joins.

    Attributes:
        dead: nothing passes any more.
    """

    def __init__(self, writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.dead = False
        self._writers = writers

    def close(self) -> None:
        for writer in self._writers:
            writer.close()

    def reset(self) -> None:
        for writer in self._writers:
            _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, so that the other side learns it at once and nothing is still sent."""
    end = writer.get_extra_info("socket")
    if end is not None and end.fileno() >= 0:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
