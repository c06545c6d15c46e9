"""The figures, each beside its goal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.sipp import MOST_LOAD
from bench.table import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.ari_cost.calls import Run

ANSWER_RATE = 100
ANSWER_P99_MS = 3.5
"""Goal for the answer at `ANSWER_RATE` calls a second: the best of the clients tried before had this."""
MOST_VOID = 0.05
"""Part of the reference calls that may be void: what they cost is counted with the others."""
CLIENT_MS = 3.0
"""Goal for the CPU time of the application a call (PROOF.md)."""


def requests(runs: Sequence[Run]) -> list[Figure]:
    """Return the times of requests while calls are set up."""
    figures = []
    for run in runs:
        figures += [Figure(f"{run.rate:g} calls/s, one application name"), *_sound(run)]
        if run.load.void:
            continue
        for name, times in (("answer", run.report.answer), ("play", run.report.play)):
            p50, p99 = (1000 * _part(times, part) for part in (50, 99))
            bound = name == "answer" and run.rate == ANSWER_RATE
            figures += [
                Figure(f"  {name}, p50", f"{p50:.2f} ms"),
                Figure(
                    f"  {name}, p99",
                    f"{p99:.2f} ms",
                    f"≤ {ANSWER_P99_MS:g} ms" if bound else "",
                    p99 <= ANSWER_P99_MS if bound else None,
                ),
            ]
    return figures


def cost(run: Run) -> list[Figure]:
    """Return the CPU time of a reference call."""
    client, asterisk = (1000 * seconds / max(run.right, 1) for seconds in (run.client_seconds, run.asterisk_seconds))
    return [
        *_sound(run),
        Figure(
            "  void: a key was lost or told twice",
            str(run.report.void),
            f"≤ {MOST_VOID:.0%}",
            run.report.void <= max(1, MOST_VOID * run.load.offered),
        ),
        Figure("  CPU of the application a call", f"{client:.2f} ms", f"≤ {CLIENT_MS:g} ms", client <= CLIENT_MS),
        Figure("  CPU of Asterisk a call", f"{asterisk:.1f} ms"),
    ]


def queues(runs: Mapping[str, Run]) -> list[Figure]:
    """Return what became of more calls than one queue of events is good for."""
    figures = []
    for name, run in runs.items():
        failed = run.load.offered - run.right
        figures += [
            Figure(f"{name}"),
            Figure("  INVITE to 200, p95", f"{_part(run.load.answered_ms, 95):.0f} ms"),
            Figure("  failed", f"{failed} of {run.load.offered}"),
            Figure("  messages SIPp sent again", str(run.load.retransmissions)),
            _callers(run),
        ]
    return figures


def decoding(rounds: Sequence[float], events: int, unknown: int) -> list[Figure]:
    """Return how fast events are decoded."""
    each = _part(rounds, 50)
    return [
        Figure("decoded in a second of CPU time", f"{1e6 / each:,.0f}"),
        Figure("an event, median round", f"{each:.2f} µs"),
        Figure("of unknown type", f"{unknown} of {events}", "none", unknown == 0),
    ]


def _sound(run: Run) -> list[Figure]:
    """Return whether the figures of a run are to be believed."""
    right, counted = run.right, run.counted
    return [Figure("  calls that went right", f"{right} of {counted}", "all", right == counted), _callers(run)]


def _callers(run: Run) -> Figure:
    goal = f"≤ {MOST_LOAD:.0%} of a core, else void"
    return Figure("  CPU of SIPp", f"{run.load.core:.0%} of a core", goal, not run.load.void)


def _part(samples: Sequence[float], part: float) -> float:
    """Return a percentile; not a number where there is no sample."""
    return float(np.percentile(samples, part)) if samples else float("nan")
