"""The events socket: opened, read, watched, and opened again, for ever."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from typing import TYPE_CHECKING, NoReturn

import structlog

from .errors import AriError, ConnectionLost, Fatal, NotFound
from .models import ChannelUserevent, RESTResponse, UnknownEvent, decode_event
from .operations import Applications, Events

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from .http import Requests
    from .models import KnownEvent
    from .socket import Socket

log = structlog.get_logger()

HEARTBEAT_SECONDS = 5.0
"""Silence after which we ping; half as long again without a sign of life and the socket is dead: 7.5 s in all."""

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 5.0

JITTER = (0.5, 0.9)
"""The part of a delay that is waited: spread over many clients that lost one Asterisk, and at most 4.5 s, so that
connecting still ends within 5 s of Asterisk's return."""

ECHO = "ari-client-echo"
"""How the events by which we find out whether events reach us are named; a number follows, for each is heard once."""

RACE_SECONDS = 0.5
"""When Asterisk cleans up after a lost socket while the next one connects, it takes the application from that as well,
which stays open and deaf (seen: 3 of 60 reconnects at once). So we listen for ourselves once more after this long."""

SETTLED_SECONDS = 1.0
"""A connection that held this long was a good one; the next delay is the first again."""


def retry_or_fatal(error: AriError) -> bool:
    """Whether to connect again after `error`. The one place where that is decided.

    | seen | means | so |
    |---|---|---|
    | refused, reset, no answer | Asterisk is down, or the way to it | again |
    | 503 | starting or stopping, or out of sessions | again |
    | 404 | ARI's modules are not loaded yet: restarting goes 503, refused, 404, 503, 200 | again |
    | any other answer, such as 500, 502 | a fault of Asterisk or of a proxy, which people mend while we run | again |
    | a clean close | Asterisk stops, or we read too slowly | again |
    | 401, 403 | user or password is wrong | fatal: it does not mend itself, and repeating may lock the user out |
    | `ApplicationReplaced` | a second client has our name | fatal: taking it back would make both do so for ever |
    """
    return not isinstance(error, Fatal)


def backoff_seconds(attempt: int, luck: float) -> float:
    """How long to wait before connecting again.

    Args:
        attempt: 0 after the first failure.
        luck: 0.0 to 1.0; where in `JITTER` this wait lies.
    """
    delay = min(FIRST_DELAY_SECONDS * 2.0 ** min(attempt, 16), LONGEST_DELAY_SECONDS)
    least, most = JITTER
    return delay * (least + luck * (most - least))


class _Echo:
    """An event of our own, one for each application.

    Attributes:
        heard: set when all have come.
    """

    def __init__(self, apps: set[str]) -> None:
        self.heard = asyncio.Event()
        self._silent = apps

    def hear(self, app: str) -> None:
        """That of an application came."""
        self._silent.discard(app)
        if not self._silent:
            self.heard.set()


