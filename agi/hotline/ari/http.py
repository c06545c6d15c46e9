"""Requests to Asterisk: a small pool of connections, a time limit on each, retries where they are safe."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import msgspec
from yarl import URL

from .errors import AriError, ConnectionLost, Replaced, TimedOut, from_answer
from .over_socket import OverSocket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

T = TypeVar("T")

POOL_LIMIT = 48
"""Connections at most, the events socket among them. Asterisk keeps one thread for each and serves 100 in all, so two
clients of one Asterisk fit in."""

AT_ONCE = 12
"""Requests begun at a time over HTTP: Asterisk's listen backlog holds ten connections."""

SLOW_SECONDS = 0.1
"""A request that takes longer waits for its channel's thread, and no longer counts as one of those begun. So calls that
are stuck, up to as many as the pool has connections, stand in front of no others."""

POOL_IDLE_SECONDS = 10.0
"""Asterisk closes an idle connection after 15 s; one we close first is never caught by a request on its way."""

RETRY_PAUSES = (0.05, 0.2)
"""Seconds before the second and the third try."""

_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


class _Message(msgspec.Struct):
    """How Asterisk explains an error."""

    message: str = ""


class _Turns:
    """Limits the requests begun at a time."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn; it is given back at the end of the block or after `SLOW_SECONDS`, whichever comes first."""
        await self._free.acquire()
        held = True

        def give_back() -> None:
            nonlocal held
            if held:
                held = False
                self._free.release()

        slow = asyncio.get_running_loop().call_later(SLOW_SECONDS, give_back)
        try:
            yield
        finally:
            slow.cancel()
            give_back()


class Requests:
    """Sends requests to one Asterisk as one user.

    The credential is in a header only. It is in no URL, no log, no repr and no exception.

    Args:
        url: base address of Asterisk's HTTP server, without `/ari`.
        user: ARI user.
        password: its password.
        limit_seconds: time for a request in all, with waiting for a connection and retries.

    Attributes:
        over_socket: the way over the events socket, while there is one.

    Raises:
        ValueError: the address is not http or https, or has a user or password in it.
    """

    def __init__(self, url: str, user: str, password: str, *, limit_seconds: float) -> None:
        base = URL(url)
        if base.scheme not in {"http", "https"} or not base.host:
            raise ValueError("the address of Asterisk must be http://host:port or https://host:port")
        if base.user is not None or base.password is not None:
            raise ValueError("the address of Asterisk must not hold a user or password: give them apart")
        self._root = f"{base.origin()}{base.path.rstrip('/')}/ari"
        self._headers = {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")}
        self._limit_seconds = limit_seconds
        self.over_socket = OverSocket()
        self._session: aiohttp.ClientSession | None = None
        self._retiring: dict[aiohttp.ClientSession, asyncio.Task[None]] = {}
        self._turns = _Turns()
        self._fence: str | None = None

    def fence(self, why: str | None) -> None:
        """Send nothing more and raise `Replaced` in its place, also for what waits to be tried again; None ends it."""
        self._fence = why

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool of connections, made when first used."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                connector=aiohttp.TCPConnector(limit=POOL_LIMIT, keepalive_timeout=POOL_IDLE_SECONDS),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Close all connections; a later request opens new ones."""
        for session, retiring in list(self._retiring.items()):
            retiring.cancel()
            await session.close()
        self._retiring.clear()
        if self._session is not None:
            await self._session.close()

    def renew(self) -> None:
        """Use new connections from now on: what broke one, or made it half-open, has mostly done so to all.

        Requests under way on the old ones may end, and have their time limit for it.
        """
        if self._session is not None:
            self._retiring[self._session] = asyncio.create_task(self._retire(self._session))
            self._session = None

    async def _retire(self, session: aiohttp.ClientSession) -> None:
        await asyncio.sleep(self._limit_seconds)
        await session.close()
        self._retiring.pop(session, None)

    def address(self, path: str, query: Mapping[str, str] | None = None) -> URL:
        """Return the full address of `path`, which is percent-encoded already."""
        url = URL(self._root + path, encoded=True)
        return url.with_query(query) if query else url

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        repeatable: bool | None = None,
        queued: bool = False,
    ) -> bytes:
        """Send a request and return the body of a good answer.

        A request that never left us is always tried again. One whose connection broke later may have been done, and
        is tried again only when `repeatable`.

        Args:
            method: HTTP method.
            path: below `/ari`, percent-encoded.
            query: parameters.
            body: parameters as a JSON object.
            repeatable: doing it twice is the same as once; by default so for GET, PUT and DELETE.
            queued: Asterisk merely queues it, so it may go over the events socket.

        Raises:
            AriError: see `errors`; never an exception of the HTTP library.
        """
        again = method in _IDEMPOTENT if repeatable is None else repeatable
        request = f"{method} {path}"
        data = None if body is None else msgspec.json.encode(body)
        timer = asyncio.timeout(self._limit_seconds)
        try:
            async with timer:
                for pause in RETRY_PAUSES:
                    answer, may_be_done = await self._try(method, path, query, data, queued=queued)
                    if not isinstance(answer, ConnectionLost) or (may_be_done and not again):
                        break
                    await asyncio.sleep(pause)
                else:
                    answer, _ = await self._try(method, path, query, data, queued=queued)
        except TimeoutError:
            if not timer.expired():
                raise
            answer = TimedOut(f"{request}: no answer in {self._limit_seconds:g} s")
        # Raised out here, where no exception of the HTTP library can become its context.
        if isinstance(answer, AriError):
            raise answer
        return answer

    async def _try(
        self, method: str, path: str, query: Mapping[str, str] | None, data: bytes | None, *, queued: bool
    ) -> tuple[bytes | AriError, bool]:
        """Send once; return the body or the error, and whether Asterisk may have done it all the same."""
        request = f"{method} {path}"
        if self._fence is not None:
            return Replaced(self._fence), False
        try:
            if queued and self.over_socket.ready:
                response = await self.over_socket.send(method, path, query, data)
                status, text = response.status_code, response.message_body.encode()
            else:
                status, text = await self._over_http(method, path, query, data)
        except aiohttp.ClientError as error:
            lost = ConnectionLost(f"{request}: {type(error).__name__}")
            return lost, not isinstance(error, aiohttp.ClientConnectorError)
        if status < 300:
            return text, True
        # 503 comes before anything is done: Asterisk is starting, stopping or at its session limit.
        return from_answer(status, request, _message(text)), status != 503

    async def _over_http(
        self, method: str, path: str, query: Mapping[str, str] | None, data: bytes | None
    ) -> tuple[int, bytes]:
        headers = None if data is None else {"Content-Type": "application/json"}
        async with (
            self._turns.one(),
            self.session.request(
                method, self.address(path, query), data=data, headers=headers, allow_redirects=False
            ) as response,
        ):
            return response.status, await response.read()


def _message(text: bytes) -> str:
    """Return what Asterisk says about an error."""
    try:
        return msgspec.json.decode(text, type=_Message).message
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def decoded(text: bytes, kind: type[T], request: str) -> T:
    """Return the object in an answer.

    Raises:
        ConnectionLost: it is not such an object, so it is not Asterisk who answers.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    raise ConnectionLost(f"{request}: the answer is not a {kind.__name__}")
