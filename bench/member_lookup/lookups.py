"""The look-ups: each pair asked for twice, by the desk's own query, and timed by Postgres and by us."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.member_lookup.invented import Invented
from hotline.records import members

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from hotline.records import Database

STRANGER = "+84281234567"
"""A phone that no invented member has."""


class Case(Enum):
    """What is asked for."""

    MATCH = "the pair matches"
    PERSONAL = "matches, by personal number"
    MISMATCH = "another phone"
    UNKNOWN = "a number of nobody"


@dataclass(frozen=True)
class Lookup:
    """One look-up.

    Attributes:
        database_ms: what Postgres needed to plan and execute it.
        desk_ms: until the desk had it, with the ways there and back and its transaction.
        right: whether the answer was as it must be.
        by_index: whether the table was read by its indexes alone.
    """

    case: Case
    database_ms: float
    desk_ms: float
    right: bool
    by_index: bool


class _Explaining:
    """A connection by which a query of the records is explained, while it runs, in place of being answered."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.plan: dict[str, Any] = {}

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """Keep the plan, with its times; no row."""
        told = await self._connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}", *args)
        (self.plan,) = json.loads(told)
        return None


async def look_up(
    database: Database, connection: Any, *, held: int, times: int, rng: random.Random, done: Callable[[], None]
) -> list[Lookup]:
    """Look up `times` pairs of each case among `held` members, in random order; `done` is called after each."""
    made = []
    for case in rng.sample(list(Case) * times, len(Case) * times):
        number, phone = _pair(case, held, rng)
        # All of a connection that the query uses.
        explaining: Any = _Explaining(connection)
        await members.find(explaining, number, phone=phone, sample_only=False)
        began = time.perf_counter()
        found = await database.insist(partial(members.find, number=number, phone=phone, sample_only=False))
        took = (time.perf_counter() - began) * 1000
        right = found is None if case is Case.UNKNOWN else found is not None and found.matches is (case in _MATCHING)
        plan = explaining.plan
        served = plan["Planning Time"] + plan["Execution Time"]
        made.append(Lookup(case, served, took, right, "Seq Scan" not in _nodes(plan["Plan"])))
        done()
    return made


_MATCHING = frozenset({Case.MATCH, Case.PERSONAL})


def _pair(case: Case, held: int, rng: random.Random) -> tuple[str, str]:
    """Return a number and a phone."""
    one = Invented(rng.randrange(held))
    match case:
        case Case.UNKNOWN:
            return Invented(held + rng.randrange(held)).insurance_number, one.phone
        case Case.MISMATCH:
            return one.insurance_number, STRANGER
        case Case.PERSONAL:
            with_one = Invented(one.nth // 10 * 10)
            return with_one.personal_number or "", with_one.phone
        case Case.MATCH:
            return one.insurance_number, one.phone


def _nodes(plan: Mapping[str, Any]) -> Sequence[str]:
    """Return the kinds of all nodes of a plan."""
    return [plan["Node Type"], *(kind for part in plan.get("Plans", ()) for kind in _nodes(part))]
