"""The keys a caller presses, in their order, until somebody asks for them (type-ahead)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from hotline.call.errors import CallerGone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEYS = "0123456789*#"
"""The keys of a phone; the tones A to D, which no caller has, are passed over."""

MOST_WAITING = 64
"""Keys kept at most; a stuck key must not fill the memory. The oldest are kept: they were meant."""


REPEATED = 0.5
"""Seconds from a key that chose something to the same key again, in which this is a finger that trembles.

It is passed over, unless another key follows as quickly: that is a number keyed ahead or by a machine, and its first
digit happens to be the key that chose. Numbers do begin with 8: with the code of a province, 80 to 89 among them. Who
keys ahead by hand takes a second a key (SPEC §2), and who presses twice goes on only when they have been asked."""


class Press(NamedTuple):
    """A key, and when it was pressed, in seconds of the keypad's clock."""

    key: str
    at: float


class Keypad:
    """The keys of one call. A door puts them in with `press`; the conversation takes them with `next`.

    Args:
        now: a clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._waiting: deque[Press] = deque()
        self._taken: Press | None = None
        self._repeats: list[Press] = []  # the key that chose, and its repeats, as long as nothing else came
        self._arrived = asyncio.Event()
        self._deaf = False
        self._closed = False

    def press(self, key: str) -> bool:
        """Take in a key as it arrives; return whether it counts (it does not while keys are ignored)."""
        if key not in KEYS or self._deaf or self._closed or len(self._waiting) >= MOST_WAITING:
            return False
        return self._take_in(Press(key, self._now()))

    def _take_in(self, press: Press) -> bool:
        if self._repeats and press.at - self._repeats[-1].at <= REPEATED:
            if press.key == self._repeats[0].key:
                self._repeats.append(press)
                return False
            self._waiting.extend(self._repeats[1:])
        self._repeats.clear()
        self._waiting.append(press)
        self._arrived.set()
        return True

    def pass_over_repeat(self) -> None:
        """Take no notice of the key taken last if it is pressed, or was, once more within 0.5 s; see `REPEATED`."""
        if self._taken is not None:
            self._repeats = [self._taken]
            ahead, self._waiting = self._waiting, deque()
            for press in ahead:
                self._take_in(press)

    def close(self) -> None:
        """Take note that the caller has gone."""
        self._closed = True
        self._arrived.set()

    @property
    def closed(self) -> bool:
        """Whether the caller has gone."""
        return self._closed

    @property
    def deaf(self) -> bool:
        """Whether keys are ignored."""
        return self._deaf

    def has(self, keys: str) -> bool:
        """Return whether one of `keys` is waiting."""
        return any(press.key in keys for press in self._waiting)

    def discard(self) -> None:
        """Forget what was keyed ahead."""
        self._waiting.clear()
        self._repeats.clear()

    async def next(self, within: float) -> str | None:
        """Return the oldest key not taken yet, waiting up to `within` seconds; None when none came.

        Raises:
            CallerGone: the caller has hung up.
        """
        # The time may be up in the very moment in which a key or the end came, so only what is there counts.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not self._waiting and not self._closed:
                    self._arrived.clear()
                    await self._arrived.wait()
        if self._closed:
            raise CallerGone
        if not self._waiting:
            return None
        self._taken = self._waiting.popleft()
        return self._taken.key

    @contextlib.contextmanager
    def ignored(self) -> Iterator[None]:
        """Forget what was keyed ahead and ignore every key until the end of the block.

        A cheek on the keypad must not kill a paid-for password (SPEC §2, Keys).
        """
        self.discard()
        self._deaf = True
        try:
            yield
        finally:
            self._deaf = False
