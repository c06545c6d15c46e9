"""The fake's time, which stands still while it is frozen, as that of a process does."""

from __future__ import annotations

import asyncio
import contextlib


class Clock:
    """A clock that can be stopped."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._going = asyncio.Event()
        self._going.set()
        self._stopped_at = 0.0
        self._stood = 0.0

    def freeze(self) -> None:
        """Stand still; a second time does nothing."""
        if self._going.is_set():
            self._going.clear()
            self._stopped_at = self._now()

    def thaw(self) -> None:
        """Go on."""
        if not self._going.is_set():
            self._stood += self._now() - self._stopped_at
            self._going.set()

    async def going(self) -> None:
        """Wait while it stands still."""
        await self._going.wait()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait until `event` is set, at most `seconds` of this clock."""
        ends = self._now() - self._stood + seconds
        while not event.is_set() and (left := ends - (self._now() - self._stood)) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), left)
            await self.going()
