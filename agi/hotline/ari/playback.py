"""One playback: what was asked, what Asterisk said, and what that makes of it."""

from __future__ import annotations

import asyncio
import enum
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import PlaybackFinished, PlaybackStarted

SCHEMES = frozenset({"sound", "recording", "number", "digits", "characters", "tone"})
"""What Asterisk 22 can play. It takes any other and then never tells an end, so we do not ask it to."""

NOTHING_SECONDS = 0.015
"""A sound over sooner was not played, for it is missing or empty: one frame takes 20 ms. Seen: 0 or 1."""


class Outcome(enum.Enum):
    """How a playback ended."""

    FINISHED = "finished"
    """Played to its end, every sound of it."""
    STOPPED = "stopped"
    """Stopped by `Stay.stop_playback` before its end."""
    GONE = "gone"
    """The caller hung up, or the channel left us, before its end."""
    FAILED = "failed"
    """A sound could not be played; those known to be missing are named."""
    NEVER_STARTED = "never started"
    """Asterisk is not known to have taken the request: connection lost or no answer in time. Stopped if it did."""
    OVERDUE = "overdue"
    """Not known to be over within the limit; stopped if it was not."""


@dataclass(frozen=True, slots=True)
class PlaybackResult:
    """The truth about a playback.

    Attributes:
        outcome: how it ended.
        seconds: from the first sound's start to the end, by the event loop's clock or Asterisk's, whichever says less;
            0.0 if nothing began.
        observed: False when the end fell into a time in which events did not reach us, and was found out afterwards.
            Then `seconds` runs to that moment, the most it can have been; but for `GONE` to the last event before, so
            that nobody is taken to have heard what he may not have heard. `OVERDUE` is observed if Asterisk said that
            it still had the playback.
        missing: sounds that made no sound, for there is no such file, none that the call's codec can be made of, or an
            empty one. Asterisk passes over one that is not the last of its list, and calls the list `done`.
    """

    outcome: Outcome
    seconds: float
    observed: bool = True
    missing: tuple[str, ...] = ()


class End(enum.Enum):
    """What was seen of a playback's end."""

    DONE = enum.auto()
    FAILED = enum.auto()
    GONE = enum.auto()
    REJECTED = enum.auto()
    NO_ANSWER = enum.auto()
    VANISHED = enum.auto()  # Asterisk does not know it any more, but its end was not seen
    WITHDRAWN = enum.auto()  # stopped by us before Asterisk had it
    DROPPED = enum.auto()  # the same, though its end would have been seen, for sure: Asterisk told none


_WHATEVER_ELSE = {
    End.NO_ANSWER: Outcome.NEVER_STARTED,
    End.WITHDRAWN: Outcome.STOPPED,
    End.REJECTED: Outcome.FAILED,
    End.DROPPED: Outcome.FAILED,
    End.GONE: Outcome.GONE,
}
"""Ends that say it all, whatever else is known."""


@dataclass(frozen=True, slots=True)
class _Came:
    """A sound that Asterisk came to, or the end of the last one.

    Attributes:
        media: the sound; that of an end has ended with it.
        at: when the event of it came, by the event loop's clock.
        made: when Asterisk made that event, by its own clock; None if it does not say.
    """

    media: str
    at: float
    made: datetime | None

    def at_once_after(self, other: _Came) -> bool:
        """Whether there was no time for a sound between the two.

        Both clocks must say so: ours alone would after a stall in our process, Asterisk's when it is set back.
        """
        if self.at - other.at >= NOTHING_SECONDS:
            return False
        if self.made is None or other.made is None:
            return False
        return self.made - other.made < timedelta(seconds=NOTHING_SECONDS)


