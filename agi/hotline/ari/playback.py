"""One playback: what was asked, what Asterisk said, and what that makes of it."""

from __future__ import annotations

import asyncio
import enum
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import Playback


class Outcome(enum.Enum):
    """How a playback ended."""

    FINISHED = "finished"
    """Played to its end. A missing file in the middle of a list is skipped by Asterisk and does not show."""
    STOPPED = "stopped"
    """Stopped by `Stay.stop_playback` before its end."""
    GONE = "gone"
    """The caller hung up, or the channel left us, before its end."""
    FAILED = "failed"
    """Asterisk could not play it: the (last) file is missing or unreadable."""
    NEVER_STARTED = "never started"
    """Asterisk did not take the request: connection lost or no answer in time."""
    OVERDUE = "overdue"
    """Not over within the limit; it was stopped. An unknown media scheme never ends."""


@dataclass(frozen=True, slots=True)
class PlaybackResult:
    """The truth about a playback.

    Attributes:
        outcome: how it ended.
        seconds: from the first sound's start to the end, by the event loop's clock; 0.0 if nothing began.
        observed: False when the end fell into a time without an events socket and was found out afterwards. Then
            `seconds` runs to that moment, the most it can have been; but for `GONE` to the last sign of life before,
            so that nobody is taken to have heard what he may not have heard.
    """

    outcome: Outcome
    seconds: float
    observed: bool = True


class End(enum.Enum):
    """What was seen of a playback's end."""

    DONE = enum.auto()
    FAILED = enum.auto()
    GONE = enum.auto()
    REJECTED = enum.auto()
    NO_ANSWER = enum.auto()
    VANISHED = enum.auto()  # Asterisk does not know it any more, but its end was not seen


class Playing:
    """The state of one playback from the request to its end.

    Attributes:
        id: chosen by us, so a lost answer is not a lost playback.
        accepted: Asterisk is known to have it.
        stop_asked: we want it stopped, whether or not that could be sent yet.
        stopping: the request to stop it; its result is whether Asterisk still had it to stop.
        end: set once, by the first thing that ends it.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.id = uuid.uuid4().hex
        self.accepted = False
        self.stop_asked = False
        self.stopping: asyncio.Task[bool] | None = None
        self.end: asyncio.Future[End] = self._loop.create_future()
        self._asked_at = self._loop.time()
        self._started_at: float | None = None
        self._ended_at: float | None = None
        self._known_until: float | None = None
        self._was_lost = False

    def accept(self) -> None:
        """Asterisk has it: it said so, or an event of it came."""
        self.accepted = True

    def start(self) -> None:
        """A sound of it began."""
        self.accept()
        if self._started_at is None:
            self._started_at = self._loop.time()

    def lose_sight(self, known_until: float) -> None:
        """Events stopped coming; the last sign of life was at `known_until`, by the event loop's clock."""
        self._was_lost = True
        if self._known_until is None:
            self._known_until = known_until

    def see_again(self) -> None:
        """It is still there, and events come again."""
        self._known_until = None

    @property
    def started(self) -> bool:
        """Whether a sound of it began."""
        return self._started_at is not None

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
        self._loop.call_later(grace_seconds, self._vanish)

    def _vanish(self) -> None:
        if not self.end.done():
            self.assume_started()
            self.finish(End.VANISHED)

    def finished(self, playback: Playback) -> None:
        """The event of its end came."""
        self.accept()
        if self._was_lost:
            self.assume_started()
        self.finish(End.FAILED if playback.state == "failed" else End.DONE)

    def result(self, *, gone: bool, stopped: bool) -> PlaybackResult:
        """What it came to.

        Args:
            gone: the channel had ended when this did.
            stopped: Asterisk stopped it for us.
        """
        end = self.end.result() if self.end.done() else None
        match end:
            case None:
                outcome = Outcome.OVERDUE
            case End.NO_ANSWER:
                outcome = Outcome.NEVER_STARTED
            case End.REJECTED:
                outcome = Outcome.FAILED
            case End.GONE:
                outcome = Outcome.GONE
            case _ if stopped:
                outcome = Outcome.STOPPED
            case End.DONE:
                # `done` is the truth, also when the caller hung up in the very next moment.
                outcome = Outcome.FINISHED
            case _ if gone:
                outcome = Outcome.GONE
            case End.FAILED:
                outcome = Outcome.FAILED
            case End.VANISHED:
                outcome = Outcome.STOPPED if self.stop_asked else Outcome.FINISHED
        observed = end is None or not (end is End.VANISHED or self._missed_the(end))
        return PlaybackResult(outcome, self._seconds(), observed=observed)

    def _seconds(self) -> float:
        if self._started_at is None:
            return 0.0
        ended_at = self._loop.time() if self._ended_at is None else self._ended_at
        return max(0.0, ended_at - self._started_at)
