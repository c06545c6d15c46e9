"""The fake Asterisk's HTTP server: requests, the events socket, and the faults a test asks for."""

from __future__ import annotations

import asyncio
import base64
import itertools
import re
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from .answers import error, now
from .broadcasts import Broadcasts
from .call import FakeCall, FakePlayback, Sounds
from .channels import ChannelRequests
from .clock import Clock
from .events import EventsSocket, Performer
from .outbound import Outbound, OutboundSocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
    from types import TracebackType

    from .events import Registered


class FakeAsterisk:
    """An Asterisk that exists only as its REST interface; an async context manager on a free port of this machine.

    Args:
        user: the ARI user it lets in.
        password: its password.
        sounds: sounds there are, as `sound:/path`, and the seconds each takes; others are missing. All exist if None.
        default_seconds: how long a sound takes if `sounds` is None.
        endless: sounds whose end is never told.

    Attributes:
        url: the base address, for `Client`.
        calls: the calls there were.
        requests: method and path of all requests, in order.
        delay_seconds: every answer comes this much later, and what was asked is done this much later.
        status: if set, what every request and connect is answered with, as 503 and 404 while Asterisk starts.
        cut_answers: this many requests are done and then not answered: the connection is closed.
        statuses: by the last part of a path: what such a request is answered with, and not done.
        late: by the last part of a path, such as `answer`: seconds after which a request that was done is answered.
    """

    def __init__(
        self,
        *,
        user: str = "hotline",
        password: str = "secret",  # noqa: S107 - of a fake
        sounds: Mapping[str, float] | None = None,
        default_seconds: float = 0.02,
        endless: Collection[str] = (),
    ) -> None:
        self.user = user
        self.password = password
        self.url = ""
        self.calls: list[FakeCall] = []
        self.requests: list[str] = []
        self.delay_seconds = 0.0
        self.status: int | None = None
        self.cut_answers = 0
        self.statuses: dict[str, int] = {}
        self.late: dict[str, float] = {}
        self._sounds = Sounds(sounds, default_seconds, endless)
        self._playbacks: dict[str, FakePlayback] = {}
        self._broadcasts = Broadcasts()
        self._sockets: dict[str, Registered] = {}
        self._outbound: list[Outbound] = []
        self._per_call: dict[str, Outbound] = {}
        self._disallowed: dict[str, frozenset[str]] = {}
        self._held: dict[str, str] = {}
        self._holding: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self._connected = asyncio.Condition()
        self._clock = Clock()
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self._port = 0
        credential = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._authorization = f"Basic {credential}"
        self._performer = Performer(self._authorization)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        for call in self.calls:
            await call.close()

    async def start(self) -> None:
        """Listen; after `stop` on the same port."""
        application = web.Application(middlewares=[self._guard])
        application.add_routes([
            web.get("/ari/events", self._events),
            web.post("/ari/events/user/{name}", self._user_event),
            web.post("/ari/events/claim", self._broadcasts.claim),
            web.get("/ari/asterisk/ping", self._ping),
            web.get("/ari/applications/{app}", self._application),
            web.put("/ari/applications/{app}/eventFilter", self._filter),
            *ChannelRequests(self.calls, self._playbacks).routes(),
        ])  # fmt: skip
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._performer.open(self.url)

    async def stop(self) -> None:
        """Stop listening and connecting, and break every connection; calls stay up."""
        for outbound in self._outbound:
            await outbound.close()
        self._outbound.clear()
        self._per_call.clear()
        await self.lose_socket()
        self._sockets.clear()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._performer.close()

    # What a test does.

    async def incoming(self, args: Sequence[str] = (), *, caller: str = "", app: str | None = None) -> FakeCall:
        """Let a call come in.

        Args:
            args: arguments of `Stasis()`.
            caller: the caller's number.
            app: the application it is for; by default the one that is connected.

        Returns:
            The call; it is `refused` if no such application is connected.
        """
        call = self._ring(args, caller)
        await self._enter(call, app or next(iter(self._sockets), ""))
        return call

    async def broadcast(
        self, args: Sequence[str] = (), *, caller: str = "", among: str = "", wait_seconds: float = 0.5
    ) -> FakeCall:
        """Let a call come in that is offered to every application, as `StasisBroadcast` does.

        Args:
            args: what it gives to the one that claims the call.
            caller: the caller's number.
            among: a regular expression for the names of the applications it is offered to.
            wait_seconds: how long it is offered.

        Returns:
            The call; it is `refused` if nobody claimed it.
        """
        call = self._ring(args, caller)
        offered = [app for app in self._sockets if re.search(among, app)]
        for app in offered:
            self._send(app, {"type": "CallBroadcast", "channel": call.as_json(), "caller": caller, "called": "s"})
        await self._enter(call, await self._broadcasts.winner(call.id, wait_seconds) or "")
        return call

    def _ring(self, args: Sequence[str], caller: str) -> FakeCall:
        call = FakeCall(
            f"fake-{next(self._numbers)}", args, caller,
            sounds=self._sounds, clock=self._clock, playbacks=self._playbacks, send=self._send,
        )  # fmt: skip
        self.calls.append(call)
        return call

    async def _enter(self, call: FakeCall, app: str) -> None:
        if (outbound := self._per_call.get(app)) is not None:
            socket = outbound.for_call(app, call.as_json()["name"])
            (app,) = socket.apps
            self._sockets[app] = socket
            if not await outbound.ready(socket, call.ended, call.lost_socket):
                del self._sockets[app]
        if app in self._sockets:
            call.app = app
            self._send(app, {"type": "StasisStart", "args": call.args, "channel": call.as_json()})
        else:
            call.refused = True
            await call.close()

    def connect_out(self, url: str, user: str, password: str, apps: Sequence[str], *, per_call: bool = False) -> None:
        """Connect to a listener, as with `type = outbound_websocket`.

        Args:
            url: where it listens, `ws://…`.
            user: what is said there, `username` of websocket_client.conf.
            password: with this.
            apps: the applications it is for.
            per_call: open a socket for each call, in place of one that is kept.
        """
        outbound = Outbound(
            url, user, password, apps,
            lambda apps, attempts: OutboundSocket(apps, attempts, self._performer.perform, self._clock),
        )  # fmt: skip
        if per_call:
            self._per_call.update(dict.fromkeys(apps, outbound))
        else:
            self._sockets.update(dict.fromkeys(apps, outbound.keep()))
        self._outbound.append(outbound)

    async def connected(self, limit_seconds: float = 2.0) -> None:
        """Wait until a client is connected.

        Raises:
            TimeoutError: none is.
        """
        async with asyncio.timeout(limit_seconds), self._connected:
            await self._connected.wait_for(lambda: bool(self._sockets))

    async def lose_socket(self, *, clean: bool = False) -> None:
        """Break the events sockets, or close them as Asterisk does when it stops (`clean`).

        One that it opens itself (`connect_out`) is opened again.
        """
        for socket in list(self._sockets.values()):
            await socket.lose(clean=clean)
        self._forget_sockets()

    def freeze_socket(self) -> None:
        """Make the events sockets half-open: nothing comes any more, not even an answer to a ping."""
        for socket in self._sockets.values():
            socket.freeze()
        self._forget_sockets()

    def _forget_sockets(self) -> None:
        self._sockets = {app: socket for app, socket in self._sockets.items() if socket.kept}

    def freeze(self) -> None:
        """Stand still as a process under SIGSTOP: connections stay, nothing is answered, no sound goes on."""
        self._clock.freeze()

    def thaw(self) -> None:
        """Go on where it stood still."""
        self._clock.thaw()

    def hold_back(self, kind: str, *, until: str) -> None:
        """Send the next event of type `kind` only after the next one of type `until`: out of order."""
        self._held[kind] = until

    def deafen(self, app: str) -> None:
        """Forget the application and leave its socket open, as Asterisk may do to a client that comes back at once."""
        self._sockets.pop(app, None)

    def replace(self, app: str) -> None:
        """Do as if another client connected as `app`."""
        self._send(app, {"type": "ApplicationReplaced"})
        self._sockets.pop(app, None)

    def send(self, app: str, event: dict[str, Any]) -> None:
        """Send any event."""
        self._send(app, event)

    # Events.

    def _send(self, app: str, event: dict[str, Any]) -> None:
        kind = event["type"]
        event = {"application": app, "asterisk_id": "fake", "timestamp": now(), **event}
        if until := self._held.pop(kind, None):
            self._holding.setdefault(until, []).append((app, event))
            return
        self._send_now(app, event)
        for held in self._holding.pop(kind, ()):
            self._send_now(*held)

    def _send_now(self, app: str, event: dict[str, Any]) -> None:
        socket = self._sockets.get(app)
        if socket is not None and event["type"] not in self._disallowed.get(app, ()):
            socket.send(event)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        apps = [app for app in request.query.get("app", "").split(",") if app]
        if not apps:
            return error(400, "App parameter missing")
        response = web.WebSocketResponse(autoping=False)
        await response.prepare(request)
        transport = request.transport
        assert transport is not None  # noqa: S101 - the handshake is just over
        socket = EventsSocket(response, transport.abort, self._performer.perform, self._clock)
        for app in apps:
            if app in self._sockets:
                self.replace(app)
            self._sockets[app] = socket
        async with self._connected:
            self._connected.notify_all()
        await socket.read()
        self._sockets = {app: other for app, other in self._sockets.items() if other is not socket}
        return response

    # Requests.

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Check the credential, note the request, and do what the test asked for."""
        path = request.path.removeprefix("/ari")
        await self._clock.going()
        self.requests.append(f"{request.method} {path}")
        if (status := self.statuses.get(path.rpartition("/")[2], self.status)) is not None:
            return error(status, "")
        if request.headers.get("Authorization") != self._authorization:
            return error(401, "Authentication required")
        if path == "/events":
            return await handler(request)
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        try:
            response = await handler(request)
        except web.HTTPNotFound:
            response = error(404, "Resource not found")
        await asyncio.sleep(self.late.get(path.rpartition("/")[2], 0.0))
        await self._clock.going()
        if self.cut_answers > 0:
            self.cut_answers -= 1
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _user_event(self, request: web.Request) -> web.Response:
        app = request.query["application"]
        if app not in self._sockets:
            return error(404, "Application not found")
        self._send(app, {"type": "ChannelUserevent", "eventname": request.match_info["name"], "userevent": {}})
        return web.Response(status=204)

    async def _ping(self, _: web.Request) -> web.Response:
        return web.json_response({"ping": "pong", "timestamp": "", "asterisk_id": "fake"})

    async def _application(self, request: web.Request) -> web.Response:
        app = request.match_info["app"]
        ids = [call.id for call in self.calls if call.app == app]
        if not ids and app not in self._sockets:
            return error(404, "Application not found")
        return web.json_response({"name": app, "channel_ids": ids})

    async def _filter(self, request: web.Request) -> web.Response:
        app = request.match_info["app"]
        if app not in self._sockets:
            return error(404, "Application not found")
        self._disallowed[app] = frozenset(event["type"] for event in (await request.json())["disallowed"])
        return web.json_response({"name": app})
