"""One client's events socket, as Asterisk's side of it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .clock import Clock

    Perform = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class EventsSocket:
    """What is sent leaves in order, requests are done one after another; frozen, it is a half-open connection."""

    def __init__(self, response: web.WebSocketResponse, request: web.Request, perform: Perform, clock: Clock) -> None:
        self.response = response
        self._clock = clock
        self.transport = request.transport
        self.frozen = False
        self._perform = perform
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def send(self, event: dict[str, Any]) -> None:
        """Send an event after those before."""
        if not self.frozen:
            self._queue.put_nowait(event)

    async def read(self) -> None:
        """Answer pings and requests, one after the other, until the client goes."""
        try:
            async for message in self.response:
                await self._clock.going()
                if self.frozen:
                    continue
                if message.type is WSMsgType.PING:
                    await self.response.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self.send(await self._perform(message.json()))
        except (ConnectionError, ClientError):
            if self.transport is not None:
                self.transport.abort()
        finally:
            self._writer.cancel()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                event = await self._queue.get()
                await self._clock.going()
                await self.response.send_json(event)
