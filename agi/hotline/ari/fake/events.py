"""One client's events socket, as Asterisk's side of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import ClientError, ClientSession, TCPConnector, WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import ClientWebSocketResponse

    from .clock import Clock

    Perform = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Registered(Protocol):
    """Where the events of an application go.

    Attributes:
        kept: the application stays registered when its socket is lost.
    """

    kept: bool

    def send(self, event: dict[str, Any]) -> None:
        """Send an event after those before."""

    def freeze(self) -> None:
        """Become half-open."""

    async def lose(self, *, clean: bool) -> None:
        """Break the connection, or close it."""


class EventsSocket:
    """What is sent leaves in order, requests are done one after another; frozen, it is a half-open connection.

    Args:
        socket: whoever opened it.
        abort: resets its connection.
        perform: does a request that came over it.
        clock: stands still with the fake.
    """

    kept = False

    def __init__(
        self,
        socket: web.WebSocketResponse | ClientWebSocketResponse,
        abort: Callable[[], object],
        perform: Perform,
        clock: Clock,
    ) -> None:
        self._socket = socket
        self._abort = abort
        self._clock = clock
        self._frozen = False
        self._perform = perform
        self._queue: deque[dict[str, Any]] = deque()
        self._news = asyncio.Event()
        self._writer = asyncio.create_task(self._write())

    def send(self, event: dict[str, Any]) -> None:
        """Send an event after those before."""
        if not self._frozen:
            self._queue.append(event)
            self._news.set()

    @property
    def unsent(self) -> list[dict[str, Any]]:
        """What happened and could not be sent any more."""
        return [event for event in self._queue if event["type"] not in {"RESTResponse", "ApplicationRegistered"}]

    def freeze(self) -> None:
        """Become half-open."""
        self._frozen = True

    async def lose(self, *, clean: bool) -> None:
        """Break the connection, or close it."""
        if clean:
            await self._socket.close()
        else:
            self._abort()

    async def read(self) -> None:
        """Answer pings and requests, one after the other, until the client goes."""
        try:
            async for message in self._socket:
                await self._clock.going()
                if self._frozen:
                    continue
                if message.type is WSMsgType.PING:
                    await self._socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self.send(await self._perform(message.json()))
        except (ConnectionError, ClientError):
            self._abort()
        finally:
            self._writer.cancel()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                self._news.clear()
                while self._queue:
                    await self._clock.going()
                    await self._socket.send_json(self._queue[0])
                    self._queue.popleft()
                await self._news.wait()


class Performer:
    """Does a request that came over an events socket as if it had come over HTTP."""

    def __init__(self, authorization: str) -> None:
        self._authorization = authorization
        self._url = ""
        self._session: ClientSession | None = None

    def open(self, url: str) -> None:
        """Send them to `url`."""
        self._url = url
        self._session = ClientSession(
            headers={"Authorization": self._authorization}, connector=TCPConnector(limit=0, force_close=True)
        )

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()

    async def perform(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Do a request; return the event that answers it."""
        assert self._session is not None  # noqa: S101 - it has been opened
        async with self._session.request(
            asked["method"],
            f"{self._url}/ari/{asked['uri']}",
            params={pair["name"]: pair["value"] for pair in asked.get("query_strings", [])},
            data=asked.get("message_body"),
            headers={"Content-Type": asked.get("content_type") or "application/json"},
        ) as response:
            return {
                "type": "RESTResponse",
                "request_id": asked["request_id"],
                "status_code": response.status,
                "message_body": await response.text(),
            }
