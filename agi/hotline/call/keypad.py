"""The keys a caller presses, in their order, until somebody asks for them (type-ahead)."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from hotline.call.errors import CallerGone

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = "0123456789*#"
"""The keys of a phone; the tones A to D, which no caller has, are passed over."""

MOST_WAITING = 64
"""Keys kept at most; a stuck key must not fill the memory. The oldest are kept: they were meant."""


class Keypad:
    """The keys of one call. A door puts them in with `press`; the conversation takes them with `next`."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._arrived = asyncio.Event()
        self._deaf = False
        self._closed = False

    def press(self, key: str) -> bool:
        """Take in a key as it arrives; return whether it counts (it does not while keys are ignored)."""
        if key not in KEYS or self._deaf or self._closed or len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append(key)
        self._arrived.set()
        return True

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
        return any(key in keys for key in self._waiting)

    def discard(self) -> None:
        """Forget what was keyed ahead."""
        self._waiting.clear()

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
        return self._waiting.popleft() if self._waiting else None

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
