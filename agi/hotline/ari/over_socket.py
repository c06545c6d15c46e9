"""Requests over the events socket (Asterisk 22.4 and newer): half the work of HTTP, on both sides.

Asterisk does them one after another for each socket, so only those go here that it merely queues. One that waits for
the channel's thread, as answering does, would hold up the requests of all calls: for 5.4 s while a prompt played, seen.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import aiohttp
import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .connection import Socket
    from .models import RESTResponse


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
    """The requests that are on their way over one events socket, or none."""

    def __init__(self) -> None:
        self._socket: Socket | None = None
        self._waiting: dict[str, asyncio.Future[RESTResponse | None]] = {}
        self._numbers = itertools.count(1)

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
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)

    def answered(self, response: RESTResponse) -> None:
        """An answer came; one that nobody waits for any more is dropped."""
        waiting = self._waiting.get(response.request_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(response)

    async def send(self, method: str, path: str, query: Mapping[str, str] | None, data: bytes | None) -> RESTResponse:
        """Send a request and wait for its answer.

        Args:
            method: as of HTTP.
            path: below `/ari`.
            query: parameters.
            data: a JSON object.

        Raises:
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
        answer: asyncio.Future[RESTResponse | None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await socket.send_frame(msgspec.json.encode(request), aiohttp.WSMsgType.TEXT)
            response = await answer
        finally:
            del self._waiting[number]
        if response is None:
            raise aiohttp.ServerDisconnectedError
        return response