class EventsSocket:
    """Keeps the events of one application, or of several, coming.

    Args:
        requests: whose session and credential to use.
        apps: the applications' names. Asterisk keeps a queue for each.
        dial: returns the next socket, or why there is none.
        on_event: called with each event, in order; must not block.
        set_up: awaited after each connect, while events already come; a failure closes the socket.
        on_down: called when there is no socket any more, with `known_until`.
        heartbeat_seconds: see `HEARTBEAT_SECONDS`.
    """

    def __init__(
        self,
        requests: Requests,
        apps: Sequence[str],
        *,
        dial: Callable[[], Awaitable[Socket | AriError]],
        on_event: Callable[[KnownEvent | UnknownEvent], None],
        set_up: Callable[[], Awaitable[None]],
        on_down: Callable[[float], None],
        heartbeat_seconds: float,
    ) -> None:
        self._requests = requests
        self._apps = apps
        self._dial = dial
        self._on_event = on_event
        self._set_up = set_up
        self._on_down = on_down
        self._heartbeat_seconds = heartbeat_seconds
        self._now = asyncio.get_running_loop().time
        self._event_at = dict.fromkeys(apps, self._now())
        self._events = Events(requests)
        self._applications = Applications(requests)
        self._numbers = itertools.count(1)
        self._echoes: dict[str, _Echo] = {}

    @property
    def known_until(self) -> float:
        """The time, by the event loop's clock, until when events of every application are known to have reached us.

        An answer proves nothing, for the deaf get them too.
        """
        return min(self._event_at.values())

    async def proven(self) -> bool:
        """Whether events reach us: one of each application does that was made after this was asked."""
        try:
            await self._hear_ourselves()
        except AriError:
            return False
        return True

    async def holds(self, channel_id: str) -> bool:
        """Ask Asterisk whether a channel is in our applications.

        Raises:
            AriError: Asterisk did not tell.
        """
        for app in self._apps:
            with contextlib.suppress(NotFound):
                if channel_id in (await self._applications.get(app)).channel_ids:
                    return True
        return False

    async def run(self) -> NoReturn:
        """Keep connected until cancelled.

        Raises:
            Fatal: see `retry_or_fatal`.
        """
        attempt = 0
        while True:
            began = self._now()
            error = await self._one_connection()
            self._on_down(self.known_until)
            if not retry_or_fatal(error):
                raise error
            if self._now() - began > SETTLED_SECONDS:
                attempt = 0
            pause = backoff_seconds(attempt, random.random())  # noqa: S311 - spreads load, guards nothing
            log.warning("ari_disconnected", apps=self._apps, error=str(error), again_in_seconds=round(pause, 2))
            await asyncio.sleep(pause)
            attempt += 1

    async def _one_connection(self) -> AriError:
        """Connect and read until it ends; return why it did."""
        socket = await self._dial()
        if isinstance(socket, AriError):
            return socket
        self._requests.over_socket.open(socket)
        watching = asyncio.ensure_future(self._set_up_and_watch())
        reading = asyncio.ensure_future(socket.read(self._take))
        try:
            await asyncio.wait([watching, reading], return_when=asyncio.FIRST_EXCEPTION)
        finally:
            self._requests.over_socket.close()
            for task in (watching, reading):
                task.cancel()
            ends = await asyncio.gather(watching, reading, return_exceptions=True)
            await socket.close()
        failures = [end for end in ends if isinstance(end, Exception)]
        errors = [failure for failure in failures if isinstance(failure, AriError)]
        if len(errors) < len(failures):
            raise next(failure for failure in failures if not isinstance(failure, AriError))
        return next((error for error in errors if not retry_or_fatal(error)), errors[0])

    async def _set_up_and_watch(self) -> NoReturn:
        """Set up, and from then on see that events reach us whenever there are none.

        Raises:
            AriError: the socket is of no use.
        """
        await self._hear_ourselves()
        await self._set_up()
        await asyncio.sleep(RACE_SECONDS)
        await self._hear_ourselves()
        while True:
            quiet_until = min(self._event_at.values()) + self._heartbeat_seconds
            if self._now() < quiet_until:
                await asyncio.sleep(quiet_until - self._now())
            else:
                await self._hear_ourselves()

    async def _hear_ourselves(self) -> None:
        """Have Asterisk send us an event for each application.

        Raises:
            AriError: it cannot.
            ConnectionLost: one did not come: the socket is open, but Asterisk has taken that application from it.
        """
        name = f"{ECHO}-{next(self._numbers)}"
        echo = self._echoes[name] = _Echo(set(self._apps))
        try:
            for app in self._apps:
                await self._events.user_event(name, app)
            async with asyncio.timeout(self._heartbeat_seconds / 2):
                await echo.heard.wait()
        except NotFound:
            deaf = "Asterisk has forgotten the application"
        except TimeoutError:
            deaf = "events do not reach us"
        else:
            return
        finally:
            del self._echoes[name]
        # Raised out here, without a context.
        raise ConnectionLost(f"the events socket is deaf: {deaf}")

    def _take(self, text: bytes) -> None:
        """Take what the socket carried: an event, or an answer."""
        event = decode_event(text)
        self._note(event)
        self._on_event(event)

    def _note(self, event: KnownEvent | UnknownEvent) -> None:
        """Note which application's events reach us; an answer says nothing about that."""
        if isinstance(event, RESTResponse | UnknownEvent) or event.application not in self._event_at:
            return
        self._event_at[event.application] = self._now()
        if isinstance(event, ChannelUserevent) and (echo := self._echoes.get(event.eventname)):
            echo.hear(event.application)
