"""A call as Asterisk keeps it: a channel, its queue of playbacks, and a caller to play."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from .clock import Clock

NORMAL_CLEARING = 16
SOFT_HANGUP = 32


@dataclass(frozen=True)
class Heard:
    """What became of a playback.

    Attributes:
        media: the sounds that began, those missing left out.
        state: `done` or `failed`, as Asterisk tells it; `silent` for one whose end it never tells.
        stopped: the application stopped it.
    """

    media: tuple[str, ...]
    state: str
    stopped: bool


@dataclass
class FakePlayback:
    """One playback, queued or playing."""

    id: str
    media: list[str]
    target: str
    state: str = "queued"
    current: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def as_json(self) -> dict[str, Any]:
        """Return it as ARI shows it."""
        shown = {
            "id": self.id,
            "media_uri": self.media[self.current],
            "target_uri": f"channel:{self.target}",
            "language": "en",
            "state": self.state,
        }
        if self.current + 1 < len(self.media):
            shown["next_media_uri"] = self.media[self.current + 1]
        return shown


class LeftMeanwhile(Exception):
    """The channel left before its thread came to a command."""


@dataclass
class _Command:
    """Something that the channel's thread does in its turn."""

    do: Callable[[], None]
    done: asyncio.Future[None]


@dataclass(frozen=True)
class Sounds:
    """Which sounds there are and how long they take.

    Attributes:
        seconds: each sound and its length; every sound exists when None.
        default_seconds: the length of a sound when `seconds` is None.
        endless: sounds whose end is never told, as with an unknown scheme.
    """

    seconds: Mapping[str, float] | None
    default_seconds: float
    endless: Collection[str]

    def length(self, media: str) -> float | None:
        """Return how long `media` takes; None if there is no such file."""
        return self.default_seconds if self.seconds is None else self.seconds.get(media)


