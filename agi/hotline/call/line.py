"""What a conversation needs of the telephone line; each door of `doors/` brings its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hotline.call.keypad import Keypad
    from hotline.call.watch import Watch

TAIL = 0.1
"""Seconds of silence at most at the end of a reading (SPEC §4): whoever hangs up in them has heard it all.

Who seems to have hung up later than that, though no end was told, was on a line that stood still: not proven."""
FIRST_WORD = 0.2
"""Seconds that the 183 needs to reach the phone; what is said earlier is lost. They cost the caller nothing."""


class Sound(Protocol):
    """Something to play.

    Attributes:
        path: absolute, without extension; one file for each codec lies beside it.
        seconds: its length.
    """

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102


class Sounds(Protocol):
    """The sound of each prompt, by its id."""

    def __getitem__(self, prompt: str, /) -> Sound: ...


class Ended(Enum):
    """How a playback ended."""

    FINISHED = auto()
    """Played to its end."""
    STOPPED = auto()
    """Cut by one of the keys it was to stop for."""


@dataclass(frozen=True)
class Played:
    """What really happened to a playback.

    Attributes:
        ended: how.
        seconds: how long it was heard, in seconds of real time.
    """

    ended: Ended
    seconds: float


@dataclass(frozen=True)
class Media:
    """The two directions of a call's voice.

    Attributes:
        destination: where ours goes, as the switchboard writes it: `192.0.2.1:4000`; empty when it goes nowhere.
        received: packets that have come so far.
    """

    destination: str
    received: int


class Line(Protocol):
    """One telephone line with a caller on it.

    After the caller has hung up every method raises `CallerGone`, but for `hang_up`, which is then done. What the
    switchboard does not do for another reason raises `LineFailed`.
    """

    keypad: Keypad

    @property
    def gone_at(self) -> float | None:
        """When the caller hung up or was hung up, by `now`; None before."""

    def now(self) -> float:
        """Return the line's clock, in seconds."""

    async def progress(self) -> None:
        """Open the line for speech before the answer (early media): the caller hears us and pays nothing."""

    async def answer(self) -> None:
        """Take the call; from here on the caller pays."""

    async def play(self, sounds: Sequence[Sound], stop_keys: str, watch: Watch | None = None) -> Played:
        """Play `sounds` one after another; a key of `stop_keys`, pressed meanwhile, cuts them short.

        What `watch` raises does so too, and is raised: it is asked every two seconds, as far as the switchboard can be
        asked anything while it plays, and when they were played to their end.

        Raises:
            CallerGone: the caller hung up before the end.
            SoundFailed: a sound was not played, though the switchboard did its part.
            LineFailed: the switchboard did not do its part in time.
        """

    async def media(self) -> Media:
        """Return where our voice goes at this moment, and whether any comes; it may change at any time."""

    def listen(self) -> None:
        """Make sure that each key is told once, while nothing is said; again does nothing. `hush` ends it."""

    async def hush(self) -> None:
        """End what `listen` began, if it did."""

    async def hang_up(self) -> None:
        """End the call."""
