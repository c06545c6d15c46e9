"""Events sockets that the fake opens, as Asterisk with `type = outbound_websocket`: kept, or one for each call."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientSession, encode_basic_auth

from .events import EventsSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .clock import Clock
    from .events import Perform

AGAIN_SECONDS = 0.2
"""`reconnect_interval`; the first time it tries again at once."""

ATTEMPTS = 3
"""`reconnect_attempts`, after which a call that has a socket of its own goes on in the dialplan."""

LOOK_SECONDS = 0.5
"""How often Asterisk looks whether a call's own socket is open; only then comes `StasisStart`."""

LINGER_SECONDS = 3.0
"""How long a call's own socket stays open after `StasisEnd`."""


class OutboundSocket:
    """The socket of applications that stay registered without one: what happens meanwhile comes with the next.

    Args:
        apps: the applications.
        attempts: how often it is tried again before it is given up; for ever if None.
        perform: does a request that came over it.
        clock: stands still with the fake.

    Attributes:
        is_open: set while it is open.
        given_up: set when it could not be had again.
    """

    kept = True

    def __init__(self, apps: Sequence[str], attempts: int | None, perform: Perform, clock: Clock) -> None:
        self.apps = apps
        self.is_open = asyncio.Event()
        self.given_up = asyncio.Event()
        self._attempts = attempts
        self._perform = perform
        self._clock = clock
        self._socket: EventsSocket | None = None
        self._waiting: list[dict[str, Any]] = []
        self._task: asyncio.Task[None] | None = None

    def open(self, url: str, user: str, password: str) -> None:
        """Keep it open from now on."""
        self._task = asyncio.create_task(self._keep(url, {"Authorization": encode_basic_auth(user, password)}))

    async def close(self) -> None:
        """Close it for good."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def send(self, event: dict[str, Any]) -> None:
        """Send an event, or keep it until there is a socket."""
        if self._socket is None:
            self._waiting.append(event)
        else:
            self._socket.send(event)

    def freeze(self) -> None:
        """Make it half-open."""
        if self._socket is not None:
            self._socket.freeze()

    async def lose(self, *, clean: bool) -> None:
        """Break the connection, or close it; another one is opened."""
        if self._socket is not None:
            await self._socket.lose(clean=clean)

    async def _keep(self, url: str, headers: dict[str, str]) -> None:
        failed = 0
        while self._attempts is None or failed <= self._attempts:
            if failed:
                await asyncio.sleep(AGAIN_SECONDS)
            with contextlib.suppress(ClientError):
                async with ClientSession(headers=headers) as session:
                    await self._serve(url, session)
                    failed = 0
                    continue
            failed += 1
        self.given_up.set()

    async def _serve(self, url: str, session: ClientSession) -> None:
        """Open a socket and use it until its end.

        Raises:
            ClientError: it could not be opened.
        """
        async with session.ws_connect(url, protocols=("ari",), autoping=False, decode_text=True) as response:
            connector = session.connector
            assert connector is not None  # noqa: S101 - a session that is open has one
            socket = EventsSocket(response, connector.close, self._perform, self._clock)
            for app in self.apps:
                socket.send({"type": "ApplicationRegistered", "application": app, "asterisk_id": "fake"})
            self._socket = socket
            while self._waiting:
                socket.send(self._waiting.pop(0))
            self.is_open.set()
            try:
                await socket.read()
            finally:
                self._socket = None
                self._waiting[:0] = socket.unsent
                self.is_open.clear()


class Outbound:
    """A section `outbound_websocket` of ari.conf.

    Args:
        url: where to connect.
        user: what is said there.
        password: with this.
        apps: the applications it is for.
        make: returns a socket, not open yet, for applications and with so many attempts.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        apps: Sequence[str],
        make: Callable[[Sequence[str], int | None], OutboundSocket],
    ) -> None:
        self.apps = apps
        self._where = (url, user, password)
        self._make = make
        self._sockets: set[OutboundSocket] = set()
        self._lingering: set[asyncio.Task[None]] = set()

    def keep(self) -> OutboundSocket:
        """Return a socket that is kept open."""
        return self._open(self._make(self.apps, None))

    def for_call(self, app: str, channel: str) -> OutboundSocket:
        """Return a socket for a call to `app` from the channel of this name; it may not be open yet."""
        return self._open(self._make([f"{app}:{channel}"], ATTEMPTS))

    async def ready(self, socket: OutboundSocket, ended: asyncio.Event, lost: Callable[[], None]) -> bool:
        """Return whether a call's socket is open, once Asterisk has looked.

        Args:
            socket: of the call.
            ended: set when the call has left the application.
            lost: called when the socket was lost and could not be had again before that.
        """
        while not socket.is_open.is_set():
            if socket.given_up.is_set():
                return False
            await asyncio.sleep(AGAIN_SECONDS / 10)
        await asyncio.sleep(LOOK_SECONDS)

        async def linger() -> None:
            waits = [asyncio.create_task(event.wait()) for event in (ended, socket.given_up)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if not ended.is_set():
                lost()
                return
            await asyncio.sleep(LINGER_SECONDS)
            await socket.close()

        task = asyncio.create_task(linger())
        self._lingering.add(task)
        task.add_done_callback(self._lingering.discard)
        return True

    async def close(self) -> None:
        """Close all its sockets."""
        for task in list(self._lingering):
            task.cancel()
        for socket in self._sockets:
            await socket.close()

    def _open(self, socket: OutboundSocket) -> OutboundSocket:
        self._sockets.add(socket)
        socket.open(*self._where)
        return socket
