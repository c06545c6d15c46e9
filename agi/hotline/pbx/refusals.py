"""Security events of Asterisk, counted: how often SIP, ARI or AMI refused somebody in the last hour."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog

from hotline.pbx.errors import PbxUnavailable
from hotline.pbx.manager import manager_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from panoramisk.message import Message

    from hotline.settings import AmiSettings

log = structlog.get_logger()

MINUTES: Final = 60
RETRY: Final = (1.0, 5.0, 15.0, 60.0)
"""Seconds until the next try, the last of them for ever."""


class Refusals:
    """Counts them by the minute, so that a flood costs no memory.

    Args:
        now: the seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._minutes: dict[int, Counter[str]] = {}

    def note(self, event: Message) -> None:
        """Count a security event, if it is one of a refusal: each login that succeeds is told as well."""
        if event.severity == "Error":
            minute = int(self._now() // 60)
            self._minutes.setdefault(minute, Counter())[f"{event.service} {event.event}"] += 1
            self._forget(minute)

    def last_hour(self) -> Mapping[str, int]:
        """Return how often each kind occurred in the last sixty minutes: `PJSIP InvalidPassword`."""
        self._forget(int(self._now() // 60))
        return dict(sum(self._minutes.values(), Counter()))

    def _forget(self, minute: int) -> None:
        for old in [one for one in self._minutes if one <= minute - MINUTES]:
            del self._minutes[old]


@contextlib.asynccontextmanager
async def counted_refusals(settings: AmiSettings) -> AsyncIterator[Refusals]:
    """Count until the end of the block, where the manager interface may be asked; else nothing is counted."""
    refusals = Refusals()
    if not settings.password.get_secret_value():
        yield refusals
        return
    counting = asyncio.create_task(_count(settings, refusals), name="refusals")
    try:
        yield refusals
    finally:
        counting.cancel()
        await asyncio.wait({counting})


async def _count(settings: AmiSettings, refusals: Refusals) -> None:
    tries = 0
    while True:
        try:
            async with manager_session(settings) as session:
                tries = 0
                await session.listen("*", refusals.note)
        except PbxUnavailable as away:
            if tries == 0:
                log.warning("refusals_not_counted", why=str(away))
        await asyncio.sleep(RETRY[min(tries, len(RETRY) - 1)])
        tries += 1
