"""Requests to Asterisk: each by the lane that suits it, a time limit on each, retries where they are safe."""

from __future__ import annotations

import asyncio
import base64
import enum
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import msgspec
from yarl import URL

from .errors import AriError, ConnectionLost, TimedOut, from_answer
from .over_socket import OverSocket
from .pool import Pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .errors import Fatal

T = TypeVar("T")


class Lane(enum.Enum):
    """The way a request goes, by what Asterisk does with it. No lane stands in front of another."""

    QUEUED = "queued"
    """Asterisk merely queues it: over the events socket, while there is one; else as `QUICK`."""
    QUICK = "quick"
    """Asterisk answers at once, from what it knows."""
    WAITING = "waiting"
    """Asterisk waits, with a thread and a connection, for something else: mostly for the channel's thread, which is
    busy while a sound plays."""


QUICK_LIMIT = 16
"""Connections at most for what is answered at once, the events socket among them."""

WAITING_LIMIT = 250
"""Connections at most for what waits: so many calls may be stuck before the next one's answer has to wait for one.
Asterisk keeps a thread for each connection, and serves `sessionlimit` of them (http.conf; 100 if it does not say)."""

QUICK_BEGUN, WAITING_BEGUN = 4, 6
"""Connections begun at a time; together no more than Asterisk's listen backlog holds."""

RETRY_PAUSES = (0.05, 0.2)
"""Seconds before the second and the third try."""

_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


class _Message(msgspec.Struct):
    """How Asterisk explains an error."""

    message: str = ""


class Requests:
    """Sends requests to one Asterisk as one user.

    The credential is in a header only. It is in no URL, no log, no repr and no exception.

    Args:
        url: base address of Asterisk's HTTP server, without `/ari`; None if all requests go over the events socket.
        user: ARI user.
        password: its password.
        limit_seconds: time for a request in all, with waiting for a connection and retries.

    Attributes:
        headers: what every request and the events socket begin with: the credential, so not for any eye.
        over_socket: the way over the events socket, while there is one.

    Raises:
        ValueError: the address is not http or https, or has a user or password in it.
    """

    def __init__(self, url: str | None, user: str, password: str, *, limit_seconds: float) -> None:
        self._root = None if url is None else _root(url)
        self.headers = {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")}
        self._limit_seconds = limit_seconds
        self.over_socket = OverSocket()
        self._quick = self._pool(QUICK_LIMIT, QUICK_BEGUN)
        self._waiting = self._pool(WAITING_LIMIT, WAITING_BEGUN)
        self._fence: Fatal | None = None
        self._closes = 0

    def fence(self, why: Fatal | None) -> None:
        """Send nothing more and raise its like in its place, also for what waits to be tried again; None ends it."""
        self._fence = why

    def _pool(self, limit: int, begun_at_once: int) -> Pool:
        return Pool(self.headers, limit=limit, begun_at_once=begun_at_once, retire_seconds=self._limit_seconds)

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections for what is answered at once."""
        return self._quick.session

    async def close(self) -> None:
        """Close all connections; a later request opens new ones, but one that is under way is not tried again."""
        self._closes += 1
        await self._quick.close()
        await self._waiting.close()

    def renew(self) -> None:
        """Use new connections from now on; see `Pool.renew`."""
        self._quick.renew()
        self._waiting.renew()

    def address(self, path: str, query: Mapping[str, str] | None = None) -> URL:
        """Return the full address of `path`, which is percent-encoded already."""
        url = URL(f"{self._root}{path}", encoded=True)
        return url.with_query(query) if query else url

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        repeatable: bool | None = None,
        lane: Lane = Lane.QUICK,
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
            lane: the way it goes.

        Raises:
            AriError: see `errors`; never an exception of the HTTP library.
        """
        again = method in _IDEMPOTENT if repeatable is None else repeatable
        closes = self._closes
        data = None if body is None else msgspec.json.encode(body)
        now = asyncio.get_running_loop().time
        deadline = now() + self._limit_seconds
        answer, may_be_done = await self._try(method, path, query, data, lane=lane, within=self._limit_seconds)
        for pause in RETRY_PAUSES:
            if not isinstance(answer, ConnectionLost) or (may_be_done and not again):
                break
            await asyncio.sleep(pause)
            if self._closes != closes:
                break
            answer, may_be_done = await self._try(method, path, query, data, lane=lane, within=deadline - now())
        # Raised out here, where no exception of the HTTP library can become its context.
        if isinstance(answer, AriError):
            raise answer
        return answer

    async def _try(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        data: bytes | None,
        *,
        lane: Lane,
        within: float,
    ) -> tuple[bytes | AriError, bool]:
        """Send once; return the body or the error, and whether Asterisk may have done it all the same."""
        if self._fence is not None:
            return type(self._fence)(str(self._fence)), False
        try:
            if self._root is None or (lane is Lane.QUEUED and self.over_socket.ready):
                response = await self.over_socket.send(method, path, query, data, within=within)
                status, text = response.status_code, response.message_body.encode()
            else:
                async with asyncio.timeout(within):
                    status, text = await self._over_http(method, path, query, data, lane)
        except aiohttp.ClientError as error:
            lost = ConnectionLost(f"{method} {path}: {type(error).__name__}")
            return lost, not isinstance(error, aiohttp.ClientConnectorError)
        except TimeoutError:
            return TimedOut(f"{method} {path}: no answer in {self._limit_seconds:g} s"), True
        if status < 300:
            return text, True
        # 503 comes before anything is done: Asterisk is starting, stopping or at its session limit.
        return from_answer(status, f"{method} {path}", _message(text)), status != 503

    async def _over_http(
        self, method: str, path: str, query: Mapping[str, str] | None, data: bytes | None, lane: Lane
    ) -> tuple[int, bytes]:
        session = (self._waiting if lane is Lane.WAITING else self._quick).session
        headers = None if data is None else {"Content-Type": "application/json"}
        address = self.address(path, query)
        async with session.request(method, address, data=data, headers=headers, allow_redirects=False) as response:
            return response.status, await response.read()


def _root(url: str) -> str:
    """Return the address of ARI on the server at `url`.

    Raises:
        ValueError: it is not http or https, or has a user or password in it.
    """
    base = URL(url)
    if base.scheme not in {"http", "https"} or not base.host:
        raise ValueError("the address of Asterisk must be http://host:port or https://host:port")
    if base.user is not None or base.password is not None:
        raise ValueError("the address of Asterisk must not hold a user or password: give them apart")
    return f"{base.origin()}{base.path.rstrip('/')}/ari"


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
