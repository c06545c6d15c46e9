"""`python -m bench.beside`: alternate, compare, print, draw, save."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path  # noqa: TC003 - used in an annotation typer does not see
from typing import TYPE_CHECKING, Annotated

import typer

from bench import chart, run
from bench.beside import figures
from bench.beside.board import board
from bench.beside.rounds import compared, play
from bench.beside.ways import WAYS, driving
from bench.table import Figure, headed, show
from hotline.phone import Ear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bench.beside.rounds import Turn

TITLE = "The reference call beside the alternatives"


async def measure(
    console: Console, out: Path, *, rounds: int, calls: int, rate: float, reading: float, only: Sequence[str] = ()
) -> list[Figure]:
    """Measure and leave the results in `out`, a folder that is there.

    Args:
        console: where to print.
        out: for the results.
        rounds: how many; in each every way has its turn.
        calls: of a turn.
        rate: calls begun a second.
        reading: seconds of the sound that is read twice.
        only: extensions of the ways to be compared; all when empty.
    """
    busy = os.getloadavg()[0]
    wanted = [way for way in WAYS if not only or way.extension in {*only, "dialplan"}]
    for way in wanted:
        if way.missing:
            console.print(f"{way.name} is left out: {way.missing}", markup=False)
    ways = [way for way in wanted if not way.missing]
    async with contextlib.AsyncExitStack() as stack:
        there = await stack.enter_async_context(
            board(reading, {way.extension: way.application for way in ways if way.application})
        )
        processes = {way: await stack.enter_async_context(driving(way, there)) for way in ways}
        ear = Ear(there.sounds, [name for name in there.seconds if name != "silence"])
        with run.progress(console) as bars:
            task = bars.add_task("turns", total=rounds * len(ways))
            turns = await play(
                there, processes, ear, rounds=rounds, calls=calls, rate=rate, done=lambda: bars.update(task, advance=1)
            )
    tables = {
        f"CPU time of a call, {rounds} rounds of {calls} calls, median and 95 % interval": figures.cost(ways, turns),
        "What the caller waits for": figures.waits(ways, turns),
    }
    for title, its in tables.items():
        show(console, title, its)
    console.print(f"Load of the machine: {busy:.1f} before, {os.getloadavg()[0]:.1f} after.")
    everything = headed(tables)
    _save(out, turns)
    options = {"rounds": rounds, "calls": calls, "rate": rate, "reading": reading, "left out": [
        f"{way.name}: {way.missing}" for way in wanted if way.missing
    ]}  # fmt: skip
    run.save_run(out / "run.json", options, everything)
    console.print(f"Chart and raw data: {out}/")
    return everything


def _save(out: Path, turns: Sequence[Turn]) -> None:
    """Write the raw data and draw the chart."""
    run.save_rows(
        out / "turns.csv",
        ["way", "round", "calls", "right", "void", "asterisk_ms_a_call", "client_ms_a_call"],
        [[one.way, one.nth, one.calls, one.right, one.void, one.asterisk_ms, one.client_ms] for one in turns],
    )
    answers = [[one.way, one.nth, value] for one in turns for value in one.answers_ms]
    run.save_rows(out / "answers.csv", ["way", "round", "key_to_sound_ms"], answers)
    waits: dict[str, list[float]] = {}
    for turn in turns:
        waits.setdefault(turn.way, []).extend(turn.answers_ms)
    panels = [
        chart.Panel("All CPU time of a call over the dialplan's own, by round", compared(turns), "times"),
        chart.Panel("Last key to the next sound", {name: its for name, its in waits.items() if its}, "milliseconds"),
    ]
    chart.draw([panel for panel in panels if panel.groups], out / "beside", TITLE)


def command(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="rounds; in each every way has its turn")] = 30,
    calls: Annotated[int, typer.Option(min=1, max=100, help="calls of a turn")] = 10,
    rate: Annotated[float, typer.Option(min=0.5, max=50, help="calls begun a second")] = 8.0,
    reading: Annotated[float, typer.Option(min=0.3, max=12, help="seconds of what a caller is read, twice")] = 7.0,
    only: Annotated[list[str] | None, typer.Option(help="extension of a way, as ours-ari; again for more")] = None,
    out: Annotated[Path, typer.Option(help="folder for the results")] = run.RESULTS / "beside",
) -> None:
    """Compare the reference call by our doors with the alternatives (PROOF.md, "Cost of one call")."""
    out.mkdir(parents=True, exist_ok=True)
    work = measure(run.terminal(), out, rounds=rounds, calls=calls, rate=rate, reading=reading, only=only or ())
    run.finish(work)


if __name__ == "__main__":
    typer.run(command)
