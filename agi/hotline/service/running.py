"""The hotline while it takes calls: held, resumed, drained and stopped."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from hotline.console import Steering, take

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hotline.console import Parts

log = structlog.get_logger()


@dataclass(frozen=True)
class Running:
    """The hotline while it takes calls.

    Attributes:
        task: takes them; ends only when Asterisk will have us no more, or the database turns out to have another
            version's schema or to know another pepper, with the error that says why.
        parts: those that can be asked how they are; their doors are where calls come in.
    """

    task: asyncio.Task[None]
    parts: Parts

    def steering(self, refusals: Callable[[], Mapping[str, int]] = dict) -> Steering:
        """Return what can be wished of it while it runs; `refusals` tells those that somebody else counts."""
        return Steering(partial(take, self.parts), self.hold, self.resume, refusals)

    async def drain(self, limit_seconds: float, hurry: asyncio.Event) -> None:
        """Take no more calls; return when those there are have ended, at the limit, on `hurry`, or when it is over."""
        log.info("service_draining", limit_seconds=limit_seconds)
        self.parts.draining.set()
        draining = asyncio.create_task(self._drained())
        hurried = asyncio.create_task(hurry.wait())
        try:
            await asyncio.wait(
                {draining, hurried, self.task}, timeout=limit_seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            log.info("service_drained", calls_left=not draining.done())
            draining.cancel()
            hurried.cancel()

    def hold(self) -> None:
        """Take no more calls, until `resume`; those there are go on."""
        log.info("service_held")
        self._hold(held=True)

    def resume(self) -> None:
        """Take calls again."""
        log.info("service_resumed")
        self._hold(held=False)

    def _hold(self, *, held: bool) -> None:
        draining = self.parts.draining
        (draining.set if held else draining.clear)()
        for door in self.parts.doors:
            door.held = held

    async def _drained(self) -> None:
        await asyncio.gather(*(door.drain() for door in self.parts.doors))


def stop_signal() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set, from now on, in place of ending the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def stopped_or_ended(stop: asyncio.Event, task: asyncio.Task[None]) -> None:
    """Wait for `stop`, or for the end of `task`."""
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopped, task}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
