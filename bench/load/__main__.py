"""`python -m bench.load`: offer, listen, print, draw, save."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path  # noqa: TC003 - used in an annotation typer does not see
from typing import TYPE_CHECKING, Annotated

import typer

from bench import application, chart, run
from bench.load import figures
from bench.load.phases import Stage
from bench.table import Figure, headed, show
from bench.traffic.ground import ground, invented
from hotline.phone import Ear

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.progress import Progress

    from bench.load.figures import Times
    from bench.load.phases import Heard, Offered
    from bench.traffic.ground import Member
    from hotline.demo.house import House

TITLE = "Load: every call heard"
CROWD_SECONDS = 25.0
"""Time in which a crowd begins to call: less than a call takes, so all are there at once, and hardly faster than at the
rates before, as what counts here is how many are there and not how fast they come."""
STEP = 5.0
"""Calls a second from step to step."""
WAITS = {
    "INVITE to 183": "progressed",
    "Menu silent after the key": "barge_in",
    "Last key to first word, beyond the fixed clip": "first_word",
}
NO_NOTICE = {"HOTLINE_CALL__NOTICE": "off"}


@dataclass(frozen=True)
class Size:
    """How much is offered.

    Attributes:
        rates: reference calls begun a second, one rate after the other.
        seconds: for how long each.
        crowd: reference calls at once; 0 for none.
        burst: calls begun in one second.
        cap: calls served at once in the phase with too many; half as many again are offered.
        first: calls a second at which the steps to the ceiling begin.
        last: at which they end, if none fails; 0 for no steps.
        step_seconds: of each.
        stay: seconds that calls stay which fill the cap.
    """

    rates: Sequence[float] = (8.0, 10.0)
    seconds: float = 60.0
    crowd: int = 260
    burst: int = 200
    cap: int = 60
    first: float = 20.0
    last: float = 80.0
    step_seconds: float = 10.0
    stay: float = 12.0


@dataclass
class Results:
    """What came of the loads, by what they were.

    Attributes:
        heard: reference calls, and what their callers waited for.
        set_up: calls answered at once.
        burst: calls begun in one second.
        steps: on the way to the ceiling.
        over: calls beyond the cap.
    """

    heard: dict[str, tuple[Heard, list[Times]]]
    set_up: Offered
    burst: Offered
    steps: list[Offered]
    over: Offered


async def offer(rooms: House, ear: Ear, size: Size, bars: Progress) -> Results:
    """Offer every load to the application in this house, one after another."""
    stage = Stage(rooms, ear)
    offered = {f"{rate:g} calls/s for {size.seconds:g} s": (round(rate * size.seconds), rate) for rate in size.rates}
    if size.crowd:
        offered[f"{size.crowd} calls at once"] = size.crowd, size.crowd / CROWD_SECONDS
    members = await invented(rooms, sum(count for count, _ in offered.values()))
    yet_to_call = iter(members)
    heard: dict[str, tuple[Heard, list[Times]]] = {}
    async with application.serving(rooms):
        for name, (count, rate) in offered.items():
            its = list(islice(yet_to_call, count))
            one = await stage.reference(its, rate, *_bars(bars, len(its), name, "  heard", "  signed in"))
            heard[name] = one, _times(rooms, one)
    async with application.serving(rooms, **NO_NOTICE):
        count = max(2, round(max(size.rates) * size.seconds / 3))
        set_up = await stage.set_up(members, count, max(size.rates), *_bars(bars, count, "answered at once"))
        burst = await stage.set_up(members, size.burst, size.burst, *_bars(bars, size.burst, "burst"))
        steps = await _climb(stage, members, size, bars)
    async with application.serving(rooms, **NO_NOTICE, HOTLINE_CALL__AT_ONCE=str(size.cap)):
        count = size.cap * 3 // 2
        over = await stage.stay(members, count, size.stay, *_bars(bars, count, "over the cap"))
    return Results(heard, set_up, burst, steps, over)


async def _climb(stage: Stage, members: Sequence[Member], size: Size, bars: Progress) -> list[Offered]:
    """Offer more and more calls a second, up to the step that does not hold."""
    steps: list[Offered] = []
    rate = size.first
    while rate <= size.last and (not steps or figures.holds(steps[-1])):
        count = round(rate * size.step_seconds)
        steps.append(await stage.short(members, count, rate, *_bars(bars, count, f"{rate:g} calls/s")))
        rate += STEP
    return steps


async def measure(console: Console, out: Path, size: Size) -> list[Figure]:
    """Measure and leave the results in `out`, a folder that is there."""
    busy = os.getloadavg()[0]
    with run.progress(console) as bars:
        async with ground(run.steps(bars)) as rooms:
            results = await offer(rooms, Ear(rooms.library, rooms.library), size, bars)
    everything = report(console, out, size, results)
    console.print(f"Load of the machine: {busy:.1f} before, {os.getloadavg()[0]:.1f} after.")
    console.print(f"Chart and raw data: {out}/")
    return everything


def report(console: Console, out: Path, size: Size, results: Results) -> list[Figure]:
    """Print the tables, and leave raw data and chart in `out`."""
    tables = {f"Reference calls, {name}": figures.reference(*its) for name, its in results.heard.items()}
    tables[f"Calls answered at once, {results.set_up.rate:g} a second"] = figures.set_up(results.set_up)
    tables[f"Burst of {size.burst} calls in one second"] = figures.burst(results.burst)
    if results.steps:
        tables["Ceiling, calls of 7 s without database and hash"] = figures.ceiling(results.steps)
    tables[f"Half as many calls again as the cap of {size.cap}"] = figures.cap(results.over, size.cap)
    for title, its in tables.items():
        show(console, title, its)
    everything = headed(tables)
    _save(out, results)
    run.save_run(out / "run.json", asdict(size), everything)
    return everything


def _times(rooms: House, heard: Heard) -> list[Times]:
    check = rooms.library["check"].seconds
    return [figures.times(one.hearing, check) for one in heard.verdicts if one.hearing and not one.void]


def _bars(bars: Progress, total: int, *names: str) -> list[Callable[[int], None]]:
    def bar(name: str) -> Callable[[int], None]:
        task = bars.add_task(name, total=total)
        return lambda done: bars.update(task, completed=done)

    return [bar(name) for name in names]


def _save(out: Path, results: Results) -> None:
    """Write the raw data, no digit of a password among them, and draw the chart."""
    rows: list[list[object]] = []
    for name, (one, _) in results.heard.items():
        for verdict in one.verdicts:
            hearing = verdict.hearing
            told: list[object] = [name, verdict.call.status, verdict.wrong, int(verdict.void)]
            rows.append([*told, *([hearing.packets, hearing.gaps] if hearing else ["", ""])])
    run.save_rows(out / "heard.csv", ["load", "status", "wrong", "void", "packets", "gaps"], rows)
    waits = [[name, *asdict(each).values()] for name, (_, times) in results.heard.items() for each in times]
    run.save_rows(out / "waits.csv", ["load", "progressed_ms", "answered_ms", "barge_in_ms", "first_word_ms"], waits)
    offered = {"answered at once": results.set_up, "burst": results.burst, "over the cap": results.over}
    everything = {**offered, **{f"{step.rate:g} calls/s": step for step in results.steps}}
    run.save_rows(
        out / "offered.csv",
        ["load", "rate", "status", "final_s", "cut", "repeated"],
        [
            [name, one.rate, call.status, call.waited, int(call.cut), call.repeated]
            for name, one in everything.items()
            for call in one.calls
        ],
    )
    panels = []
    for title, field in WAITS.items():
        groups = {
            name: [value for each in times if (value := getattr(each, field)) is not None]
            for name, (_, times) in results.heard.items()
        }
        panels.append(chart.Panel(title, {name: its for name, its in groups.items() if its}, "milliseconds"))
    answered = {name: one.answered_ms for name, one in offered.items() if one.answered_ms}
    panels.append(chart.Panel("INVITE to 200 without notice", answered, "milliseconds"))
    chart.draw([panel for panel in panels if panel.groups], out / "load", TITLE)


def command(  # noqa: PLR0917 - its options
    rate: Annotated[list[float] | None, typer.Option(min=0.5, max=50, help="reference calls begun a second")] = None,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="for how long each rate")] = Size.seconds,
    crowd: Annotated[int, typer.Option(min=0, max=1000, help="reference calls at once; 0: none")] = Size.crowd,
    burst: Annotated[int, typer.Option(min=1, max=1000, help="calls begun in one second")] = Size.burst,
    cap: Annotated[int, typer.Option(min=2, max=500, help="calls served at once when too many come")] = Size.cap,
    first: Annotated[float, typer.Option(min=1, help="calls/s at which the steps to the ceiling begin")] = Size.first,
    last: Annotated[float, typer.Option(min=0, max=300, help="at which they end; 0: no steps")] = Size.last,
    step_seconds: Annotated[float, typer.Option(min=0.5, max=60, help="seconds of a step")] = Size.step_seconds,
    out: Annotated[Path, typer.Option(help="folder for the results")] = run.RESULTS / "load",
) -> None:
    """Offer whole calls with database, hear every one of them, and compare every digit (PROOF.md, "Load")."""
    out.mkdir(parents=True, exist_ok=True)
    size = Size(rate or Size.rates, seconds, crowd, burst, cap, first, last, step_seconds)
    run.finish(measure(run.terminal(), out, size))


if __name__ == "__main__":
    typer.run(command)
