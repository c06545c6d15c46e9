"""Admission: which calls are taken, how many there are, and the end of taking any."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .claims import Claims

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .models import CallBroadcast
    from .operations import Events
    from .player import Spawn


def always() -> bool:
    """Take every call: what `accept` says if nothing else was asked for."""
    return True


class Admission:
    """Lets calls in until it is closed.

    Args:
        events: operations on events.
        spawn: starts a task.

    Attributes:
        accept: whether one more call may be taken, in the opinion of whoever runs the client.
        closed: whether no more calls are taken, whatever `accept` says.
    """

    def __init__(self, events: Events, spawn: Spawn) -> None:
        self.accept: Callable[[], bool] = always
        self.closed = False
        self._claims = Claims(events, spawn, changed=self._look_again)
        self._served: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()

    @property
    def served(self) -> Collection[asyncio.Task[Any]]:
        """The tasks that serve calls."""
        return self._served

    @property
    def load(self) -> int:
        """How many calls are served, or were claimed and are about to come."""
        return len(self._served) + len(self._claims)

    def offered(self, event: CallBroadcast) -> None:
        """Claim a call that is offered, if it may be taken."""
        if self._may_take():
            self._claims.claim(event.channel.id, event.application)

    def admits(self, channel_id: str) -> bool:
        """Whether a call that has come is served: it was claimed, or may be taken."""
        return self._claims.begun(channel_id) or self._may_take()

    def serve(self, task: asyncio.Task[Any]) -> None:
        """Count a call as served until `task` ends."""
        self._served.add(task)
        task.add_done_callback(self._end)

    async def drain(self) -> None:
        """Close, and return when the calls there are have ended."""
        self.closed = True
        while self.load:
            self._changed.clear()
            await self._changed.wait()

    def _may_take(self) -> bool:
        return not self.closed and self.accept()

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._served.discard(task)
        self._look_again()

    def _look_again(self) -> None:
        self._changed.set()
