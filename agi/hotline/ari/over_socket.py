"""Requests over the events socket (Asterisk 22.4 and newer): half the work of HTTP, on both sides.

Asterisk does them one after another for each socket, so only those go here that it merely queues. One that waits for
the channel's thread, as answering does, would hold up the requests of all calls: for 5.4 s while a prompt played, seen.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import TYPE_CHECKING

import aiohttp
import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .models import RESTResponse
    from .socket import Socket


class _Pair(msgspec.Struct):
    name: str
    value: str


class _RESTRequest(msgspec.Struct, tag="RESTRequest", omit_defaults=True):
    request_id: str
    method: str
    uri: str
    query_strings: list[_Pair] = []
    content_type: str = ""
    message_body: str = ""


class OverSocket:
    """The requests that are on their way over one events socket, or none.

    One timer serves all of them, as setting and dropping one for each cost more than sending it.
    """

    def __init__(self) -> None:
        self._socket: Socket | None = None
        self._waiting: dict[str, asyncio.Future[RESTResponse | None]] = {}
        self._numbers = itertools.count(1)
        self._deadlines: list[tuple[float, str]] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a socket."""
        return self._socket is not None

    def open(self, socket: Socket) -> None:
        """Use `socket` from now on."""
        self._socket = socket

    def close(self) -> None:
        """The socket is lost, and with it the answers that were still to come."""
        self._socket = None
        self._deadlines.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)

    def answered(self, response: RESTResponse) -> None:
        """An answer came; one that nobody waits for any more is dropped."""
        waiting = self._waiting.get(response.request_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(response)

    async def send(
        self, method: str, path: str, query: Mapping[str, str] | None, data: bytes | None, *, within: float
    ) -> RESTResponse:
        """Send a request and wait for its answer.

        Args:
            method: as of HTTP.
            path: below `/ari`.
            query: parameters.
            data: a JSON object.
            within: seconds that the answer may take.

        Raises:
            TimeoutError: it took longer; the request may have been done.
            aiohttp.ClientError: the socket broke; the request may have been done.
        """
        socket = self._socket
        if socket is None:
            raise aiohttp.ServerDisconnectedError
        number = str(next(self._numbers))
        request = _RESTRequest(number, method, path.removeprefix("/"))
        if query:
            request.query_strings = [_Pair(name, value) for name, value in query.items()]
        if data is not None:
            request.content_type, request.message_body = "application/json", data.decode()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[RESTResponse | None] = loop.create_future()
        self._waiting[number] = answer
        heapq.heappush(self._deadlines, (loop.time() + within, number))
        if self._timer is None:
            self._timer = loop.call_at(self._deadlines[0][0], self._expire)
        try:
            await socket.send(msgspec.json.encode(request))
            response = await answer
        finally:
            del self._waiting[number]
        if response is None:
            raise aiohttp.ServerDisconnectedError
        return response

    def _expire(self) -> None:
        """End the requests whose time is up, and come back for the first of those that are left."""
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._deadlines:
            deadline, number = self._deadlines[0]
            waiting = self._waiting.get(number)
            if waiting is not None and deadline > loop.time():
                self._timer = loop.call_at(deadline, self._expire)
                return
            heapq.heappop(self._deadlines)
            if waiting is not None and not waiting.done():
                waiting.set_exception(TimeoutError())
