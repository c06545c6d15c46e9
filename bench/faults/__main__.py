"""`python -m bench.faults`: strike, look, print, draw, save."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path  # noqa: TC003 - used in an annotation typer does not see
from typing import TYPE_CHECKING, Annotated

import typer

from bench import chart, run
from bench.faults.catalogue import FAULTS
from bench.faults.scene import scene
from bench.faults.trial import trial
from bench.table import Figure, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bench.faults.trial import Trial

TITLE = "Faults"


async def measure(console: Console, out: Path, *, rate: float, repeats: int, only: Sequence[str] = ()) -> list[Figure]:
    """Measure and leave the results in `out`, a folder that is there."""
    trials: list[Trial] = []
    try:
        with run.progress(console) as bars:
            async with scene(run.steps(bars)) as there:
                task = bars.add_task("trials", total=repeats * len(only or FAULTS))
                for fault in FAULTS:
                    for _ in range(repeats if not only or fault.key in only else 0):
                        trials.append(await trial(there, fault, rate))
                        bars.update(task, advance=1)
    finally:
        # An hour's trials are not lost with one that breaks off.
        figures = report(console, out, rate, repeats, trials)
    return figures


def report(console: Console, out: Path, rate: float, repeats: int, trials: Sequence[Trial]) -> list[Figure]:
    """Print the table, and leave raw data and chart in `out`."""
    figures = []
    for fault in FAULTS:
        its = [one for one in trials if one.fault is fault]
        if its:
            figures += _figures(its)
    show(console, f"{TITLE}, at {rate:g} calls/s, each {repeats} times", figures)
    console.print(f"Load of the machine: {os.getloadavg()[0]:.1f} after.")
    _save(out, trials)
    run.save_run(out / "run.json", {"rate": rate, "repeats": repeats}, figures)
    console.print(f"Chart and raw data: {out}/")
    return figures


def _figures(trials: Sequence[Trial]) -> list[Figure]:
    fault = trials[0].fault
    held = sum(not one.wrong for one in trials)
    figures = [Figure(fault.what, f"held in {held} of {len(trials)}", "all", held == len(trials))]
    for when in ("live", "new", "after"):
        became = sum((one.became[when] for one in trials), Counter[str]())
        if became:
            figures.append(
                Figure(f"  calls {_WHEN[when]}", ", ".join(f"{count} {what}" for what, count in became.most_common()))
            )
    for name in dict.fromkeys(name for one in trials for name in one.facts):
        worst = max(one.facts.get(name, 0.0) for one in trials)
        limit = fault.limits.get(name)
        figures.append(
            Figure(f"  {name}, longest", f"{worst:.2f} s", f"≤ {limit:g} s" if limit is not None else "",
                   worst <= limit if limit is not None else None)
        )  # fmt: skip
    wrong = Counter(what for one in trials for what in one.wrong)
    figures += [Figure(f"  {what}", f"{count} ×", held=False) for what, count in wrong.items()]
    return figures


_WHEN = {"live": "under way when it struck", "new": "begun until it was mended", "after": "begun afterwards"}


def _save(out: Path, trials: Sequence[Trial]) -> None:
    run.save_rows(
        out / "trials.csv",
        ["fault", "calls", *(f"{when}" for when in _WHEN), "facts", "wrong"],
        [
            [one.fault.key, one.calls, *(dict(one.became[when]) for when in _WHEN), dict(one.facts), list(one.wrong)]
            for one in trials
        ],
    )
    waits: dict[str, list[float]] = {}
    for one in trials:
        for name in one.fault.limits:
            if name in one.facts:
                waits.setdefault(f"{one.fault.key}: {name}", []).append(one.facts[name])
    if waits:
        chart.draw([chart.Panel("Longest wait of each trial", waits, "seconds")], out / "faults", TITLE)


def command(
    *,
    rate: Annotated[float, typer.Option(min=0.5, max=50, help="calls begun a second")] = 10.0,
    repeats: Annotated[int, typer.Option(min=1, help="trials of each fault")] = 3,
    only: Annotated[list[str] | None, typer.Option(help=f"one of {', '.join(one.key for one in FAULTS)}")] = None,
    out: Annotated[Path, typer.Option(help="folder for the results")] = run.RESULTS / "faults",
) -> None:
    """Break what can break while calls come, and look at every call and the records afterwards (PROOF.md, "Faults")."""
    out.mkdir(parents=True, exist_ok=True)
    unknown = set(only or ()) - {fault.key for fault in FAULTS}
    if unknown:
        raise typer.BadParameter(f"no such fault: {', '.join(sorted(unknown))}")
    run.finish(measure(run.terminal(), out, rate=rate, repeats=repeats, only=only or ()))


if __name__ == "__main__":
    typer.run(command)
