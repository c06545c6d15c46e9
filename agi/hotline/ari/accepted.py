"""A client whose events sockets Asterisk opens: one for each Asterisk that connects to us, or for each of its calls."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Literal, NoReturn

import aiohttp
import structlog
from aiohttp import WSMsgType

from .client import Client
from .errors import AriError, ConnectionLost, Fatal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiohttp import web

_ENDS = {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}


log = structlog.get_logger()

TWO_ALIKE = (
    "nothing if this is once; if it goes on, two Asterisks connect alike: give each an `entityid` in asterisk.conf, or "
    "a path of its own in `uri`"
)


class Over(Fatal):
    """The socket was for one call, and that is over."""


class Arrival:
    """A socket that Asterisk opened; what was read of it to see whose it is comes first.

    Attributes:
        closed: set when it is closed.
    """

    def __init__(self, socket: web.WebSocketResponse[Literal[False]], first: bytes) -> None:
        self.closed = asyncio.Event()
        self._socket = socket
        self._first = first

    async def read(self, take: Callable[[bytes], None]) -> NoReturn:
        """Hand over what was read already, and then what comes; see `Socket`."""
        take(self._first)
        while (message := await self._socket.receive()).type not in _ENDS:
            if message.type is WSMsgType.TEXT:
                take(message.data)
        if message.type is WSMsgType.ERROR:
            raise ConnectionLost(f"the events socket broke ({type(message.data).__name__})")
        raise ConnectionLost(f"the events socket was closed (code {self._socket.close_code})")

    async def send(self, text: bytes) -> None:
        """Send a request; see `Socket`."""
        with contextlib.suppress(aiohttp.ClientError):
            await self._socket.send_frame(text, WSMsgType.TEXT)

    async def close(self) -> None:
        """Close it."""
        try:
            await self._socket.close()
        finally:
            self.closed.set()


class AcceptedClient(Client):
    """Serves the calls of one Asterisk, or one call of it, over the sockets that arrive.

    Args:
        http: Asterisk's address, user and password for requests that go by HTTP; None if all go over the socket.
        apps: the applications' names.
        one_call_seconds: None for a socket that Asterisk keeps open; else it is for one call, and how long after a loss
            Asterisk may take to open it again before it has sent the call on in the dialplan.
        request_limit_seconds: see `Client`.
        heartbeat_seconds: see `Client`.
        shutdown_seconds: see `Client`.
    """

    def __init__(
        self,
        http: tuple[str, str, str] | None,
        apps: Sequence[str],
        *,
        one_call_seconds: float | None,
        request_limit_seconds: float,
        heartbeat_seconds: float,
        shutdown_seconds: float,
    ) -> None:
        url, user, password = http or (None, "", "")
        super().__init__(
            url,
            user,
            password,
            apps,
            request_limit_seconds=request_limit_seconds,
            heartbeat_seconds=heartbeat_seconds,
            shutdown_seconds=shutdown_seconds,
        )
        self._one_call_seconds = one_call_seconds
        self._arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self._current: Arrival | None = None

    async def arrived(self, arrival: Arrival) -> None:
        """Use a socket from now on; one that is still in use is dead, though we have not noticed."""
        self._arrivals.put_nowait(arrival)
        if self._current is not None:
            if self.connected.is_set():
                log.warning("ari_socket_given_up", apps=self._apps, why="Asterisk has opened another", do=TWO_ALIKE)
            await self._current.close()

    async def _dial(self) -> Arrival | AriError:
        try:
            async with asyncio.timeout(self._one_call_seconds):
                self._current = await self._arrivals.get()
        except TimeoutError:
            return Over("Asterisk has not connected again: the call has gone on in the dialplan")
        return self._current

    def _on_down(self, known_until: float) -> None:
        super()._on_down(known_until)
        if self._one_call_seconds is not None and not self.stays:
            raise Over("the call is over")
