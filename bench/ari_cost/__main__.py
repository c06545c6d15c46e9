"""`python -m bench.ari_cost`: measure, print, draw, save."""

from __future__ import annotations

import os
from pathlib import Path  # noqa: TC003 - used in an annotation typer does not see
from typing import TYPE_CHECKING, Annotated

import typer

from bench import chart, run
from bench.ari_cost import calls as kinds
from bench.ari_cost import decoding, figures
from bench.ari_cost.switchboard import switchboard
from bench.table import Figure, headed, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.progress import Progress

    from bench.ari_cost.calls import Done, Run

SET_UP_RATES = (100.0, 200.0)
"""Calls a second at which requests are timed."""
QUEUE_RATE = 300.0
"""Calls a second at which one application name is compared with four."""
TITLE = "What a call costs"


async def measure(console: Console, out: Path, calls: int, seconds: float, reading: float) -> list[Figure]:
    """Measure and leave the results in `out`.

    Args:
        console: where to print.
        out: a folder that is there.
        calls: reference calls.
        seconds: how long calls are set up at each rate.
        reading: seconds of the sound that a reference call hears twice.
    """
    busy = os.getloadavg()[0]
    async with switchboard(reading) as board:
        with run.progress(console) as bars:
            set_up = [
                await kinds.set_up(board, round(rate * seconds), rate, _bar(bars, f"{rate:g} calls/s", rate * seconds))
                for rate in SET_UP_RATES
            ]
            queues = {}
            for names, words in ((1, "one application name"), (4, "four application names")):
                bar = _bar(bars, f"{QUEUE_RATE:g} calls/s, {words.split()[0]}", QUEUE_RATE * seconds)
                queues[words] = await kinds.set_up(board, round(QUEUE_RATE * seconds), QUEUE_RATE, bar, names=names)
            recorded = await kinds.reference(board, kinds.RECORDED, _bar(bars, "events", kinds.RECORDED), record=True)
            reference = await kinds.reference(board, calls, _bar(bars, "reference calls", calls))
    events = recorded.report.events
    rounds = decoding.rounds(events)
    tables = {
        "Requests to Asterisk while calls are set up": figures.requests(set_up),
        f"A reference call, {calls} of them": figures.cost(reference),
        f"{QUEUE_RATE:g} calls/s set up": figures.queues(queues),
        f"Events, {len(events)} of {kinds.RECORDED} calls": figures.decoding(
            rounds, len(events), decoding.unknown(events)
        ),
    }
    for title, its in tables.items():
        show(console, title, its)
    console.print(f"Load of the machine: {busy:.1f} before, {os.getloadavg()[0]:.1f} after.")
    for trouble in _troubles([*set_up, *queues.values(), recorded, reference]):
        console.print(f"A call went wrong: {trouble}", markup=False)
    everything = headed(tables)
    _save(out, set_up, queues, reference, rounds)
    run.save_run(out / "run.json", {"calls": calls, "seconds": seconds, "reading": reading}, everything)
    console.print(f"Chart and raw data: {out}/")
    return everything


def _bar(bars: Progress, what: str, total: float) -> Done:
    task = bars.add_task(what, total=round(total))
    return lambda answered: bars.update(task, completed=answered)


def _troubles(runs: Sequence[Run]) -> list[str]:
    """Return what went wrong, each thing once."""
    return list(dict.fromkeys(wrong for one in runs for wrong in one.report.wrong))


def _save(out: Path, set_up: Sequence[Run], queues: Mapping[str, Run], reference: Run, rounds: Sequence[float]) -> None:
    """Write the raw data and draw the chart."""
    requests = {
        f"{name}, {one.rate:g}/s": [1000 * seconds for seconds in times]
        for one in set_up
        for name, times in (("answer", one.report.answer), ("play", one.report.play))
    }
    answered = {name: one.load.answered_ms for name, one in queues.items()}
    run.save_rows(out / "requests.csv", ["request", "ms"], _rows(requests))
    run.save_rows(out / "answered.csv", ["application_names", "invite_to_200_ms"], _rows(answered))
    run.save_rows(out / "decoding.csv", ["us_an_event"], [[each] for each in rounds])
    run.save_rows(
        out / "reference.csv",
        ["calls", "application_cpu_s", "asterisk_cpu_s", "sipp_core"],
        [[reference.load.offered, reference.client_seconds, reference.asterisk_seconds, reference.load.core]],
    )
    panels = [
        chart.Panel("Requests while calls are set up: from request to answer", requests, "milliseconds"),
        chart.Panel(f"{QUEUE_RATE:g} calls/s: from INVITE to 200, in SIPp's steps of 4 ms", answered, "milliseconds"),
        chart.Panel("Decoding an event, by round", {"decode_event": rounds}, "microseconds"),
    ]
    chart.draw([panel for panel in panels if any(panel.groups.values())], out / "ari_cost", TITLE)


def _rows(samples: Mapping[str, Sequence[float]]) -> list[list[object]]:
    return [[name, value] for name, values in samples.items() for value in values]


def command(
    calls: Annotated[int, typer.Option(min=2, help="reference calls, 8 begun a second")] = 200,
    seconds: Annotated[float, typer.Option(min=0.05, max=60, help="how long calls are set up at each rate")] = 10.0,
    reading: Annotated[float, typer.Option(min=0.1, max=12, help="seconds of what a caller is read, twice")] = 7.0,
    out: Annotated[Path, typer.Option(help="folder for the results")] = run.RESULTS / "ari_cost",
) -> None:
    """Measure what a call costs: requests, CPU time, queues of events, decoding (PROOF.md, "Cost of one call")."""
    out.mkdir(parents=True, exist_ok=True)
    run.finish(measure(run.terminal(), out, calls, seconds, reading))


if __name__ == "__main__":
    typer.run(command)
