"""One channel's stay in our application: what a handler works with."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from .errors import AriError, ConnectionLost, Gone, InvalidState, NotFound, Rejected
from .models import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    PlaybackFinished,
    PlaybackStarted,
    StasisEnd,
    StayEvent,
)
from .playback import SCHEMES, End, Outcome, PlaybackResult, Playing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from .models import Channel
    from .operations import Channels, Playbacks

T = TypeVar("T")

log = structlog.get_logger()

KEYS_KEPT = 64
"""Keys pressed before anybody listens that are kept; more than any caller types ahead, the oldest go first."""

GRACE_SECONDS = 0.2
"""How long an event may come after an answer that was sent at the same time; seen: under 2 ms."""


class Spawn(Protocol):
    """Starts a task that the client keeps and, at its own end, waits for."""

    def __call__(self, work: Coroutine[None, None, T], /) -> asyncio.Task[T]:
        """Start `work`."""


class Handler(Protocol):
    """Serves one stay."""

    def __call__(self, stay: Stay, /) -> Awaitable[None]:
        """Serve it; returns when the call is done with."""


class Stay:
    """A channel from `StasisStart` until it hangs up or leaves.

    The first of hang-up request, `StasisEnd` and `ChannelDestroyed` ends it: from then on nothing more can be heard
    or said. So do `hang_up` and `continue_in_dialplan`, and any answer of Asterisk that the channel is not ours.

    Attributes:
        channel: the channel as it came in.
        args: the arguments the dialplan gave to `Stasis()`; empty for an orphan.
        ended: set when the stay is over.
    """

    def __init__(
        self,
        channel: Channel,
        args: list[str],
        *,
        channels: Channels,
        playbacks: Playbacks,
        spawn: Spawn,
        forget: Callable[[Stay], None],
    ) -> None:
        self.channel = channel
        self.args = args
        self.ended = asyncio.Event()
        self._channels = channels
        self._playbacks = playbacks
        self._spawn = spawn
        self._forget = forget
        self._keys: deque[str] = deque(maxlen=KEYS_KEPT)
        self._news = asyncio.Event()
        self._on_key: Callable[[str], None] | None = None
        self._on_gone: Callable[[], None] | None = None
        self._playing: Playing | None = None
        self._stop_keys = ""
        self._abandoned: set[str] = set()

    def __repr__(self) -> str:
        return f"<Stay {self.channel.id}{' ended' if self.ended.is_set() else ''}>"

    # What a handler does.

    def listen(self, on_key: Callable[[str], None], on_gone: Callable[[], None]) -> None:
        """Have keys and the end told, in order and without delay; replaces who listened before, and `key`.

        Keys pressed before are told at once, and so is the end if it has come.

        Args:
            on_key: called with each key, one of `0123456789*#ABCD`. It must not block.
            on_gone: called once.
        """
        self._on_key, self._on_gone = on_key, on_gone
        while self._keys:
            self._tell(on_key, self._keys.popleft())
        if self.ended.is_set():
            self._on_gone = None
            self._tell(on_gone)

    async def key(self, *, within: float) -> str | None:
        """Return the oldest key not taken yet, one of `0123456789*#ABCD`; None if none comes in `within` seconds.

        Raises:
            Gone: the caller has hung up.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not (self._keys or self.ended.is_set()):
                    self._news.clear()
                    await self._news.wait()
        if self.ended.is_set():
            raise Gone("the caller has gone")
        return self._keys.popleft() if self._keys else None

    def flush_keys(self) -> None:
        """Forget the keys that nobody has taken."""
        self._keys.clear()

    async def answer(self) -> None:
        """Answer the call; a second time does nothing. Waits for the channel's thread, so not while playing.

        Raises:
            Gone: the caller has hung up.
            AriError: it could not be done.
        """
        await self._ask(self._channels.answer(self.channel.id))

    async def progress(self) -> None:
        """Open early media: what is played now is heard before the answer, and free.

        Raises:
            Gone: the caller has hung up.
            AriError: it could not be done.
        """
        await self._ask(self._channels.progress(self.channel.id))

    async def ring(self) -> None:
        """Let the caller hear ringing.

        Raises:
            Gone: the caller has hung up.
            AriError: it could not be done.
        """
        await self._ask(self._channels.ring(self.channel.id))

    async def hang_up(self, reason_code: int | None = None) -> None:
        """Hang up; no error if the caller did first.

        Args:
            reason_code: ITU-T Q.850 cause, for example 16 normal, 34 congestion.

        Raises:
            AriError: it could not be done.
        """
        with contextlib.suppress(Gone):
            await self._channels.hangup(self.channel.id, reason_code=reason_code)
        self.gone()

    async def continue_in_dialplan(self, context: str, extension: str, priority: int) -> None:
        """Hand the channel back to the dialplan. Whether the extension exists is not told by Asterisk.

        A playback in progress is stopped: Asterisk would play it to its end before.

        Raises:
            Gone: the caller has hung up.
            AriError: it could not be done.
        """
        self.stop_playback()
        await self._ask(self._channels.continue_in_dialplan(self.channel.id, context, extension, priority))
        self.gone()

    async def play(self, media: Sequence[str], *, limit_seconds: float, stop_keys: str = "") -> PlaybackResult:
        """Play sounds one after the other and return what became of it; cancelling stops them.

        Args:
            media: what to play, for example `sound:/srv/sounds/vi/menu`: an absolute path without extension.
            limit_seconds: time from now until it must be over. Always needed: Asterisk never ends some that fail.
            stop_keys: keys that stop it; one of them that waits for `key` already does so before it begins. The key
                itself stays where it is.

        Raises:
            ValueError: nothing to play.
            RuntimeError: another playback of this stay is not over.
        """
        if not media:
            raise ValueError("nothing to play")
        if self._playing is not None:
            raise RuntimeError("a stay plays one list of sounds at a time")
        if self.ended.is_set():
            return PlaybackResult(Outcome.GONE, 0.0)
        if any(key in stop_keys for key in self._keys):
            return PlaybackResult(Outcome.STOPPED, 0.0)
        if strange := tuple(one for one in media if one.partition(":")[0] not in SCHEMES):
            log.warning("ari_play_unknown_scheme", channel=self.channel.id)
            return PlaybackResult(Outcome.FAILED, 0.0, missing=strange)
        playing = self._playing = Playing()
        self._stop_keys = stop_keys
        # A task of its own, so that cancelling us cannot lose a request on its way.
        self._spawn(self._begin(playing, list(media)))
        try:
            await asyncio.wait([playing.end], timeout=limit_seconds)
            if not playing.end.done():
                await self._see_whether_dropped(playing)
            stopped = playing.stopping is not None and playing.end.done() and await asyncio.shield(playing.stopping)
            if playing.end.done() and playing.end.result() is End.FAILED:
                await self._see_whether_gone()
            return playing.result(gone=self.ended.is_set(), stopped=stopped)
        finally:
            self._playing = None
            if not playing.end.done():
                self._abandon(playing)

    def stop_playback(self) -> None:
        """Stop the playback in progress, if any; needs no await, so an `on_key` may call it.

        One that Asterisk has not accepted yet is stopped as soon as it has.
        """
        if self._playing is not None:
            self._stop(self._playing)

    # What the client tells.

    def receive(self, event: StayEvent) -> None:
        """Take an event of this channel; called in their order."""
        match event:
            case ChannelDtmfReceived():
                self._key(event.digit)
            case PlaybackStarted():
                self._playback_started(event)
            case PlaybackFinished():
                self._abandoned.discard(event.playback.id)
                if self._playing is not None and event.playback.id == self._playing.id:
                    self._playing.finished(event)
            case ChannelHangupRequest() | StasisEnd() | ChannelDestroyed():
                self.gone()

    def gone(self) -> None:
        """The channel is not ours any more; only the first call counts."""
        if self.ended.is_set():
            return
        self.ended.set()
        if self._playing is not None:
            self._playing.finish(End.GONE)
        self._forget(self)
        self._news.set()
        on_gone, self._on_gone, self._on_key = self._on_gone, None, None
        if on_gone is not None:
            self._tell(on_gone)

    def lose_sight(self, known_until: float) -> None:
        """Events stopped coming; the last sign of life was at `known_until`, by the event loop's clock."""
        if self._playing is not None:
            self._playing.lose_sight(known_until)

    async def catch_up(self) -> None:
        """Find out what was missed while there was no events socket; the channel is still ours.

        Raises:
            AriError: Asterisk did not tell.
        """
        playing = self._playing
        if playing is None or playing.end.done():
            return
        if not playing.accepted:
            playing.see_again()
            return
        if await self._find(playing):
            playing.see_again()
        else:
            playing.vanish(GRACE_SECONDS)

    # How it is done.

    def _key(self, digit: str) -> None:
        if self._playing is not None and digit in self._stop_keys:
            self._stop(self._playing)
        if self._on_key is None:
            self._keys.append(digit)
            self._news.set()
        else:
            self._tell(self._on_key, digit)

    def _playback_started(self, event: PlaybackStarted) -> None:
        playing = self._playing
        if playing is not None and event.playback.id == playing.id:
            playing.started_sound(event)
            if playing.stop_asked:
                self._stop(playing)
        elif event.playback.id in self._abandoned:
            self._spawn(self._send_stop(event.playback.id))

    async def _ask(self, request: Coroutine[None, None, T]) -> T:
        try:
            return await request
        except Gone:
            self.gone()
            raise

    async def _begin(self, playing: Playing, media: list[str]) -> None:
        """Have Asterisk take the playback."""
        try:
            try:
                await self._channels.play_with_id(self.channel.id, playing.id, media)
            except ConnectionLost:
                # The connection broke after the request had left. Asterisk would take it twice, so look before,
                # and not while it may still be reading what had arrived.
                await asyncio.sleep(GRACE_SECONDS)
                if not playing.accepted and not await self._find(playing):
                    await self._channels.play_with_id(self.channel.id, playing.id, media)
        except Gone:
            playing.finish(End.GONE)
            self.gone()
        except (Rejected, InvalidState) as error:
            log.warning("ari_play_rejected", channel=self.channel.id, error=str(error))
            playing.finish(End.REJECTED)
        except AriError as error:
            if not playing.accepted:
                log.warning("ari_play_not_taken", channel=self.channel.id, error=str(error))
                playing.finish(End.NO_ANSWER)
                self._abandon(playing)
        else:
            playing.accept()
            if playing.stop_asked:
                self._stop(playing)

    async def _find(self, playing: Playing) -> bool:
        """Ask Asterisk whether it has a playback, and how far it is."""
        try:
            playback = await self._playbacks.get(playing.id)
        except NotFound:
            return False
        playing.accept()
        if playback.state != "queued":
            playing.assume_started()
        return True

    def _stop(self, playing: Playing) -> None:
        playing.stop_asked = True
        if playing.accepted and playing.stopping is None and not playing.end.done():
            playing.stopping = self._spawn(self._send_stop(playing.id, playing))

    def _abandon(self, playing: Playing) -> None:
        """Nobody waits for it any more, so it must not be heard: now, or when it starts after all."""
        if self.ended.is_set():
            return
        self._abandoned.add(playing.id)
        self._stop(playing)

    async def _send_stop(self, playback_id: str, playing: Playing | None = None) -> bool:
        """Ask Asterisk to stop a playback; return whether it still had it."""
        try:
            await self._playbacks.stop(playback_id)
        except NotFound:
            if playing is not None:
                playing.vanish(GRACE_SECONDS)
            return False
        except AriError as error:
            log.warning("ari_stop_failed", channel=self.channel.id, error=str(error))
            return False
        return True

    async def _see_whether_dropped(self, playing: Playing) -> None:
        """Asterisk forgets some that it cannot play without a word, for example a recording that is not there."""
        with contextlib.suppress(AriError, TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                if playing.accepted and not await self._find(playing):
                    playing.finish(End.DROPPED)

    async def _see_whether_gone(self) -> None:
        """A playback cut by the end of the call fails just before the end is told."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), GRACE_SECONDS)

    def _tell(self, listener: Callable[..., None], *args: str) -> None:
        """Call a listener; its fault must not become everybody's."""
        try:
            listener(*args)
        except Exception:
            log.exception("ari_listener_failed", channel=self.channel.id)
