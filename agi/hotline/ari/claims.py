"""Claims: takes the calls that `StasisBroadcast` offers to every application (Asterisk 22.7 and newer).

Of several processes that may take a call the first to answer gets it. One that is frozen, gone or full does not answer,
so it costs the caller nothing; and a process that drains needs only to stop claiming.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from .errors import AriError, Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from .operations import Events
    from .player import Spawn

log = structlog.get_logger()

BEGIN_SECONDS = 5.0
"""How long a call that was claimed may take to come; seen: under 10 ms. A caller who hung up meanwhile never does."""


class Claims:
    """The calls that were claimed and have not come yet.

    Args:
        events: operations on events.
        spawn: starts a task.
        changed: called when there is one less.
    """

    def __init__(self, events: Events, spawn: Spawn, changed: Callable[[], None]) -> None:
        self._events = events
        self._spawn = spawn
        self._changed = changed
        self._pending: dict[str, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """Return how many calls are still to come: those whose claim is under way among them."""
        return len(self._pending)

    def claim(self, channel_id: str, app: str) -> None:
        """Claim a call that is offered to `app`; one that is offered to several of our names is claimed once."""
        if channel_id not in self._pending:
            loop = asyncio.get_running_loop()
            self._pending[channel_id] = loop.call_later(BEGIN_SECONDS, self.begun, channel_id)
            self._spawn(self._claim(channel_id, app))

    def begun(self, channel_id: str) -> bool:
        """The call has come, or will not; return whether it is one that was claimed."""
        timer = self._pending.pop(channel_id, None)
        if timer is not None:
            timer.cancel()
            self._changed()
        return timer is not None

    async def _claim(self, channel_id: str, app: str) -> None:
        try:
            await self._events.claim_channel(channel_id, app)
        except (Conflict, NotFound) as error:
            log.debug("ari_not_claimed", channel=channel_id, why=str(error))
            self.begun(channel_id)
        except AriError as error:
            # It may be ours all the same; then it comes, or is found as an orphan.
            log.warning("ari_claim_unanswered", channel=channel_id, error=str(error))
