"""One channel's stay in our application: what a handler works with."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

import structlog

from .errors import ConnectionLost, Gone, NotFound, NotInStasis, Rejected
from .models import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    PlaybackFinished,
    PlaybackStarted,
    StasisEnd,
    StayEvent,
)
from .playback import Outcome, PlaybackResult
from .player import Player

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from .models import Channel
    from .operations import Channels, Playbacks
    from .player import Sight, Spawn

T = TypeVar("T")
P = ParamSpec("P")

log = structlog.get_logger()

KEYS_KEPT = 64
"""Keys pressed before anybody listens that are kept; more than any caller types ahead, the oldest go first."""


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
        sight: Sight,
        forget: Callable[[Stay], None],
    ) -> None:
        self.channel = channel
        self.args = args
        self.ended = asyncio.Event()
        self._channels = channels
        self._playbacks = playbacks
        self._forget = forget
        self._keys: deque[str] = deque(maxlen=KEYS_KEPT)
        self._news = asyncio.Event()
        self._on_key: Callable[[str], None] | None = None
        self._on_gone: Callable[[], None] | None = None
        self._stop_keys = ""
        self._player = Player(
            channel.id,
            self.ended,
            channels=channels,
            playbacks=playbacks,
            spawn=spawn,
            sight=sight,
            gone=self.gone,
        )

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
        await self._ask(self._channels.answer)

    async def progress(self) -> None:
        """Open early media: what is played now is heard before the answer, and free.

        Raises:
            Gone: the caller has hung up.
            AriError: it could not be done.
        """
        await self._ask(self._channels.progress)

    async def variable(self, name: str) -> str:
        """Return the value of a channel variable or dialplan function; empty when it has none.

        It is told at once, also while a sound plays.

        Raises:
            Gone: the caller has hung up.
            AriError: it could not be done.
        """
        try:
            return await self._ask(self._channels.get_channel_var, name) or ""
        except Rejected:  # Asterisk's 500 for a function that has nothing to tell yet
            return ""

    async def ring(self) -> None:
        """Let the caller hear ringing.

        Raises:
            Gone: the caller has hung up.
            AriError: it could not be done.
        """
        await self._ask(self._channels.ring)

    async def hang_up(self, reason_code: int | None = None) -> None:
        """Hang up; no error if the caller did first, and nothing is asked for if the stay is over.

        Args:
            reason_code: ITU-T Q.850 cause, for example 16 normal, 34 congestion.

        Raises:
            AriError: it could not be done.
        """
        with contextlib.suppress(Gone):
            await self._ask(self._channels.hangup, reason_code=reason_code)
        self.gone()

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable or a writable dialplan function. Waits for the channel's thread, as `answer` does.

        Raises:
            Gone: the caller has hung up.
            AriError: it could not be done.
        """
        await self._ask(self._channels.set_channel_var, name, value)

    async def continue_in_dialplan(
        self, context: str | None = None, extension: str | None = None, priority: int | None = None
    ) -> None:
        """Hand the channel back to the dialplan, by default behind `Stasis()`. Whether the place exists is not told.

        A playback in progress is stopped: Asterisk would play it to its end before. If the connection breaks over it,
        it is asked for once more; that the channel has left us by then means that it was done.

        Raises:
            Gone: the caller has hung up.
            AriError: it could not be done.
        """
        self.stop_playback()
        try:
            await self._ask(self._channels.continue_in_dialplan, context, extension, priority)
        except ConnectionLost:
            # It may have been done, and then who hears of a failure would hang up a caller who is elsewhere by now.
            with contextlib.suppress(NotInStasis):
                await self._ask(self._channels.continue_in_dialplan, context, extension, priority)
        self.gone()

    async def play(
        self, media: Sequence[str], *, limit_seconds: float, stop_keys: str = "", playback_id: str | None = None
    ) -> PlaybackResult:
        """Play sounds one after the other and return what became of it; cancelling stops them.

        Args:
            media: what to play, for example `sound:/srv/sounds/vi/menu`: an absolute path without extension.
            limit_seconds: time from now until it must be over. Always needed: Asterisk never ends some that fail. When
                it is up without an end, up to 0.6 s go into finding out why.
            stop_keys: keys that stop it; one of them that waits for `key` already does so before it begins. The key
                itself stays where it is.
            playback_id: its id, by which whoever has the channel after us can stop it; nothing else may play under it.

        Raises:
            ValueError: nothing to play.
            RuntimeError: another playback of this stay is not over.
        """
        if not media:
            raise ValueError("nothing to play")
        if self._player.busy:
            raise RuntimeError("a stay plays one list of sounds at a time")
        if self.ended.is_set():
            return PlaybackResult(Outcome.GONE, 0.0)
        if any(key in stop_keys for key in self._keys):
            return PlaybackResult(Outcome.STOPPED, 0.0)
        self._stop_keys = stop_keys
        return await self._player.play(media, limit_seconds, playback_id)

    def stop_playback(self) -> None:
        """Stop the playback in progress, if any; needs no await, so an `on_key` may call it.

        One that Asterisk has not accepted yet is stopped as soon as it has.
        """
        self._player.stop()

    async def stop_left_over(self, playback_ids: Iterable[str]) -> None:
        """Stop what whoever had the channel before us began to play under one of these ids, if it still plays.

        Raises:
            AriError: it could not be done.
        """
        for playback_id in playback_ids:
            with contextlib.suppress(NotFound):
                await self._playbacks.stop(playback_id)

    # What the client tells.

    def receive(self, event: StayEvent) -> None:
        """Take an event of this channel; called in their order."""
        match event:
            case ChannelDtmfReceived():
                self._key(event.digit)
            case PlaybackStarted():
                self._player.started(event)
            case PlaybackFinished():
                self._player.finished(event)
            case ChannelHangupRequest() | StasisEnd() | ChannelDestroyed():
                self._player.hung_up(event.timestamp)
                self.gone()

    def gone(self) -> None:
        """The channel is not ours any more; only the first call counts."""
        if self.ended.is_set():
            return
        self.ended.set()
        self._player.gone()
        self._forget(self)
        self._news.set()
        on_gone, self._on_gone, self._on_key = self._on_gone, None, None
        if on_gone is not None:
            self._tell(on_gone)

    def lose_sight(self, known_until: float) -> None:
        """Events stopped coming; the last came at `known_until`, by the event loop's clock."""
        self._player.lose_sight(known_until)

    async def catch_up(self) -> None:
        """Find out what was missed while there was no events socket; the channel is still ours.

        Raises:
            AriError: Asterisk did not tell.
        """
        await self._player.catch_up()

    # How it is done.

    def _key(self, digit: str) -> None:
        if digit in self._stop_keys:
            self._player.stop()
        if self._on_key is None:
            self._keys.append(digit)
            self._news.set()
        else:
            self._tell(self._on_key, digit)

    async def _ask(self, operation: Callable[Concatenate[str, P], Awaitable[T]], *args: P.args, **named: P.kwargs) -> T:
        """Ask something of the channel; never once it is not ours, for then it may be somebody else's."""
        if self.ended.is_set():
            raise Gone("the channel is not ours any more")
        try:
            return await operation(self.channel.id, *args, **named)
        except Gone:
            self.gone()
            raise

    def _tell(self, listener: Callable[..., None], *args: str) -> None:
        """Call a listener; its fault must not become everybody's."""
        try:
            listener(*args)
        except Exception:
            log.exception("ari_listener_failed", channel=self.channel.id)
