"""The figures of the loads, each beside its goal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.sipp import MOST_LOAD
from bench.table import Figure
from hotline.prompts.audio import LEAD_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.load.phases import Effort, Heard, Offered
    from bench.traffic.hearing import Hearing

PROGRESS_MS, ANSWER_MS, BARGE_IN_MS, FIRST_WORD_MS = 50.0, 50.0, 150.0, 200.0
GAPS = 0.001
"""Part of the packets that may come more than 40 ms after the one before."""
BURST_MS, REFUSED_MS = 1000.0, 600.0
STEP_ANSWER_MS = 500.0
"""A step of the ceiling holds while the 99th percentile of the answers is under this, and every call goes right."""
CEILING = 40.0
REFUSED = frozenset({480, 503})
"""How a call too many is refused: 480 after the spoken word of the dialplan, or 503."""


@dataclass(frozen=True)
class Times:
    """What one call's caller waited for, in milliseconds; None where it did not come to that.

    Attributes:
        progressed: INVITE to 183.
        answered: INVITE to 200.
        barge_in: from the release of 8 until the menu fell silent; 0 if it happened to pause.
        first_word: from the release of # to the first digit's lead-in, beyond the fixed clip.
    """

    progressed: float | None
    answered: float | None
    barge_in: float | None
    first_word: float | None


def times(hearing: Hearing, check_seconds: float) -> Times:
    """Return the waits of a reference call."""
    keys = hearing.witness.keys
    menu, reading = hearing.first("menu"), hearing.first("new-password")
    barge_in = first_word = None
    if keys and menu is not None:
        barge_in = max(0.0, 1000 * (menu.ends - hearing.released(keys[0])))
    if keys and reading is not None:
        first_word = 1000 * (reading.starts - LEAD_SECONDS - hearing.released(keys[-1]) - check_seconds)
    return Times(hearing.progressed_ms, hearing.answered_ms, barge_in, first_word)


def reference(run: Heard, waits: Sequence[Times]) -> list[Figure]:
    """Return the figures of reference calls."""
    sound = [one for one in run.verdicts if not one.void]
    wrong = [one for one in sound if one.wrong]
    packets = sum(one.hearing.packets for one in run.verdicts if one.hearing)
    gaps = sum(one.hearing.gaps for one in run.verdicts if one.hearing)
    lost = sum(one.hearing.witness.lost for one in run.verdicts if one.hearing)
    part = gaps / packets if packets else 1.0
    return [
        Figure("calls of which every digit was right, and signs in", f"{len(sound) - len(wrong)} of {len(sound)}",
               "all", not wrong),
        *(Figure(f"  {why}", str(count)) for why, count in Counter(one.wrong for one in wrong).items()),
        Figure("  void: other keys passed than were planned", str(len(run.verdicts) - len(sound))),
        Figure("  at once, at most", str(run.most)),
        _p99("INVITE to 183, p99", [one.progressed for one in waits], PROGRESS_MS),
        _p99("INVITE to 200 with the spoken notice, p99", [one.answered for one in waits]),
        _p99("menu silent after the key, p99", [one.barge_in for one in waits], BARGE_IN_MS),
        _p99("last key to first word beyond the fixed clip, p99", [one.first_word for one in waits], FIRST_WORD_MS),
        Figure("packets more than 40 ms after the one before", f"{part:.4%} ({gaps} of {packets})",
               f"< {GAPS:.1%}", part < GAPS),
        Figure("packets lost", str(lost), "none", lost == 0),
        *callers(run.effort),
    ]  # fmt: skip


def set_up(run: Offered) -> list[Figure]:
    """Return the figures of calls that are answered at once."""
    return [
        *_right(run),
        _p99("INVITE to 200 without notice, p99", run.answered_ms, ANSWER_MS),
        *callers(run.effort),
    ]


def burst(run: Offered) -> list[Figure]:
    """Return what became of many calls begun in one second."""
    waits = [1000 * call.waited for call in run.calls]
    decided = sum(call.answered or call.status in REFUSED for call in run.calls)
    in_time = sum(wait <= BURST_MS for wait in waits)
    return [
        Figure("answered or refused", f"{decided} of {len(run.calls)}", "all", decided == len(run.calls)),
        Figure("  of them answered", str(sum(call.answered for call in run.calls))),
        Figure("  within 1 s", f"{in_time} of {len(run.calls)}", "all", in_time == len(run.calls)),
        _p99("INVITE to final answer, p99", waits),
        Figure("messages callers sent again", str(sum(call.repeated for call in run.calls))),
        *callers(run.effort),
    ]


def cap(run: Offered, most: int) -> list[Figure]:
    """Return what became of half as many calls again as may be served."""
    admitted = [call for call in run.calls if call.answered]
    refused = [call for call in run.calls if not call.answered]
    told = [1000 * (call.progressed - call.began) for call in refused if call.progressed is not None]
    right = sum(call.status in REFUSED for call in refused)
    return [
        Figure("calls admitted", f"{len(admitted)} of {len(run.calls)}", str(most), len(admitted) == most),
        Figure("  of them cut", str(sum(call.cut for call in admitted)), "none", not any(c.cut for c in admitted)),
        _p99("  INVITE to 200, p99", run.answered_ms, ANSWER_MS),
        Figure("refused with 480 or 503", f"{right} of {len(refused)}", "all", right == len(refused)),
        _p99("  INVITE to the spoken fallback (183), p99", told, REFUSED_MS),
        *callers(run.effort),
    ]


def holds(run: Offered) -> bool:
    """Tell whether a step of the ceiling held."""
    return (
        run.right == len(run.calls)
        and run.effort.core <= MOST_LOAD
        and float(np.percentile(run.answered_ms, 99)) <= STEP_ANSWER_MS
    )


def ceiling(steps: Sequence[Offered]) -> list[Figure]:
    """Return how many calls a second were held."""
    held = [step.rate for step in steps if holds(step)]
    last = max(held, default=0.0)
    figures = [Figure("last step that held", f"{last:g} calls/s", f"≥ {CEILING:g} calls/s", last >= CEILING)]
    for step in steps:
        p99 = f"{np.percentile(step.answered_ms, 99):.0f} ms" if step.answered_ms else "–"
        figures.append(
            Figure(
                f"  {step.rate:g} calls/s",
                f"{step.right} of {len(step.calls)} right, answer p99 {p99}, callers {step.effort.core:.0%} of a core",
            )
        )
    return figures


def callers(effort: Effort) -> list[Figure]:
    """Return whether callers and tap had time for what they did."""
    goal = f"≤ {MOST_LOAD:.0%} of a core, else void"
    figures = [Figure("CPU of the callers", f"{effort.core:.0%} of a core", goal, effort.core <= MOST_LOAD)]
    if effort.dropped:
        figures.append(Figure("packets the tap lost", str(effort.dropped), "none, else void", held=False))
    return figures


def _right(run: Offered) -> list[Figure]:
    return [Figure("calls that went right", f"{run.right} of {len(run.calls)}", "all", run.right == len(run.calls))]


def _p99(what: str, samples: Sequence[float | None], bound: float | None = None) -> Figure:
    known = [one for one in samples if one is not None]
    if not known:
        return Figure(what, "none", "" if bound is None else f"≤ {bound:g} ms", None if bound is None else False)
    p50, p99 = (float(np.percentile(known, part)) for part in (50, 99))
    value = f"{p99:.1f} ms (median {p50:.1f})"
    return Figure(what, value) if bound is None else Figure(what, value, f"≤ {bound:g} ms", p99 <= bound)
