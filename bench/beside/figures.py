"""The figures of each way, and the goals for ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.beside.rounds import compared
from bench.beside.ways import DIALPLAN
from bench.medians import median
from bench.table import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.beside.rounds import Turn
    from bench.beside.ways import Way

RATIO, CLIENT_MS = 1.05, 3.0
"""Goals for our ARI door: of all CPU time over the dialplan's own, and of the application's alone (PROOF.md)."""
GOAL_FOR = "ours-ari"


def cost(ways: Sequence[Way], turns: Sequence[Turn]) -> list[Figure]:
    """Return CPU time a call, median of the rounds with its 95 % interval."""
    ratios = compared(turns)
    figures = []
    for way in ways:
        its = [turn for turn in turns if turn.way == way.name]
        ratio = median(ratios[way.name])
        client = median([turn.client_ms for turn in its])
        goal = way.extension == GOAL_FOR
        asterisk = median([turn.asterisk_ms for turn in its])
        calls, right, void = (sum(getattr(turn, name) for turn in its) for name in ("calls", "right", "void"))
        figures += [
            Figure(way.name),
            Figure("  all CPU time a call, over the dialplan's own",
                   f"{ratio.estimate:.3f} ({ratio.low:.3f}–{ratio.high:.3f})",
                   f"≤ {RATIO:g}" if goal else "", ratio.high <= RATIO if goal else None),
            Figure("  of Asterisk", f"{asterisk.estimate:.1f} ms ({asterisk.low:.1f}–{asterisk.high:.1f})"),
        ]  # fmt: skip
        if way.name != DIALPLAN:
            figures.append(
                Figure("  of the client", f"{client.estimate:.1f} ms ({client.low:.1f}–{client.high:.1f})",
                       f"≤ {CLIENT_MS:g} ms" if goal else "", client.estimate <= CLIENT_MS if goal else None)
            )  # fmt: skip
        failed = calls - void - right
        figures.append(
            Figure("  failed", f"{failed} of {calls - void}" + (f" ({void} void)" if void else ""),
                   "none" if way.ours else "", failed == 0 if way.ours else None)
        )  # fmt: skip
    return figures


def waits(ways: Sequence[Way], turns: Sequence[Turn]) -> list[Figure]:
    """Return how soon a caller is answered."""
    figures = []
    for way in ways:
        its = [turn for turn in turns if turn.way == way.name]
        answers = [one for turn in its for one in turn.answers_ms]
        stops = [one for turn in its for one in turn.stops_ms]
        if answers:
            figures += [
                Figure(way.name),
                Figure("  last key to the next sound, median and p99", _two(answers)),
                Figure("  key to silence, median and p99", _two(stops)),
            ]
    return figures


def _two(samples: Sequence[float]) -> str:
    middle, last = (float(np.percentile(samples, part)) for part in (50, 99))
    return f"{middle:.1f} ms, {last:.1f} ms"
