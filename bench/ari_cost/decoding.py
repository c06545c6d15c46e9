"""How fast events are decoded."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hotline.ari.models import UnknownEvent, decode_event

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_LEAST = 20_000
"""Events a round: long enough for the clock."""
ROUNDS = 30


def rounds(events: Sequence[bytes]) -> list[float]:
    """Return the microseconds of CPU time that an event took, one figure for each of `ROUNDS` rounds."""
    passes = -(-AT_LEAST // len(events))
    return [_once(events, passes) for _ in range(ROUNDS)]


def unknown(events: Sequence[bytes]) -> int:
    """Return how many of `events` are of no type that the client knows."""
    return sum(isinstance(decode_event(event), UnknownEvent) for event in events)


def _once(events: Sequence[bytes], passes: int) -> float:
    began = time.process_time()
    for _ in range(passes):
        for event in events:
            decode_event(event)
    return 1e6 * (time.process_time() - began) / (passes * len(events))
