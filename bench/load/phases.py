"""The loads that are offered."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.traffic.carrier import Carrier, Plan
from bench.traffic.hearing import hearings
from bench.traffic.reference import planner
from bench.traffic.tap import Tap
from bench.traffic.verdict import verdicts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from bench.traffic.carrier import Call
    from bench.traffic.ground import Member
    from bench.traffic.hearing import Hearing
    from bench.traffic.verdict import Verdict
    from hotline.demo.house import House
    from hotline.phone import Ear

    Done = Callable[[int], None]

SHORT_SECONDS = 7.0
"""A call of the ceiling: answer, menu, a key, a question, hang up."""
MOMENT = 0.5
"""Seconds of a call that is only set up."""


@dataclass
class Effort:
    """What making calls cost those who made them.

    Attributes:
        core: part of a core that callers and tap used.
        dropped: packets the tap could not keep.
    """

    core: float = 0.0
    dropped: int = 0


@dataclass(frozen=True)
class Heard:
    """Reference calls that were listened to.

    Attributes:
        rate: begun a second.
        verdicts: on each of them.
        effort: of the callers.
        most: calls there were at once.
    """

    rate: float
    verdicts: Sequence[Verdict]
    effort: Effort
    most: int


@dataclass(frozen=True)
class Offered:
    """Calls of which only the signalling counts.

    Attributes:
        rate: begun a second.
        calls: all of them.
        effort: of the callers.
    """

    rate: float
    calls: Sequence[Call]
    effort: Effort = field(default_factory=Effort)

    @property
    def answered_ms(self) -> list[float]:
        """Milliseconds from INVITE to 200 of those answered."""
        return [1000 * call.waited for call in self.calls if call.answered]

    @property
    def right(self) -> int:
        """How many were answered and ended by their caller."""
        return sum(call.answered and not call.cut for call in self.calls)


class Stage:
    """Callers in front of a house.

    Args:
        rooms: the house.
        ear: which knows its prompts.
    """

    def __init__(self, rooms: House, ear: Ear) -> None:
        self._rooms = rooms
        self._site = rooms.asterisk.site
        self._address = self._site.trunk_matches[0]
        self._ear = ear

    @asynccontextmanager
    async def _callers(self, effort: Effort) -> AsyncIterator[Carrier]:
        async with Carrier(self._site, self._address) as carrier:
            began, used = time.monotonic(), time.process_time()
            try:
                yield carrier
            finally:
                effort.core = (time.process_time() - used) / (time.monotonic() - began)

    async def reference(self, members: Sequence[Member], rate: float, begun: Done, heard: Done, judged: Done) -> Heard:
        """Have each of `members` make a reference call, `rate` a second; hear and judge every one."""
        plan = planner(self._rooms)
        effort = Effort()
        tap = Tap((self._site.address, self._site.sip_port), self._address)
        async with tap, self._callers(effort) as carrier:
            calls = await carrier.offer([plan(member) for member in members], rate, begun)
        effort.dropped = tap.dropped
        hearing = await asyncio.to_thread(self._listen, tap, heard)
        verdict = await verdicts(self._rooms, list(zip(calls, members, strict=True)), hearing, judged)
        return Heard(rate, verdict, effort, _most_at_once(calls))

    def _listen(self, tap: Tap, heard: Done) -> dict[str, Hearing]:
        return hearings(tap.datagrams(), self._ear, self._address, heard)

    async def set_up(self, members: Sequence[Member], count: int, rate: float, done: Done) -> Offered:
        """Make calls that are answered and hung up at once."""
        return await self._offer(
            [Plan(members[nth % len(members)].phone, hang_up=MOMENT, speaks=False) for nth in range(count)], rate, done
        )

    async def short(self, members: Sequence[Member], count: int, rate: float, done: Done) -> Offered:
        """Make calls of 7 s that choose the re-issue, hear the question and go: all but database and hash."""
        return await self._offer(
            [Plan(members[nth % len(members)].phone, ((1.0, "8"),), SHORT_SECONDS) for nth in range(count)], rate, done
        )

    async def stay(self, members: Sequence[Member], count: int, seconds: float, done: Done) -> Offered:
        """Make calls that choose nothing and stay for `seconds`, all begun in two thirds of that: a cap fills up."""
        plans = [Plan(members[nth % len(members)].phone, hang_up=seconds) for nth in range(count)]
        return await self._offer(plans, count / (seconds * 2 / 3), done)

    async def _offer(self, plans: Sequence[Plan], rate: float, done: Done) -> Offered:
        effort = Effort()
        async with self._callers(effort) as carrier:
            return Offered(rate, await carrier.offer(plans, rate, done), effort)


def _most_at_once(calls: Sequence[Call]) -> int:
    """Return how many calls were answered and not over at the same time, at most."""
    changes = sorted(
        [(call.final or 0.0, 1) for call in calls if call.answered]
        + [(call.ended or 0.0, -1) for call in calls if call.answered]
    )
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most
