"""The time of a check at the desk: look up, then settle, as a call does them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.equal_time.cases import Case, shuffled
from hotline.desk import CallerNumber, InsuranceNumber

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from bench.equal_time.cases import Stage
    from hotline.desk import Desk

CALLER = "+84901000000"


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        case: what the records held.
        looked_up: seconds of the look-up, done behind the fixed prompt.
        settled: seconds of what follows it, during which the caller hears nothing.
        refused: whether the answer was the mismatch.
    """

    case: Case
    looked_up: float
    settled: float
    refused: bool


async def checks(
    desk: Desk,
    stage: Stage,
    cases: Sequence[Case],
    *,
    times: int,
    rng: random.Random,
    done: Callable[[], None],
) -> list[Check]:
    """Check each of `cases` `times` times, in random order; `done` is called after each."""
    made = []
    for count, case in enumerate(shuffled(tuple(cases), times, rng)):
        number = InsuranceNumber(await stage.set_up(case, CALLER))
        began = time.perf_counter()
        finding = await desk.look_up(CallerNumber(CALLER), number)
        found = time.perf_counter()
        reissue = await desk.settle(finding, f"bench-{count}")
        ended = time.perf_counter()
        made.append(Check(case, found - began, ended - found, refused=reissue is None))
        done()
    return made
