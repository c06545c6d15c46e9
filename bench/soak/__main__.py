"""`python -m bench.soak`: the same load twice, and what is left of each."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path  # noqa: TC003 - used in an annotation typer does not see
from typing import TYPE_CHECKING, Annotated

import typer

from bench import application, chart, run
from bench.soak.audit import EXACT, MEMORY, SETTLED, Audit, audit
from bench.table import Figure, show
from bench.traffic.carrier import Carrier
from bench.traffic.ground import ground, invented
from bench.traffic.reference import planner
from hotline.records import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.progress import Progress, TaskID

    from bench.traffic.ground import Member
    from hotline.demo.house import House

TITLE = "Soak: what is left of calls"
GROWTH = 0.05
"""Part by which a second identical load may add to memory."""
STAGES = ("after the start and a few calls", "after the load", "after the same load again")
WARM_UP = 0.1
"""Part of the load that is offered before anything counts: what is made once is made then."""


async def soak(
    rooms: House, rate: float, seconds: float, settle: float, bars: Progress
) -> tuple[list[Audit], list[tuple[int, int]]]:
    """Offer the same load twice, after a small one; return an audit after each, and calls: right and all."""
    socket = rooms.folder / "inside"
    members = await invented(rooms, max(2, round(rate * seconds)))
    audits, calls = [], []
    async with application.serving(rooms, program=("-m", "bench.soak.observed", str(socket))):
        for stage in STAGES:
            some = members[: max(2, round(WARM_UP * len(members)))] if stage is STAGES[0] else members
            task = bars.add_task(stage, total=len(some))
            calls.append(await _load(rooms, some, rate, partial(_show, bars, task)))
            await asyncio.sleep(settle)
            audits.append(await audit(rooms, socket))
    return audits, calls


def _show(bars: Progress, task: TaskID, done: int) -> None:
    bars.update(task, completed=done)


async def _load(
    rooms: House, members: Sequence[Member], rate: float, done: Callable[[int], None]
) -> tuple[int, int]:  # fmt: skip
    """Have each of `members` make a reference call; return how many have an active password of it, and how many."""
    plan = planner(rooms)
    before = await _active(rooms)
    async with Carrier(rooms.asterisk.site, rooms.asterisk.site.trunk_matches[0]) as carrier:
        await carrier.offer([plan(member) for member in members], rate, done)
    return await _active(rooms) - before, len(members)


async def _active(rooms: House) -> int:
    async with Database(rooms.settings.database) as database, database.transaction() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM passwords WHERE activated_at IS NOT NULL"))


def figures(audits: Sequence[Audit], calls: Sequence[tuple[int, int]]) -> list[Figure]:
    """Return what was left after each stage, beside what it has to be."""
    _, first, second = audits
    right, all_ = (sum(each) for each in zip(*calls, strict=True))
    lines = [Figure("calls that left a password in force", f"{right} of {all_}", "all", right == all_)]
    for name in asdict(first):
        values = [getattr(one, name) for one in audits]
        shown = " → ".join(f"{value:.1f}" if name in MEMORY else str(value) for value in values)
        words = name.replace("_mb", ", MB").replace("_", " ")
        if name in EXACT:
            lines.append(Figure(words, shown, "as before", values[2] == values[1] == values[0]))
        elif name in SETTLED:
            lines.append(Figure(words, shown, "as after the first load", values[2] == values[1]))
        elif name in MEMORY:
            growth = getattr(second, name) / getattr(first, name) - 1
            lines.append(Figure(words, f"{shown} ({growth:+.1%})", f"second load < {GROWTH:.0%} more", growth < GROWTH))
        else:
            lines.append(Figure(words, shown))
    return lines


async def measure(console: Console, out: Path, *, rate: float, seconds: float, settle: float) -> list[Figure]:
    """Measure and leave the results in `out`, a folder that is there."""
    with run.progress(console) as bars:
        async with ground(run.steps(bars)) as rooms:
            results = await soak(rooms, rate, seconds, settle, bars)
    return report(console, out, {"rate": rate, "seconds": seconds, "settle": settle}, *results)


def report(
    console: Console, out: Path, options: dict[str, float], audits: Sequence[Audit], calls: Sequence[tuple[int, int]]
) -> list[Figure]:
    """Print the table, and leave raw data and chart in `out`."""
    lines = figures(audits, calls)
    show(console, f"{TITLE}: {', '.join(STAGES)}", lines)
    console.print(f"Load of the machine: {os.getloadavg()[0]:.1f} after.")
    rows: list[list[object]] = [
        [stage, *one, *asdict(each).values()] for stage, one, each in zip(STAGES, calls, audits, strict=True)
    ]
    run.save_rows(out / "audits.csv", ["stage", "right", "calls", *asdict(audits[0])], rows)
    panels = [
        chart.Panel(f"{name.replace('_', ' ')}", {
            stage: [float(getattr(each, name))] for stage, each in zip(STAGES, audits, strict=True)
        }, unit) for name, unit in (("memory_mb", "MB"), ("asterisk_memory_mb", "MB"), ("objects", "objects"))
    ]  # fmt: skip
    chart.draw(panels, out / "soak", TITLE)
    run.save_run(out / "run.json", options, lines)
    console.print(f"Chart and raw data: {out}/")
    return lines


def command(
    rate: Annotated[float, typer.Option(min=0.5, max=30, help="calls begun a second")] = 5.0,
    seconds: Annotated[float, typer.Option(min=1, max=7200, help="of each load; 1700 make an hour")] = 40.0,
    settle: Annotated[float, typer.Option(min=0, help="seconds from the last call to the audit")] = 18.0,
    out: Annotated[Path, typer.Option(help="folder for the results")] = run.RESULTS / "soak",
) -> None:
    """Offer the same load twice and look for what is left of it (PROOF.md, "soak")."""
    out.mkdir(parents=True, exist_ok=True)
    run.finish(measure(run.terminal(), out, rate=rate, seconds=seconds, settle=settle))


if __name__ == "__main__":
    typer.run(command)
