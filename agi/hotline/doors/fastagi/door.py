"""The FastAGI door: a channel in `AGI(agi://…)` becomes a `Call`."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
import uuid
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

import structlog

from hotline.call import Call, CallerGone, LineError, LineFailed
from hotline.doors.door import DoorUnavailable
from hotline.doors.fastagi.head import LINE_BYTES, HeadRefused, read_head
from hotline.doors.fastagi.line import FastAgiLine
from hotline.doors.fastagi.session import Lines, Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from hotline.call import Sounds
    from hotline.doors.fastagi.head import Head
    from hotline.settings import FastAgiSettings

log = structlog.get_logger()

BACKLOG = 200
"""Connections that may wait for us at once: a burst of calls. Asterisk gives up on one after two seconds."""
KEEPALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
"""Seconds and counts after which a connection to a machine that is gone ends, though nothing is asked over it."""


class FastAgiDoor:
    """Lets calls in from AGI(), over TCP.

    Args:
        settings: where to listen, and who may come.
        sounds: the prompts.
        call_seconds: the longest a call may last.
        calls_at_once: how many connections are served at a time, calls or not; more are closed at once.

    Attributes:
        opened: set once it listens.
    """

    def __init__(self, settings: FastAgiSettings, sounds: Sounds, *, call_seconds: float, calls_at_once: int) -> None:
        self._settings = settings
        self._sounds = sounds
        self._call_seconds = call_seconds
        self._calls_at_once = calls_at_once
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._receive: Callable[[Call], Awaitable[None]]
        self.opened = asyncio.Event()

    async def open(self, receive: Callable[[Call], Awaitable[None]]) -> None:
        """Hand every call that comes in to `receive`, each in a task of its own, until cancelled.

        Cancelled, it lets nobody else in and cancels each call; it returns when all have ended.

        Raises:
            DoorUnavailable: the address can't be listened on.
        """
        self._receive = receive
        address, port = str(self._settings.address), self._settings.port
        try:
            self._server = await asyncio.start_server(self._connected, address, port, limit=LINE_BYTES, backlog=BACKLOG)
        except OSError as error:
            raise DoorUnavailable(
                f"HOTLINE_FASTAGI__ADDRESS={address}, HOTLINE_FASTAGI__PORT={port}: {error.strerror}"
            ) from None
        self.opened.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.opened.clear()
            self._server.close()
            for task in self._connections:
                task.cancel()
            if self._connections:
                await asyncio.wait(self._connections)

    async def drain(self) -> None:
        """Take no more calls; return when those there are have ended."""
        if self._server is not None:
            self._server.close()
        while self._connections:
            await asyncio.wait(self._connections)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio's own
        # There is none when the connection was reset before we came to it.
        peer = (writer.get_extra_info("peername") or ("",))[0]
        refusal = self._refusal(peer) if peer else "gone"
        if refusal:
            log.warning("fastagi_refused", peer=peer, why=refusal)
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            await self._serve(reader, writer, peer)
        except asyncio.CancelledError:
            pass  # we are stopping, and the caller has been told
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    def _refusal(self, peer: str) -> str:
        """Return why a connection is not taken; empty when it is."""
        address = ip_address(peer)
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if not any(address in network for network in self._settings.peers):
            return "not in HOTLINE_FASTAGI__PEERS"
        if len(self._connections) >= self._calls_at_once:
            return "HOTLINE_CALL__AT_ONCE are there"
        return ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> None:
        """Serve one connection to its end."""
        try:
            async with asyncio.timeout(self._settings.head_seconds):
                head = await read_head(reader)
        except (HeadRefused, TimeoutError, OSError) as wrong:
            log.warning("fastagi_refused", peer=peer, why=str(wrong) or type(wrong).__name__)
            return
        if head is None:
            return
        if not hmac.compare_digest(head.script.encode(), self._settings.script.get_secret_value().encode()):
            log.warning("fastagi_refused", peer=peer, why="not HOTLINE_FASTAGI__SCRIPT")
            return
        _keep_alive(writer)
        async with self._line(head, reader, writer) as line:
            try:
                await line.begin()
            except LineFailed as wrong:
                log.warning("fastagi_refused", peer=peer, why=str(wrong))
                return
            except CallerGone:
                return
            with contextlib.suppress(LineError):
                # The dialplan gives us a few seconds to take a call over; longer life is the taking over.
                await line.limit(self._call_seconds)
                await self._receive(Call(str(uuid.uuid4()), line, self._sounds, head.arguments))

    @contextlib.asynccontextmanager
    async def _line(
        self, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> AsyncIterator[FastAgiLine]:
        lines = Lines(reader)
        line = FastAgiLine(Session(lines, writer, head.headers))
        taking_in = asyncio.create_task(lines.take_in(line.gone), name="fastagi lines")
        try:
            yield line
        finally:
            taking_in.cancel()
            await asyncio.wait({taking_in})
            await line.close()


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)
