"""Plays lists of sounds to one channel, one at a time, and finds out what became of them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from .errors import AriError, ConnectionLost, Gone, InvalidState, NotFound, Rejected
from .playback import SCHEMES, End, Outcome, PlaybackResult, Playing

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from .models import PlaybackFinished, PlaybackStarted
    from .operations import Channels, Playbacks

T = TypeVar("T")

log = structlog.get_logger()

GRACE_SECONDS = 0.2
"""How long an event may come after an answer that was sent at the same time; seen: under 2 ms."""


class Spawn(Protocol):
    """Starts a task that the client keeps and, at its own end, waits for."""

    def __call__(self, work: Coroutine[None, None, T], /) -> asyncio.Task[T]:
        """Start `work`."""


class Sight(Protocol):
    """What is known of whether events reach us."""

    @property
    def known_until(self) -> float:
        """When the last event came, by the event loop's clock."""

    async def proven(self) -> bool:
        """Whether events reach us: one does that was made after this was asked."""

    async def holds(self, channel_id: str) -> bool:
        """Ask Asterisk whether a channel is in our application; raises `AriError` if it does not tell."""


class Player:
    """What a stay plays with.

    Args:
        channel_id: the channel.
        ended: set when the stay is over.
        channels: operations on channels.
        playbacks: operations on playbacks.
        spawn: starts a task.
        sight: tells whether events reach us.
        gone: called when an answer of Asterisk says that the channel is not ours.
    """

    def __init__(
        self,
        channel_id: str,
        ended: asyncio.Event,
        *,
        channels: Channels,
        playbacks: Playbacks,
        spawn: Spawn,
        sight: Sight,
        gone: Callable[[], None],
    ) -> None:
        self._channel_id = channel_id
        self._ended = ended
        self._channels = channels
        self._playbacks = playbacks
        self._spawn = spawn
        self._sight = sight
        self._gone = gone
        self._playing: Playing | None = None
        self._abandoned: dict[str, Playing] = {}
        self._in_sight = asyncio.Event()
        self._in_sight.set()

    @property
    def busy(self) -> bool:
        """Whether something is played."""
        return self._playing is not None

    async def play(self, media: Sequence[str], limit_seconds: float, playback_id: str | None = None) -> PlaybackResult:
        """Play sounds; see `Stay.play`."""
        if strange := tuple(one for one in media if one.partition(":")[0] not in SCHEMES):
            log.warning("ari_play_unknown_scheme", channel=self._channel_id)
            return PlaybackResult(Outcome.FAILED, 0.0, missing=strange)
        playing = self._playing = Playing(playback_id)
        # A task of its own, so that cancelling us cannot lose a request on its way.
        self._spawn(self._begin(playing, list(media)))
        try:
            await asyncio.wait([playing.end], timeout=limit_seconds)
            if not playing.end.done():
                await self._find_end(playing)
            stopped = False
            if playing.end.done() and playing.stopping is not None and not playing.end_says_it_all:
                stopped = await asyncio.shield(playing.stopping) is not False
            if playing.end.done() and playing.end.result() is End.FAILED:
                await self._see_whether_gone()
            return playing.result(gone=self._ended.is_set(), stopped=stopped)
        finally:
            self._playing = None
            if not playing.end.done():
                self._abandon(playing)

    def stop(self) -> None:
        """Stop what is played, if anything."""
        if self._playing is not None:
            self._stop(self._playing)

    # What is told of the channel.

    def started(self, event: PlaybackStarted) -> None:
        """Asterisk came to a sound."""
        playing = self._playing
        if playing is not None and event.playback.id == playing.id:
            playing.started_sound(event)
            if playing.stop_asked:
                self._stop(playing)
        elif (abandoned := self._abandoned.get(event.playback.id)) is not None:
            abandoned.accept()
            self._spawn(self._send_stop(abandoned))

    def finished(self, event: PlaybackFinished) -> None:
        """A playback is over."""
        self._abandoned.pop(event.playback.id, None)
        if self._playing is not None and event.playback.id == self._playing.id:
            self._playing.finished(event)

    def hung_up(self, timestamp: str) -> None:
        """The call ended at `timestamp`, by Asterisk's clock."""
        if self._playing is not None:
            self._playing.end_made(timestamp)

    def gone(self) -> None:
        """The channel is not ours any more."""
        if self._playing is not None:
            self._playing.finish(End.GONE)
        self._in_sight.set()

    def lose_sight(self, known_until: float) -> None:
        """Events stopped coming; the last came at `known_until`, by the event loop's clock."""
        self._in_sight.clear()
        if self._playing is not None:
            self._playing.lose_sight(known_until)

    async def catch_up(self) -> None:
        """Find out what was missed; the channel is still ours.

        Raises:
            AriError: Asterisk did not tell.
        """
        self._in_sight.set()
        for abandoned in self._abandoned.values():
            self._spawn(self._send_stop(abandoned))
        playing = self._playing
        if playing is None or playing.end.done():
            return
        if not playing.accepted:
            playing.see_again()
            return
        if await self._find(playing):
            playing.see_again()
            stopping = playing.stopping
            if stopping is not None and stopping.done() and not stopping.result():
                # The request to stop it was lost with the connection.
                playing.stopping = None
                self._stop(playing)
        else:
            playing.vanish(GRACE_SECONDS)

    # How it is done.

    async def _begin(self, playing: Playing, media: list[str]) -> None:
        """Have Asterisk take the playback."""
        try:
            try:
                await self._channels.play_with_id(self._channel_id, playing.id, media)
            except ConnectionLost:
                await self._begin_again(playing, media)
        except Gone:
            playing.finish(End.GONE)
            self._gone()
        except (Rejected, InvalidState) as error:
            log.warning("ari_play_rejected", channel=self._channel_id, error=str(error))
            playing.finish(End.REJECTED)
        except AriError as error:
            if not playing.accepted:
                log.warning("ari_play_not_taken", channel=self._channel_id, error=str(error))
                playing.finish(End.NO_ANSWER)
                self._abandon(playing)
        else:
            if not playing.end.done():
                playing.accept()
            if playing.stop_asked:
                self._stop(playing)

    async def _begin_again(self, playing: Playing, media: list[str]) -> None:
        """The connection broke after the request had left; Asterisk may have it, and would take it twice.

        So look before: at once, for a short sound is soon over, and again when what had arrived must have been read.
        A sound shorter than the time without a connection may be heard twice; none is left out.
        """
        while not playing.end.done():
            try:
                if await self._find(playing):
                    return
                await asyncio.sleep(GRACE_SECONDS)
                if playing.accepted or await self._find(playing):
                    return
                if playing.stop_asked:
                    playing.finish(End.WITHDRAWN)
                    return
                await self._channels.play_with_id(self._channel_id, playing.id, media)
            except ConnectionLost:
                if self._in_sight.is_set():
                    raise
                await self._in_sight.wait()
            else:
                return

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
            playing.stopping = self._spawn(self._send_stop(playing))

    def _abandon(self, playing: Playing) -> None:
        """Nobody waits for it any more, so it must not be heard: now, or when it starts after all."""
        if self._ended.is_set():
            return
        self._abandoned[playing.id] = playing
        self._stop(playing)

    async def _send_stop(self, playing: Playing) -> bool | None:
        """Ask Asterisk to stop a playback; return whether it still had it, None if that is not known."""
        try:
            await self._playbacks.stop(playing.id)
        except NotFound:
            playing.vanish(GRACE_SECONDS)
            if playing.accepted:
                self._abandoned.pop(playing.id, None)  # else it may be on its way still
            return False
        except AriError as error:
            log.warning("ari_stop_failed", channel=self._channel_id, error=str(error))
            return None
        return True

    async def _find_end(self, playing: Playing) -> None:
        """The limit is up and no end was told: find out whether there was one, as far as Asterisk answers at once."""
        with contextlib.suppress(AriError, TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                if not playing.accepted:
                    return
                if await self._find(playing):
                    playing.still_there = True
                    return
            if await self._sees(playing):
                # Asterisk forgets some that it cannot play without a word, such as a recording that is not there.
                await asyncio.wait([playing.end], timeout=GRACE_SECONDS)
                playing.finish(End.DROPPED)
                return
            async with asyncio.timeout(GRACE_SECONDS):
                # Asked after the playback, so a channel that is still ours did not end with it.
                if await self._sight.holds(self._channel_id):
                    playing.vanished()
                else:
                    playing.lose_sight(self._sight.known_until)
                    self._gone()

    async def _sees(self, playing: Playing) -> bool:
        """Whether the end of a playback, had there been one until now, would have been told."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                return playing.in_sight and await self._sight.proven() and playing.in_sight
        return False

    async def _see_whether_gone(self) -> None:
        """A playback cut by the end of the call fails just before the end is told."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), GRACE_SECONDS)
