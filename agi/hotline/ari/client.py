"""The client: one Asterisk, one application name, one handler for each channel that comes in."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

import structlog

from .admission import Admission, always
from .connection import HEARTBEAT_SECONDS, EventsSocket
from .errors import AriError, Fatal, Gone, Replaced
from .http import Requests
from .models import (
    ApplicationReplaced,
    CallBroadcast,
    ChannelUserevent,
    PlaybackFinished,
    PlaybackStarted,
    RESTResponse,
    StasisStart,
    UnknownEvent,
)
from .operations import Applications, Asterisk, Channels, Events, Playbacks
from .reconcile import Reconciler
from .socket import dial
from .stay import Stay

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from types import TracebackType

    from .models import Channel, KnownEvent
    from .socket import Socket
    from .stay import Handler

T = TypeVar("T")

log = structlog.get_logger()


async def hang_up(stay: Stay) -> None:
    """Hang up: what is done with an orphan if nothing else was asked for."""
    await stay.hang_up()


async def congested(stay: Stay) -> None:
    """Hang up with cause 42: what is done with a call that may not be taken, if nothing else was asked for."""
    await stay.hang_up(42)


class Client:
    """A client of the Asterisk REST Interface.

    Args:
        url: base address of Asterisk's HTTP server, for example `http://127.0.0.1:8088`. None only for a client of a
            `Listener` whose requests all go over the socket that Asterisk opened.
        user: ARI user, who may write.
        password: its password; sent in a header, shown nowhere.
        app: the application's name, as in `Stasis(<app>)`, or several, all served alike: Asterisk sends the events of
            one name one after another, so many calls are quicker on several. One client a name.
        request_limit_seconds: time for any request, retries included.
        heartbeat_seconds: silence after which the socket is tested; a dead or deaf one is found in 1.5 times this.
        shutdown_seconds: time that handlers have to end, once cancelled, before their channels are hung up.

    Attributes:
        connected: set while events come and requests can be made.
        channels: operations on channels.
        playbacks: operations on playbacks.
        applications: operations on applications.
        events: operations on events.
        asterisk: operations on Asterisk itself.
        on_user_event: called with the name of each event that somebody made for us; must not block.

    Raises:
        ValueError: the address is not http or https, or has a credential in it; there is no name.
    """

    _sight: EventsSocket

    def __init__(
        self,
        url: str | None,
        user: str,
        password: str,
        app: str | Sequence[str],
        *,
        request_limit_seconds: float = 3.0,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        shutdown_seconds: float = 5.0,
    ) -> None:
        self._requests = Requests(url, user, password, limit_seconds=request_limit_seconds)
        self._apps = (app,) if isinstance(app, str) else tuple(app)
        if not self._apps:
            raise ValueError("a client needs the name of an application")
        self._limit_seconds = request_limit_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._shutdown_seconds = shutdown_seconds
        self.connected = asyncio.Event()
        self.channels = Channels(self._requests)
        self.playbacks = Playbacks(self._requests)
        self.applications = Applications(self._requests)
        self.events = Events(self._requests)
        self.asterisk = Asterisk(self._requests)
        self.on_user_event: Callable[[str], None] = lambda _name: None
        self._stays: dict[str, Stay] = {}
        self._work: set[asyncio.Task[Any]] = set()
        self._handler: Handler = hang_up
        self._on_orphan: Handler = hang_up
        self._on_refused: Handler = congested
        self._admission = Admission(self.events, self._spawn)
        self._reconciler = Reconciler(
            self._apps,
            self._stays,
            applications=self.applications,
            channels=self.channels,
            connected=self.connected,
            adopt=self._adopt,
        )
        self._closing: asyncio.Future[None] | None = None
        self._closed_before = False
        self._ended = asyncio.Event()

    def __repr__(self) -> str:
        return f"<ari.Client app={','.join(self._apps)} {'connected' if self.connected.is_set() else 'not connected'}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def stays(self) -> Mapping[str, Stay]:
        """The stays that have not ended, by channel id."""
        return self._stays

    @property
    def load(self) -> int:
        """How many calls are served or were claimed and are about to come."""
        return self._admission.load

    async def run(
        self,
        handler: Handler,
        *,
        on_orphan: Handler = hang_up,
        accept: Callable[[], bool] = always,
        on_refused: Handler = congested,
    ) -> None:
        """Serve calls until cancelled or closed; reconnects for ever.

        `handler` gets one task for each channel that comes in. When it returns or raises and the channel is still
        ours, the channel is hung up. When the caller goes, it is not cancelled: it learns it from what it waits for,
        so that it can write down how the call ended.

        Ends at once if `close` was called before it had begun, and while nothing ran.

        On cancellation or `close` handlers are cancelled and have `shutdown_seconds`, in which events still come and
        requests can be made, to say goodbye; a call that comes in then is refused.

        Args:
            handler: serves one call.
            on_orphan: serves a channel found in our application without a stay, so of a process before us; after it
                the channel is hung up as well.
            accept: whether one more call may be taken; must not block. If so, what `StasisBroadcast` offers is claimed.
            on_refused: serves a call that came by plain `Stasis` and may not be taken, for example by sending it back
                to the dialplan; after it the channel is hung up as well. By default with cause 42 (congestion).

        Raises:
            Refused: user or password is wrong.
            Replaced: another client took one of our application names. All channels are left to that client: nothing
                more is asked of Asterisk, by whomever, until `run` is called again.
            RuntimeError: it runs already.
        """
        if self._closing is not None:
            raise RuntimeError("this client runs already")
        if self._closed_before:
            self._closed_before = False
            log.warning("ari_closed_before_it_ran", apps=self._apps)
            return
        self._handler, self._on_orphan = handler, on_orphan
        self._admission.accept, self._on_refused = accept, on_refused
        self._admission.closed = False
        self._requests.fence(None)
        self._sight = events = EventsSocket(
            self._requests,
            self._apps,
            dial=self._dial,
            on_event=self._on_event,
            set_up=self._set_up,
            on_down=self._on_down,
            heartbeat_seconds=self._heartbeat_seconds,
        )
        self._closing = asyncio.get_running_loop().create_future()
        socket = asyncio.create_task(events.run(), name="ari events")
        try:
            both: list[asyncio.Future[Any]] = [socket, self._closing]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if socket.done():
                socket.result()
        except Fatal as fatal:
            # From now on no channel is ours.
            if isinstance(fatal, Replaced):
                log.error("ari_replaced", error=str(fatal))  # noqa: TRY400 - there is nothing to see in its traceback
            self._requests.fence(fatal)
            for stay in list(self._stays.values()):
                stay.gone()
            raise
        finally:
            try:
                await self._wind_down(socket)
            finally:
                socket.cancel()
                self.connected.clear()
                self._closing = None
                self._ended.set()

    async def drain(self) -> None:
        """Take no more calls from now on; return when those there are have ended, however long that takes."""
        await self._admission.drain()

    async def close(self) -> None:
        """End `run` as cancelling it would, wait for that, and close all connections.

        While nothing runs, the next `run` is ended instead, as soon as it begins: it may be a task that has not had
        its turn yet.
        """
        if self._closing is None:
            self._closed_before = True
        else:
            self._ended.clear()
            if not self._closing.done():
                self._closing.set_result(None)
            await self._ended.wait()
        await self._requests.close()

    async def _wind_down(self, socket: asyncio.Task[NoReturn]) -> None:
        """End the handlers while events still come, then everything else."""
        self._admission.closed = True
        for task in self._admission.served:
            task.cancel()
        if self._admission.served:
            _, left = await asyncio.wait(self._admission.served, timeout=self._shutdown_seconds)
            if left:
                log.warning("ari_handlers_left", count=len(left))
        await self._finish_work()
        for stay in list(self._stays.values()):
            await self._hang_up_quietly(stay)
        await self._finish_work()
        socket.cancel()
        await asyncio.gather(socket, return_exceptions=True)
        await self._requests.close()

    async def _finish_work(self) -> None:
        """Wait until nothing is under way any more; what begins meanwhile is waited for as well."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limit_seconds):
                while self._work:
                    await asyncio.wait(self._work)
        left = list(self._work)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # Events.

    def _on_down(self, known_until: float) -> None:
        self.connected.clear()
        self._requests.renew()
        for stay in self._stays.values():
            stay.lose_sight(known_until)

    def _on_event(self, event: KnownEvent | UnknownEvent) -> None:
        """Hand an event to the stay it is about; called by the reader, so it never waits."""
        match event:
            case StasisStart():
                self._begin(
                    event.channel, event.args, self._handler if self._admission.admits(event.channel.id) else None
                )
            case CallBroadcast():
                self._admission.offered(event)
            case RESTResponse():
                self._requests.over_socket.answered(event)
            case ApplicationReplaced():
                replaced = Replaced(f"another client connected as {event.application!r}: run one client for each name")
                # At once: until the socket is closed, which may take a second, handlers go on.
                self._requests.fence(replaced)
                raise replaced
            case ChannelUserevent():  # the events socket hears itself by them, and processes each other
                self.on_user_event(event.eventname)
            case UnknownEvent():
                log.debug("ari_event_unknown", type=event.type)
            case PlaybackStarted() | PlaybackFinished():
                if stay := self._stays.get(event.playback.channel_id):
                    stay.receive(event)
            case _:
                if stay := self._stays.get(event.channel.id):
                    stay.receive(event)

    # Calls.

    def _begin(self, channel: Channel, args: list[str], handler: Handler | None) -> None:
        """Start a stay and the one task that serves it; without a handler it is refused."""
        if before := self._stays.get(channel.id):
            before.gone()
        stay = Stay(
            channel,
            args,
            channels=self.channels,
            playbacks=self.playbacks,
            spawn=self._spawn,
            sight=self._sight,
            forget=self._forget,
        )
        self._stays[channel.id] = stay
        if handler is None:
            self._spawn(self._serve(stay, self._on_refused))
            return
        self._admission.serve(asyncio.create_task(self._serve(stay, handler), name=f"call {channel.id}"))

    async def _serve(self, stay: Stay, handler: Handler) -> None:
        """Run a handler; whatever it does, no channel is left silent."""
        try:
            await handler(stay)
        except Gone:
            log.debug("ari_caller_gone", channel=stay.channel.id)
        except asyncio.CancelledError:
            # Only our own shutdown cancels this task; any other such exception is of something the handler waited for.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.exception("ari_handler_failed", channel=stay.channel.id)
        except Exception:
            log.exception("ari_handler_failed", channel=stay.channel.id)
        finally:
            await self._hang_up_quietly(stay)

    async def _hang_up_quietly(self, stay: Stay) -> None:
        """Hang up unless it has ended; a failure is logged, for nobody is there to catch it.

        A channel that could not be hung up is an orphan after the next connect, for its stay ends here all the same.
        """
        if stay.ended.is_set():
            return
        try:
            await stay.hang_up()
        except AriError as error:
            log.warning("ari_hang_up_failed", channel=stay.channel.id, error=str(error))
            stay.gone()

    def _forget(self, stay: Stay) -> None:
        if self._stays.get(stay.channel.id) is stay:
            del self._stays[stay.channel.id]

    def _spawn(self, work: Coroutine[None, None, T], /) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("ari_task_failed", exc_info=error)

    async def _set_up(self) -> None:
        """After each connect: find out what was missed.

        Raises:
            AriError: Asterisk did not tell; the socket is closed and opened again.
        """
        suspects = await self._reconciler.catch_up()
        self.connected.set()
        if suspects:
            self._spawn(self._reconciler.adopt(suspects))

    def _adopt(self, channel: Channel) -> None:
        self._begin(channel, [], None if self._admission.closed else self._on_orphan)

    async def _dial(self) -> Socket | AriError:
        """Return the next events socket, or why there is none."""
        return await dial(self._requests, self._apps, self._limit_seconds, self._heartbeat_seconds)