class Playing:
    """The state of one playback from the request to its end.

    Attributes:
        id: chosen by us, so a lost answer is not a lost playback.
        accepted: Asterisk is known to have it.
        stop_asked: we want it stopped, whether or not that could be sent yet.
        stopping: the request to stop it; its result is whether Asterisk still had it to stop, None if not known.
        end: set once, by the first thing that ends it.
        still_there: Asterisk still had it when its limit was up.
    """

    def __init__(self, playback_id: str | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self.id = playback_id or uuid.uuid4().hex
        self.accepted = False
        self.stop_asked = False
        self.stopping: asyncio.Task[bool | None] | None = None
        self.end: asyncio.Future[End] = self._loop.create_future()
        self.still_there = False
        self._asked_at = self._loop.time()
        self._started_at: float | None = None
        self._ended_at: float | None = None
        self._end_made: datetime | None = None
        self._known_until: float | None = None
        self._was_lost = False
        self._sounds: list[_Came] = []
        self._last: _Came | None = None

    def accept(self) -> None:
        """Asterisk has it: it said so, or an event of it came."""
        self.accepted = True

    def started_sound(self, event: PlaybackStarted) -> None:
        """Asterisk came to a sound of it."""
        self.accept()
        if self.end.done():
            return
        self._sounds.append(self._came(event))
        if self._started_at is None:
            self._started_at = self._loop.time()

    def _came(self, event: PlaybackStarted | PlaybackFinished) -> _Came:
        return _Came(event.playback.media_uri, self._loop.time(), _moment(event.timestamp))

    def end_made(self, timestamp: str) -> None:
        """Asterisk made the first event of an end, of this or of the call, at `timestamp` by its clock."""
        if self._end_made is None and not self.end.done():
            self._end_made = _moment(timestamp)

    def lose_sight(self, known_until: float) -> None:
        """Events stopped coming; the last came at `known_until`, by the event loop's clock."""
        self._was_lost = True
        if self._known_until is None:
            self._known_until = known_until

    def see_again(self) -> None:
        """It is still there, and events come again."""
        self._known_until = None

    @property
    def in_sight(self) -> bool:
        """Whether, as far as is known, every event of it has come."""
        return self._known_until is None

    def assume_started(self) -> None:
        """It began unseen: take the moment it was asked for; seen: 1 to 2 ms before the start."""
        if self._started_at is None:
            self._started_at = self._asked_at

    def finish(self, end: End) -> None:
        """It is over; only the first call counts."""
        if not self.end.done():
            self._ended_at = self._known_until if self._missed_the(end) else self._loop.time()
            self.end.set_result(end)

    def _missed_the(self, end: End) -> bool:
        return end is End.GONE and self._known_until is not None

    def vanish(self, grace_seconds: float) -> None:
        """Asterisk does not know it any more; the event that says how it ended may be on its way."""
        self._loop.call_later(grace_seconds, self.vanished)

    def vanished(self) -> None:
        """Asterisk does not know it any more, and how it ended will not be told."""
        if not self.end.done():
            self.assume_started()
            self.finish(End.VANISHED)

    def finished(self, event: PlaybackFinished) -> None:
        """The event of its end came."""
        self.accept()
        failed = event.playback.state == "failed"
        if self._was_lost or not (failed or self.stop_asked):
            self.assume_started()
        self.end_made(event.timestamp)
        self._last = self._came(event)
        self.finish(End.FAILED if failed else End.DONE)

    def _missing(self, *, gone: bool, stopped: bool) -> tuple[str, ...]:
        """Return the sounds that were passed over, as far as their events were seen."""
        # A last sound that was stopped, or failed because the caller went, may have been cut in its first moment.
        cut = stopped or (gone and self.end.done() and self.end.result() is End.FAILED)
        last = [] if self._last is None or cut else [self._last]
        return tuple(one.media for one, then in pairwise([*self._sounds, *last]) if then.at_once_after(one))

    @property
    def end_says_it_all(self) -> bool:
        """Whether it is over, and how is known, whatever became of a stop."""
        return self.end.done() and self.end.result() in _WHATEVER_ELSE

    def result(self, *, gone: bool, stopped: bool) -> PlaybackResult:
        """What it came to.

        Args:
            gone: the channel had ended when this did.
            stopped: Asterisk stopped it for us, or may have.
        """
        end = self.end.result() if self.end.done() else None
        missing = self._missing(gone=gone, stopped=stopped)
        match end:
            case None:
                outcome = Outcome.OVERDUE if self.accepted else Outcome.NEVER_STARTED
            case _ if end in _WHATEVER_ELSE:
                outcome = _WHATEVER_ELSE[end]
            case _ if stopped:
                outcome = Outcome.STOPPED
            case End.DONE:
                # `done` is the truth about a hang-up, also of a caller who went in the very next moment.
                outcome = Outcome.FAILED if missing else Outcome.FINISHED
            case _ if gone:
                outcome = Outcome.GONE
            case End.FAILED:
                outcome = Outcome.FAILED
            case _:
                outcome = Outcome.STOPPED if self.stop_asked else Outcome.FINISHED
        observed = self.still_there if end is None else not (end is End.VANISHED or self._missed_the(end))
        return PlaybackResult(outcome, self._seconds(), observed=observed, missing=missing)

    def _seconds(self) -> float:
        if self._started_at is None:
            return 0.0
        ended_at = self._loop.time() if self._ended_at is None else self._ended_at
        seconds = ended_at - self._started_at
        # An event that waited for us, in a stall, makes our interval too long; Asterisk's own is not.
        began_made = self._sounds[0].made if self._sounds else None
        if began_made is not None and self._end_made is not None:
            seconds = min(seconds, (self._end_made - began_made).total_seconds())
        return max(0.0, seconds)


def _moment(timestamp: str) -> datetime | None:
    """Return the moment an event was made, by Asterisk's clock; None if it does not say."""
    try:
        return datetime.fromisoformat(timestamp)
    except ValueError:
        return None
