"""A line with a scripted caller, for testing conversations without a PBX and without waiting.

Time is virtual: a prompt takes its seconds and a wait takes its seconds, at once. What the caller does is told by the
prompt it reacts to::

    caller = ScriptedLine(
        On("menu", "8"),                                # after the menu
        On("ask-number", "0123456789#", after=-2.0),    # two seconds before the prompt ends
        On("check", HANG_UP, after=-1.0),
    )
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotline.call.errors import CallerGone, SoundFailed
from hotline.call.keypad import KEYS, Keypad
from hotline.call.line import Ended, Media, Played
from hotline.call.watch import EVERY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hotline.call.line import Sound
    from hotline.call.watch import Watch

HANG_UP = "hang up"
FALL_SILENT = "fall silent"
"""Send nothing any more, as a phone whose battery is empty."""
PACKET_SECONDS = 0.02
"""From one packet of the caller's voice to the next."""


@dataclass(frozen=True)
class On:
    """What the caller does when a sound is played: each `On` is used once, in order, for the first sound of its name.

    Attributes:
        sound: the name of the sound (the last part of its path); several played in one go count as the last of them.
        keys: keys to press, HANG_UP or FALL_SILENT.
        after: seconds from the sound's end to the first key; negative is before the end.
        pace: seconds between keys.
    """

    sound: str
    keys: str
    after: float = 0.5
    pace: float = 0.3


@dataclass(frozen=True)
class Heard:
    """A sound as the caller heard it."""

    sound: str
    at: float
    seconds: float
    whole: bool


class ScriptedKeypad(Keypad):
    """A keypad whose waits pass in virtual time."""

    def __init__(self, line: ScriptedLine) -> None:
        super().__init__(line.now)
        self._line = line

    async def next(self, within: float) -> str | None:
        """Return the next key; the caller's clock moves on instead of ours."""
        until = self._line.now() + within
        while not self.has(KEYS) and not self.closed and self._line.pass_time(until):
            pass
        return await super().next(0)


class ScriptedLine:
    """A `Line` whose caller follows a script.

    Attributes:
        heard: every sound played, in order.
        log: everything that happened, one word each: progress, answer, the sounds' names, hang up.
        ways: what `media` and `destination` tell, one after another; the last one for ever. Where something had come
            from the caller, more does with time.
    """

    def __init__(self, *script: On, broken: Sequence[str] = ()) -> None:
        self.keypad: Keypad = ScriptedKeypad(self)
        self.heard: list[Heard] = []
        self.log: list[str] = []
        self.ways = [Media("", 0)]
        self._script = list(script)
        self._broken = frozenset(broken)
        self._now = 0.0
        self._ahead: list[tuple[float, int, str]] = []
        self._count = 0
        self._pressed = ""
        self._gone_at: float | None = None
        self._silent_from: float | None = None

    @property
    def gone_at(self) -> float | None:
        """When the call ended, in virtual time."""
        return self._gone_at

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def pass_time(self, until: float) -> bool:
        """Move on to the caller's next doing, or to `until` when that is earlier; return whether something was done."""
        if not self._ahead or self._ahead[0][0] > until:
            self._now = max(self._now, until)
            return False
        self._now = max(self._now, self._ahead[0][0])
        while self._ahead and self._ahead[0][0] <= self._now:
            self._do(heapq.heappop(self._ahead)[2])
        return True

    def _do(self, what: str) -> None:
        if what == HANG_UP:
            self.log.append("caller hung up")
            self._close()
        elif what == FALL_SILENT:
            self.log.append("caller fell silent")
            self._silent_from = self._now
        elif self.keypad.press(what):
            self._pressed += what

    async def progress(self) -> None:
        """Open the line early."""
        self._check()
        self.log.append("progress")

    async def answer(self) -> None:
        """Take the call."""
        self._check()
        self.log.append("answer")

    async def play(self, sounds: Sequence[Sound], stop_keys: str, watch: Watch | None = None) -> Played:
        """Let the virtual time of `sounds` pass, with what the caller does meanwhile."""
        self._check()
        began = self._now
        ends = began + sum(sound.seconds for sound in sounds)
        self._react(sounds[-1].path.name, ends)
        stopped = False
        try:
            while not stopped and self._now < ends:
                stopped = self._let_pass(ends if watch is None else min(ends, self._now + EVERY), stop_keys)
                if watch is not None and not stopped:
                    await watch()
        finally:
            self._tell(sounds, began)
        self._check()
        return Played(Ended.STOPPED if stopped else Ended.FINISHED, self._now - began)

    async def media(self) -> Media:
        """Tell the next of `ways`."""
        self._check()
        way = self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]
        spoken = self._now if self._silent_from is None else self._silent_from
        return Media(way.destination, way.received and way.received + int(spoken / PACKET_SECONDS))

    def listen(self) -> None:
        """Do nothing: a script's keys are told once."""

    async def hush(self) -> None:
        """Do nothing."""

    async def hang_up(self) -> None:
        """End the call."""
        if not self.keypad.closed:
            self.log.append("hang up")
            self._close()

    def _close(self) -> None:
        self._gone_at = self._now
        self.keypad.close()

    def _let_pass(self, until: float, stop_keys: str) -> bool:
        """Let a part of a sound be heard; return whether the caller stopped it, by a key or by going."""
        while self._ahead and self._ahead[0][0] < until:
            self._pressed = ""
            self.pass_time(until)
            if self.keypad.closed or any(key in stop_keys for key in self._pressed):
                return True
        self._now = until
        return False

    def _check(self) -> None:
        if self.keypad.closed:
            raise CallerGone

    def _react(self, sound: str, ends: float) -> None:
        for on in self._script:
            if on.sound != sound:
                continue
            self._script.remove(on)
            doings = [on.keys] if on.keys in {HANG_UP, FALL_SILENT} else list(on.keys)
            for nth, what in enumerate(doings):
                self._count += 1
                heapq.heappush(self._ahead, (ends + on.after + nth * on.pace, self._count, what))
            return

    def _tell(self, sounds: Sequence[Sound], began: float) -> None:
        at = began
        for sound in sounds:
            name = sound.path.name
            if name in self._broken:
                raise SoundFailed(name)
            if at > self._now or (at == self._now and at > began):
                return
            seconds = min(sound.seconds, self._now - at)
            self.heard.append(Heard(name, at, seconds, seconds == sound.seconds))
            self.log.append(name)
            at += sound.seconds
