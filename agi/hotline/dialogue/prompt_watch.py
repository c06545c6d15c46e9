"""Looks, while calls go on, whether every prompt can still be played (SPEC §7).

At the start a hole keeps the service from starting. One that comes later, by a disk, a careless `rm` or a new owner of
a folder, is an alarm within seconds: before most callers, and not after one. Its repair is seen as soon: Asterisk opens
a file when it plays it, so the next call has the prompt again, without a restart of either.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hotline.desk import Desk
    from hotline.prompts import Library

log = structlog.get_logger()

EVERY: Final = 5.0
"""Seconds from one look to the next; one opens about 130 files, in a thread, which takes 2 to 4 ms."""
REPAIR: Final = "run `hotline sounds build`; one with new words is heard once the menu is published again"
"""What to do about a hole: lengths and digits were read with the menu, so new words need a new version."""
UNNAMED: Final = "that the switchboard cannot play"
"""In place of a prompt's name, when each can be read by us and one was not played all the same."""


class PromptWatch:
    """Watches over the prompts of a service."""

    def __init__(self, library: Library, desk: Desk) -> None:
        self._library = library
        self._desk = desk
        self._known: Mapping[str, str] = {}

    def watch(self, library: Library) -> None:
        """Look at these from now on."""
        self._library = library

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except Exception:
                log.exception("prompt_watch_failed")

    async def look(self) -> Mapping[str, str]:
        """Look once, and raise an alarm for each hole; return them, as `Library.holes` does."""
        holes = await asyncio.to_thread(self._library.holes)
        for prompt, reason in holes.items():
            self._desk.prompt_missing(prompt)
            if prompt not in self._known:
                log.error("prompt_missing", prompt=prompt, reason=reason, do=REPAIR)
        for prompt in self._known.keys() - holes.keys():
            log.info("prompt_back", prompt=prompt)
        self._known = holes
        return holes

    async def failed(self) -> None:
        """A sound was not played: look at once, and raise an alarm even if each seems to be there."""
        if not await self.look():
            self._desk.prompt_missing(UNNAMED)
