"""The other way round: Asterisk connects to us (`type = outbound_websocket`, Asterisk 22.5 and newer)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
from typing import TYPE_CHECKING, Literal, Self

import msgspec
import structlog
from aiohttp import WSMsgType, web

from .accepted import AcceptedClient, Arrival, Over
from .admission import always
from .client import congested, hang_up
from .connection import HEARTBEAT_SECONDS
from .errors import CannotListen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from .stay import Handler

log = structlog.get_logger()

PATH = "/ari"
"""Where Asterisk connects: `uri = ws://<host>:<port>/ari`, or a path of its own below that."""

OWN_PATH = PATH + "/{switchboard:[A-Za-z0-9._-]{1,64}}"
"""Asterisks are told apart by `entityid` of asterisk.conf. Not given, it is made of a network card's address, which
containers may share; a path of its own tells one apart all the same."""

FIRST_SECONDS = 5.0
"""How long the first event may take that says which application a socket is for; seen: under 1 ms."""

UNKNOWN_SECONDS = 1.0
"""How long a socket that is not for us is kept: Asterisk opens the next one at once."""

AGAIN_SECONDS = 5.0
"""How long a call whose socket was lost waits for the next. Asterisk tries at once, and then again `reconnect_attempts`
times, `reconnect_interval` apart: by default for 2 s."""


class _First(msgspec.Struct):
    """What every event says."""

    application: str = ""
    asterisk_id: str = ""


class Unwelcome(Exception):
    """A socket is not served; the message says why and what to do."""


class Listener:
    """Serves the calls of every Asterisk that connects, as `Client` does of the one it connects to.

    A socket that Asterisk keeps open (`connection_type = persistent`) and one for each call (`per_call_config`) both
    work, and are told apart by the name of the application: for one call it has the channel's name behind a colon.
    Asterisks are told apart by their `entityid` and the path at which they connect; channel ids may be the same on two.

    Args:
        host: address to listen on; whoever reaches it and knows the password is taken for an Asterisk.
        port: port; 0 for any that is free.
        user: `username` of websocket_client.conf.
        password: `password` there.
        app: the application's name, or several: `apps` of ari.conf, the same there.
        http: Asterisk's address, ARI user and password for requests that may wait for a channel; without it all go over
            the socket, where Asterisk does one after another. For one Asterisk only: others are refused.
        request_limit_seconds: time for any request, retries included.
        heartbeat_seconds: silence after which a socket is tested.
        shutdown_seconds: time that handlers have to end, once cancelled, before their channels are hung up.

    Attributes:
        connected: set while Asterisk can connect.
        port: where it listens.
    """

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        app: str | Sequence[str],
        *,
        http: tuple[str, str, str] | None = None,
        request_limit_seconds: float = 3.0,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        shutdown_seconds: float = 5.0,
    ) -> None:
        self.connected = asyncio.Event()
        self.port = port
        self._host = host
        self._authorization = b"Basic " + base64.b64encode(f"{user}:{password}".encode())
        self._apps = (app,) if isinstance(app, str) else tuple(app)
        self._http = http
        self._limits = {
            "request_limit_seconds": request_limit_seconds,
            "heartbeat_seconds": heartbeat_seconds,
            "shutdown_seconds": shutdown_seconds,
        }
        self._heartbeat_seconds = heartbeat_seconds
        self._by_http = ""
        self._clients: dict[tuple[str, str], AcceptedClient] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._run_client: Callable[[AcceptedClient], asyncio.Task[None]] | None = None
        self._ending: asyncio.Future[None] | None = None
        self._ended = asyncio.Event()
        self._draining = False

    def __repr__(self) -> str:
        return f"<ari.Listener {self._host}:{self.port} app={','.join(self._apps)} clients={len(self._clients)}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def load(self) -> int:
        """How many calls are served, or were claimed and are about to come."""
        return sum(client.load for client in self._clients.values())

    async def run(
        self,
        handler: Handler,
        *,
        on_orphan: Handler = hang_up,
        accept: Callable[[], bool] = always,
        on_refused: Handler = congested,
    ) -> None:
        """Serve calls until cancelled or closed; see `Client.run` for the arguments.

        Raises:
            CannotListen: the address cannot be had.
            Refused: a request by HTTP was refused: its user or password is wrong.
            Replaced: a client connected to Asterisk under one of our names.
        """

        def begin(client: AcceptedClient) -> asyncio.Task[None]:
            return asyncio.create_task(
                client.run(
                    handler,
                    on_orphan=on_orphan,
                    accept=lambda: not self._draining and accept(),
                    on_refused=on_refused,
                )
            )

        self._run_client, self._draining, self._by_http = begin, False, ""
        self._ending = asyncio.get_running_loop().create_future()
        self._ended.clear()
        application = web.Application()
        for path in (PATH, OWN_PATH):
            application.router.add_get(path, self._accept)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await self._listen(runner)
            self.port = runner.addresses[0][1]
            log.info("ari_listening", host=self._host, port=self.port)
            self.connected.set()
            await self._ending
        finally:
            self.connected.clear()
            self._run_client = None
            for site in list(runner.sites):
                await site.stop()
            await asyncio.gather(*(client.close() for client in list(self._clients.values())))
            await runner.cleanup()
            self._ending = None
            self._ended.set()

    async def _listen(self, runner: web.AppRunner) -> None:
        try:
            await web.TCPSite(runner, self._host, self.port, reuse_address=True).start()
        except OSError as error:
            raise CannotListen(f"cannot listen on {self._host}:{self.port}: {error.strerror}") from None

    async def drain(self) -> None:
        """Take no more calls from now on; return when those there are have ended, however long that takes."""
        self._draining = True
        while clients := [client for client in self._clients.values() if client.load]:
            await asyncio.gather(*(client.drain() for client in clients))

    async def close(self) -> None:
        """End `run` as cancelling it would, and wait for that."""
        if self._ending is not None:
            if not self._ending.done():
                self._ending.set_result(None)
            await self._ended.wait()

    # Sockets that arrive.

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        """Hand a socket to its client, and wait for its end."""
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, self._authorization):
            log.warning("ari_connection_refused", peer=request.remote)
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        socket: web.WebSocketResponse[Literal[False]] = web.WebSocketResponse(
            protocols=("ari",), heartbeat=self._heartbeat_seconds, timeout=1.0, compress=False, decode_text=False
        )
        await socket.prepare(request)
        try:
            arrival, about = await self._first_event(socket)
            client = self._client_of(about, request.match_info.get("switchboard", ""))
        except Unwelcome as why:
            log.warning("ari_connection_unwelcome", peer=request.remote, why=str(why))
            await asyncio.sleep(UNKNOWN_SECONDS)
            await socket.close(code=1008, message=b"not served here: see the log of the application")
            return socket
        await client.arrived(arrival)
        await arrival.closed.wait()
        return socket

    @staticmethod
    async def _first_event(socket: web.WebSocketResponse[Literal[False]]) -> tuple[Arrival, _First]:
        """Read the event that says which application a socket is for.

        Raises:
            Unwelcome: there was none.
        """
        with contextlib.suppress(TimeoutError, msgspec.DecodeError, UnicodeDecodeError):
            async with asyncio.timeout(FIRST_SECONDS):
                message = await socket.receive()
            if message.type is WSMsgType.TEXT:
                return Arrival(socket, message.data), msgspec.json.decode(message.data, type=_First)
        raise Unwelcome("it did not say for which application it is: is that an Asterisk?")

    def _client_of(self, about: _First, switchboard: str) -> AcceptedClient:
        """Return the client that serves a socket, a new one if there is none.

        Raises:
            Unwelcome: it is not for us.
        """
        name, colon, _ = about.application.partition(":")
        if name not in self._apps or self._run_client is None:
            raise Unwelcome(f"{about.application!r} is not an application of ours: see `apps` in ari.conf")
        asterisk = f"{about.asterisk_id}/{switchboard}"
        if self._http is not None and (self._by_http or asterisk) != asterisk:
            raise Unwelcome("requests by HTTP would go to another Asterisk: for several, send all over the socket")
        self._by_http = asterisk
        whose = (asterisk, about.application if colon else "")
        if whose not in self._clients:
            client = self._clients[whose] = AcceptedClient(
                self._http,
                [about.application] if colon else self._apps,
                one_call_seconds=AGAIN_SECONDS if colon else None,
                **self._limits,
            )
            running = self._run_client(client)
            self._running.add(running)
            running.add_done_callback(lambda task: self._client_ended(task, whose))
        return self._clients[whose]

    def _client_ended(self, task: asyncio.Task[None], whose: tuple[str, str]) -> None:
        self._running.discard(task)
        del self._clients[whose]
        error = None if task.cancelled() else task.exception()
        if error is None or isinstance(error, Over):
            return
        if self._ending is not None and not self._ending.done():
            self._ending.set_exception(error)
