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

MOST_WAITING = 64
"""Connections that have not proved yet that they are a call. One more, and the one there longest is shut out.

An Asterisk needs a few thousandths of a second; who only holds places loses them first, and never takes a call's."""
TOLD = 10.0
"""Seconds between two lines of the log that say so, however many are shut out."""
BACKLOG = 200
"""Connections that may wait for us at once: a burst of calls. Asterisk gives up on one after two seconds."""
KEEPALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
"""Seconds and counts after which a connection to a machine that is gone ends, though nothing is asked over it."""


class _Refused(Exception):
    """A connection is no call we take; the message says why, for the log."""


class FastAgiDoor:
    """Lets calls in from AGI(), over TCP.

    Args:
        settings: where to listen, and who may come.
        sounds: the prompts.
        call_seconds: the longest a call may last.
        calls_at_once: how many calls are served at a time; more are given back to the dialplan at once.

    Attributes:
        opened: set once it listens.
        held: calls are given back to the dialplan, which tries the next address.
    """

    name = "fastagi"

    def __init__(self, settings: FastAgiSettings, sounds: Sounds, *, call_seconds: float, calls_at_once: int) -> None:
        self._settings = settings
        self._sounds = sounds
        self._call_seconds = call_seconds
        self._calls_at_once = calls_at_once
        self._server: asyncio.Server | None = None
        self._ending = False
        self._connections: set[asyncio.Task[None]] = set()
        self._waiting: dict[asyncio.Task[None], None] = {}
        self._calls = 0
        self._told_at = -TOLD
        self._receive: Callable[[Call], Awaitable[None]]
        self.opened = asyncio.Event()
        self.held = False

    @property
    def calls(self) -> int:
        """How many calls are here."""
        return self._calls

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
            self._shut()
            for task in self._connections:
                task.cancel()
            if self._connections:
                await asyncio.wait(self._connections)

    async def drain(self) -> None:
        """Take no more calls; return when those there are have ended."""
        self._shut()
        while self._connections:
            await asyncio.wait(self._connections)

    def _shut(self) -> None:
        """Let nobody else in: neither who connects from now on nor who has, but is no call yet."""
        self._ending = True
        if self._server is not None:
            self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio's own
        # There is none when the connection was reset before we came to it.
        peer = (writer.get_extra_info("peername") or ("",))[0]
        if not peer or not self._known(peer):
            log.warning("fastagi_refused", peer=peer, why="not in HOTLINE_FASTAGI__PEERS" if peer else "gone")
            writer.transport.abort()
            return
        if self._ending:
            writer.transport.abort()
            return
        self._connections.add(task)
        self._let_wait(task)
        try:
            await self._serve(reader, writer, lambda: self._waiting.pop(task, None))
        except _Refused as refused:
            log.warning("fastagi_refused", peer=peer, why=str(refused))
        except asyncio.CancelledError:
            pass  # it waited too long; or we are stopping, and the caller has been told
        finally:
            self._waiting.pop(task, None)
            self._connections.discard(task)
            writer.transport.abort()

    def _known(self, peer: str) -> bool:
        address = ip_address(peer)
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._settings.peers)

    def _let_wait(self, task: asyncio.Task[None]) -> None:
        """Have a connection wait until it has proved to be a call; shut out the oldest when there are too many."""
        self._waiting[task] = None
        if len(self._waiting) <= MOST_WAITING:
            return
        oldest = next(iter(self._waiting))
        del self._waiting[oldest]
        oldest.cancel()
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TOLD:
            self._told_at = now
            log.warning("fastagi_crowded", most=MOST_WAITING, do="find out who connects and says nothing")

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proved: Callable[[], None]
    ) -> None:
        """Serve one connection to its end; call `proved` once it is known to be a call.

        Raises:
            _Refused: it is none, or there is no room for it.
        """
        head = await self._head(reader)
        if head is None:
            return
        _keep_alive(writer)
        async with self._line(head, reader, writer) as line:
            try:
                await line.begin(self._settings.head_seconds)
            except LineFailed as wrong:
                raise _Refused(str(wrong)) from None
            except CallerGone:
                return
            proved()
            if self._ending:
                raise _Refused("we are ending")
            if self.held:
                raise _Refused("no more calls are taken: `hotline resume`")
            if self._calls >= self._calls_at_once:
                raise _Refused("HOTLINE_CALL__AT_ONCE are there")
            self._calls += 1
            # What is logged of this call is found by the switchboard's name for it, too.
            structlog.contextvars.bind_contextvars(channel=head.headers.get("agi_uniqueid"))
            try:
                # The dialplan gives us a few seconds to take a call over; longer life is the taking over. The line asks
                # for it some seconds at a time, so that the caller of a process that freezes later is told as well.
                await line.limit(self._call_seconds)
                await self._receive(Call(str(uuid.uuid4()), line, self._sounds, head.arguments))
            except LineError:
                pass
            finally:
                self._calls -= 1

    async def _head(self, reader: asyncio.StreamReader) -> Head | None:
        try:
            async with asyncio.timeout(self._settings.head_seconds):
                head = await read_head(reader)
        except (HeadRefused, TimeoutError, OSError) as wrong:
            raise _Refused(str(wrong) or type(wrong).__name__) from None
        expected = self._settings.script.get_secret_value().encode()
        if head is not None and not hmac.compare_digest(head.script.encode(), expected):
            raise _Refused("not HOTLINE_FASTAGI__SCRIPT")
        return head

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