class FakeCall:
    """A call in the fake Asterisk, and the caller's side of it.

    Attributes:
        id: the channel's id.
        app: the application it is in; None before and afterwards.
        args: what the dialplan gave to `Stasis()`.
        caller: the caller's number.
        refused: the application was away, so the dialplan got `STASISSTATUS=FAILED`; or nobody claimed the call.
        alive: whether the channel exists.
        answered: whether it was answered.
        done: what was asked of the channel, in order: `ring`, `progress`, `answer`.
        heard: playbacks that are over, in order.
        variables: channel variables and functions that were set.
        continued: context, extension and priority it was sent on to.
        cause: why it was hung up (Q.850); None while it was not, or by the caller.
        ended: set once it is hung up or has left the application.
    """

    def __init__(
        self,
        channel_id: str,
        args: Sequence[str],
        caller: str,
        *,
        sounds: Sounds,
        clock: Clock,
        playbacks: dict[str, FakePlayback],
        send: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self.id = channel_id
        self.app: str | None = None
        self.args = list(args)
        self.caller = caller
        self.refused = False
        self.alive = True
        self.answered = False
        self.done: list[str] = []
        self.heard: list[Heard] = []
        self.variables: dict[str, str] = {}
        self.continued: tuple[str, str, int] | None = None
        self.cause: int | None = None
        self.ended = asyncio.Event()
        self._sounds = sounds
        self._clock = clock
        self._playbacks = playbacks
        self._send = send
        self._queue: asyncio.Queue[FakePlayback | _Command] = asyncio.Queue()
        self._current: FakePlayback | None = None
        self._changed = asyncio.Condition()
        self._thread = asyncio.create_task(self._work_off_queue(), name=f"fake channel {channel_id}")

    def as_json(self) -> dict[str, Any]:
        """Return the channel as ARI shows it."""
        return {
            "id": self.id,
            "name": f"PJSIP/fake-{self.id}",
            "state": "Up" if self.answered else "Ring",
            "protocol_id": self.id,
            "caller": {"name": "", "number": self.caller},
            "connected": {"name": "", "number": ""},
            "accountcode": "",
            "dialplan": {"context": "fake", "exten": "s", "priority": 1, "app_name": "Stasis", "app_data": ""},
            "creationtime": "2026-01-01T00:00:00.000+0000",
            "language": "vi",
        }

    # What the caller does.

    async def press(self, keys: str) -> None:
        """Press keys, one after the other."""
        await self._clock.going()
        for key in keys:
            self._tell("ChannelDtmfReceived", digit=key, duration_ms=100)
            await asyncio.sleep(0)

    async def hang_up(self) -> None:
        """Hang up; returns when the application has been told."""
        await self._clock.going()
        await self._end(cause=NORMAL_CLEARING)

    async def time_out(self) -> None:
        """Be taken away by the dialplan, whose time limit is up; no hang-up is requested."""
        self.continued = ("fake", "T", 1)
        await self._stop_playing()
        self._left()

    def lost_socket(self) -> None:
        """Go on in the dialplan, as a call whose own socket is lost: `STASISSTATUS=FAILED`."""
        self.refused = True
        self._thread.cancel()
        self._left()

    async def playing(self, media: str, limit_seconds: float = 2.0) -> None:
        """Wait until `media` plays.

        Raises:
            TimeoutError: it does not.
        """
        async with asyncio.timeout(limit_seconds), self._changed:
            await self._changed.wait_for(lambda: media == self._now())

    # What the application does.

    async def answer(self) -> None:
        """Answer, once the channel's thread is free.

        Raises:
            LeftMeanwhile: it left before.
        """
        await self._in_turn(self._answer)

    async def set_variable(self, name: str, value: str) -> None:
        """Set a variable, once the channel's thread is free.

        Raises:
            LeftMeanwhile: it left before.
        """
        await self._in_turn(lambda: self.variables.update({name: value}))

    def enqueue(self, playback: FakePlayback) -> None:
        """Queue a playback."""
        self._playbacks[playback.id] = playback
        self._queue.put_nowait(playback)

    async def hung_up_by_application(self, cause: int) -> None:
        """End it as `DELETE /channels/{id}` does."""
        self.cause = cause
        await self._end(cause=SOFT_HANGUP, soft=True)

    def continue_at(self, context: str, extension: str, priority: int) -> None:
        """Go on in the dialplan, once the channel's thread is free."""

        def leave() -> None:
            self.continued = (context, extension, priority)
            self._left()

        self._queue.put_nowait(_Command(leave, asyncio.get_running_loop().create_future()))

    async def close(self) -> None:
        """End without telling anybody."""
        self.app = None
        self.alive = False
        await self._stop_playing()

    # How it is done.

    def _now(self) -> str | None:
        """Return what plays at this moment."""
        return None if self._current is None else self._current.media[self._current.current]

    def _tell(self, kind: str, **fields: Any) -> None:
        if self.app is not None:
            self._send(self.app, {"type": kind, "channel": self.as_json(), **fields})

    def _tell_playback(self, kind: str, playback: FakePlayback) -> None:
        if self.app is not None:
            self._send(self.app, {"type": kind, "playback": playback.as_json()})

    async def _end(self, **request: Any) -> None:
        """Hang up: the request is told first, then the playback it cuts, then the end."""
        self.alive = False
        if self.app is not None:
            self._tell("ChannelHangupRequest", **request)
            await self._stop_playing()
            self._left()

    def _answer(self) -> None:
        if not self.answered:
            self.answered = True
            self._tell("ChannelStateChange")

    async def _in_turn(self, do: Callable[[], None]) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Command(do, done))
        await done

    def _left(self) -> None:
        self._tell("StasisEnd")
        self.app = None
        self.ended.set()

    async def _stop_playing(self) -> None:
        self._thread.cancel()
        await asyncio.wait([self._thread])
        while not self._queue.empty():
            waiting = self._queue.get_nowait()
            if isinstance(waiting, _Command):
                waiting.done.set_exception(LeftMeanwhile)
            else:
                self._playbacks.pop(waiting.id, None)

    async def _work_off_queue(self) -> None:
        """Do one after the other, as the channel's thread does: a command waits for the playbacks before it."""
        while True:
            playback = await self._queue.get()
            if isinstance(playback, _Command):
                playback.do()
                playback.done.set_result(None)
                if self.app is None:
                    return
                continue
            began: list[str] = []
            try:
                state = await self._play(playback, began)
            except asyncio.CancelledError:
                state = "failed"
                raise
            finally:
                playback.state = state
                self._current = None
                self._playbacks.pop(playback.id, None)
                self.heard.append(Heard(tuple(began), state, playback.stop.is_set()))
                if state != "silent":
                    self._tell_playback("PlaybackFinished", playback)

    async def _play(self, playback: FakePlayback, began: list[str]) -> str:
        """Play its sounds; return the state it ends in: that of its last sound, so a gap before does not show."""
        state = "done"
        for number, media in enumerate(playback.media):
            playback.current = number
            if playback.stop.is_set():
                return "done"
            if number:
                playback.state = "continuing"
                self._tell_playback("PlaybackContinuing", playback)
            playback.state = "playing"
            self._current = playback
            self._tell_playback("PlaybackStarted", playback)
            async with self._changed:
                self._changed.notify_all()
            if media in self._sounds.endless:
                return "silent"
            length = self._sounds.length(media)
            state = "failed" if length is None else "done"
            if length is not None:
                began.append(media)
                await self._clock.wait(playback.stop, length)
        return state
