"""The call a conversation sees."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from hotline.call.collector import Collector
from hotline.call.errors import LineError
from hotline.call.keypad import KEYS, MOST_WAITING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from hotline.call.collector import Entry, Keyed
    from hotline.call.line import Line, Media, Played, Sound, Sounds
    from hotline.call.watch import Watch
    from hotline.records.outcomes import CallOutcome

T = TypeVar("T")

CUTTING = KEYS.replace("#", "")
"""Keys that cut a prompt: a `#` only ends an answer, and often comes late, during what follows (SPEC §2)."""

LATE = 0.5
"""Seconds of silence that work may take before a prompt is said to bridge it, or is said again."""

BILLED = 60.0
"""Seconds of a billed minute."""
ENDING = 2.0
"""Seconds kept free at its end: 58 from the answer is the goal (SPEC §2), and the carrier has a clock of its own."""


@dataclass(frozen=True)
class Step:
    """A point of the conversation the caller reached, `at` seconds after the call came in."""

    name: str
    at: float


class Call:
    """One call: say, ask, read out, hang up. A hang-up raises `CallerGone` from whatever is under way.

    Attributes:
        id: the call's name in records and logs.
        arguments: what the switchboard said of the caller, `key=value` with the value URL-encoded.
        steps: the points reached so far.
        outcome: how it ended, once that is known; None means that the caller hung up before.
        answered_at: seconds after it came in when it was answered; None before.
        reactions: seconds from each key that completed an answer to the sound that followed, as far as it was heard.
    """

    def __init__(self, id: str, line: Line, sounds: Sounds, arguments: Sequence[str] = ()) -> None:  # noqa: A002
        self.id = id
        self.arguments = tuple(arguments)
        self.steps: list[Step] = []
        self.outcome: CallOutcome | None = None
        self.answered_at: float | None = None
        self.reactions: list[float] = []
        self._completed_at: float | None = None
        self._line = line
        self._sounds = sounds
        self._began = line.now()

    def use(self, sounds: Sounds) -> None:
        """Take what is said from `sounds` from now on, to the end of the call."""
        self._sounds = sounds

    def seconds(self) -> float:
        """Return the seconds since the call came in; after its end, the seconds it lasted."""
        gone_at = self._line.gone_at
        return (self._line.now() if gone_at is None else gone_at) - self._began

    def paid_seconds_left(self) -> float:
        """Return the seconds in which the call can go on and end without another minute to pay."""
        answered = self.seconds() if self.answered_at is None else self.answered_at
        return BILLED - ENDING - (self.seconds() - answered) % BILLED

    def reached(self, step: str) -> None:
        """Note that the caller has come to `step`."""
        self.steps.append(Step(step, round(self.seconds(), 2)))

    def length(self, *prompts: str) -> float:
        """Return the seconds that `prompts` take."""
        return sum(self._sounds[prompt].seconds for prompt in prompts)

    async def open_early(self) -> None:
        """Let the caller hear us before the answer, free of charge."""
        await self._line.progress()

    async def answer(self) -> None:
        """Take the call; the caller pays from here on."""
        await self._line.answer()
        self.answered_at = self.seconds()

    async def say(self, *prompts: str, keys: str = CUTTING) -> None:
        """Say `prompts`; a key of `keys` cuts them short, or skips them when it was keyed ahead."""
        if not self._line.keypad.has(keys):
            self._reacted(await self._line.play([self._sounds[prompt] for prompt in prompts], keys))

    async def ask(self, *prompts: str, entry: Entry, already: str = "") -> Keyed:
        """Ask with `prompts` and collect the keys of `entry`; `already` holds digits kept from before."""
        await self.say(*prompts, keys=entry.meaningful)
        collector = Collector(entry, already)
        try:
            while True:
                if not self.keyed_ahead():
                    self._line.listen()
                asked_at = self._line.now()
                key = await self._line.keypad.next(collector.patience)
                collector.pass_time(self._line.now() - asked_at)
                keyed = collector.give_up() if key is None else collector.press(key)
                if keyed is not None:
                    self._completed_at = None if key is None else self._line.now()
                    return keyed
        finally:
            await self._line.hush()

    async def bridge(self, work: Awaitable[T], *prompts: str) -> T:
        """Say `prompts` while `work` is under way, again and again until it is done; return its result.

        They are said to their end at least once, whatever is keyed, so their length tells nothing of the work.
        Work that is not done when the caller hangs up is cancelled.
        """
        task = asyncio.ensure_future(work)
        try:
            await self.say(*prompts, keys="")
            return await self._until_done(task, prompts)
        finally:
            task.cancel()

    async def cover(self, work: Awaitable[T], *prompts: str) -> T:
        """Return the result of `work`; when it takes long, say `prompts` meanwhile, again and again.

        It is done to its end even if the caller hangs up meanwhile.
        """
        task = asyncio.ensure_future(work)
        try:
            return await self._until_done(task, prompts)
        except LineError:
            await task
            raise

    async def _until_done(self, task: asyncio.Future[T], prompts: Sequence[str]) -> T:
        while True:
            await asyncio.wait({task}, timeout=LATE)
            if task.done():
                return task.result()
            await self.say(*prompts, keys="")

    async def read_out(self, sound: Sound, watch: Watch | None = None) -> None:
        """Play `sound` to its end; every key before and during it is ignored. What `watch` raises ends it at once."""
        with self._line.keypad.ignored():
            self._reacted(await self._line.play([sound], "", watch))

    def _reacted(self, played: Played) -> None:
        """Note how long the caller waited for what was just played, if a key had asked for it."""
        if self._completed_at is not None:
            self.reactions.append(max(0.0, self._line.now() - played.seconds - self._completed_at))
            self._completed_at = None

    async def pass_over_keys(self, *, until: str, quiet: float) -> None:
        """Take no notice of what a caller goes on keying, up to a key of `until` or `quiet` seconds without any."""
        for _ in range(MOST_WAITING):
            key = await self._line.keypad.next(quiet)
            if key is None or key in until:
                return

    def keyed_ahead(self, keys: str = KEYS) -> bool:
        """Return whether one of `keys` waits to be asked for."""
        return self._line.keypad.has(keys)

    def pass_over_repeat(self) -> None:
        """Take no notice of the key taken last if it is pressed twice; see `keypad.REPEATED`."""
        self._line.keypad.pass_over_repeat()

    def forget_keys(self) -> None:
        """Forget what was keyed ahead, before something that must be heard."""
        self._line.keypad.discard()

    async def media(self) -> Media:
        """Return where our voice goes at this moment, and whether any comes."""
        return await self._line.media()

    async def hang_up(self) -> None:
        """End the call."""
        await self._line.hang_up()
