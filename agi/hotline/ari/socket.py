"""An events socket, whoever opened it; and one that we open.

Ours is picows': it hands over each event as it is read, without a task, a queue or a timer on the way, which halves the
work of an event (docs/decisions). Waking up for one event at a time is most of what a call costs us.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NoReturn, Protocol

from picows import WSCloseCode, WSError, WSFrame, WSHandshakeError, WSListener, WSMsgType, WSTransport, ws_connect

from .errors import AriError, ConnectionLost, TimedOut, from_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .http import Requests

CLOSE_SECONDS = 1.0
"""Time for saying goodbye."""

_UNHEARD = logging.Logger("picows", logging.CRITICAL + 1)  # noqa: LOG001 - no handler of anybody shall get it
"""Where picows' own log goes, as that has the handshake with the password in it."""


class Socket(Protocol):
    """An events socket."""

    async def read(self, take: Callable[[bytes], None]) -> NoReturn:
        """Have `take` called with each event, in order, until the socket ends.

        Raises:
            AriError: it ended; or whatever `take` raised.
        """

    async def send(self, text: bytes) -> None:
        """Send a request. Nothing is raised if the socket has ended: who reads is told."""

    async def close(self) -> None:
        """Close it."""


class Dialled(WSListener):
    """The socket that we opened."""

    def __init__(self) -> None:
        self._end: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()
        self._take: Callable[[bytes], None] | None = None
        self._early: list[bytes] = []
        self._parts = b""
        self._transport: WSTransport | None = None

    @property
    def opened(self) -> bool:
        """Whether the handshake was done."""
        return self._transport is not None

    async def read(self, take: Callable[[bytes], None]) -> NoReturn:
        """Hand over what comes; see `Socket`."""
        early, self._early = self._early, []
        for text in early:
            take(text)
        self._take = take
        await self._end

    async def send(self, text: bytes) -> None:
        """Send a request; see `Socket`."""
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, text)

    async def close(self) -> None:
        """Close it."""
        self._take = None
        self._fail(ConnectionLost("the events socket was closed by us"))
        if self._transport is None:
            return
        self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._transport.wait_disconnected()
        except TimeoutError:
            self._transport.disconnect(graceful=False)

    # What picows tells.

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame came; Asterisk puts an event into one, but what stands between us may not."""
        if frame.msg_type is WSMsgType.TEXT or (frame.msg_type is WSMsgType.CONTINUATION and self._parts):
            text = frame.get_payload_as_bytes()
            if self._parts:
                text = self._parts + text
            if frame.fin:
                self._parts = b""
                self._hand_over(text)
            else:
                self._parts = text
        elif frame.msg_type is WSMsgType.CLOSE:
            self._fail(ConnectionLost(f"the events socket was closed (code {frame.get_close_code()})"))
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows' signature
        """The connection is gone."""
        self._fail(ConnectionLost("the events socket broke"))

    def _hand_over(self, text: bytes) -> None:
        if self._end.done():
            return
        if self._take is None:
            self._early.append(text)
            return
        try:
            self._take(text)
        except Exception as error:  # noqa: BLE001 - whoever reads gets it
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if not self._end.done():
            self._end.set_exception(error)
            self._end.exception()  # nobody may be reading


async def dial(
    requests: Requests, apps: Sequence[str], limit_seconds: float, heartbeat_seconds: float
) -> Socket | AriError:
    """Open an events socket; return it, or why that failed.

    Args:
        requests: whose address and credential to use.
        apps: the applications' names.
        limit_seconds: time for connecting.
        heartbeat_seconds: silence after which it is tested; half as long again and it is dead.
    """
    request = "GET /events"
    socket = Dialled()
    address = requests.address("/events", {"app": ",".join(apps)})
    try:
        async with asyncio.timeout(limit_seconds):
            await ws_connect(
                lambda: socket,
                str(address.with_scheme("wss" if address.scheme == "https" else "ws")),
                extra_headers=requests.headers,
                websocket_handshake_timeout=None,
                max_redirects=0,
                logger_name=_UNHEARD,
                enable_auto_ping=True,
                auto_ping_idle_timeout=heartbeat_seconds,
                auto_ping_reply_timeout=heartbeat_seconds / 2,
            )
    except WSHandshakeError as error:
        if error.response is not None:
            return from_answer(error.response.status, request, "")
        return ConnectionLost(f"{request}: {type(error).__name__}")
    except (OSError, WSError) as error:
        return ConnectionLost(f"{request}: {type(error).__name__}")
    except TimeoutError:
        return TimedOut(f"{request}: no answer in {limit_seconds:g} s")
    # A connection that ends within the handshake is no error to picows.
    return socket if socket.opened else ConnectionLost(f"{request}: closed in the handshake")
