"""The frame of a benchmark's command: progress, results, the machine, exit status."""

from __future__ import annotations

import csv
import json
import logging
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.table import held
from bench.versions import machine, versions
from hotline import logs
from hotline.cli.trouble import TROUBLE

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from rich.progress import TaskID

    from bench.table import Figure

RESULTS = Path("out/bench")
WIDTH = 120
GOAL_MISSED = 1
SET_UP_WRONG = 2


def terminal() -> Console:
    """Return where to print; a table keeps its shape in a narrow window and in a file."""
    console = Console()
    return console if console.width >= WIDTH else Console(width=WIDTH)


def progress(console: Console) -> Progress:
    """Return bars that show how much is done and how long the rest will take."""
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def steps(bars: Progress) -> Callable[[str, float], None]:
    """Return what shows how far a house is up, a bar for each step."""
    tasks: dict[str, TaskID] = {}

    def show(step: str, done: float) -> None:
        if step not in tasks:
            tasks[step] = bars.add_task(step, total=100)
        bars.update(tasks[step], completed=round(100 * done))

    return show


def finish(work: Coroutine[Any, Any, Sequence[Figure]]) -> NoReturn:
    """Run a benchmark and end the process: 0 when its goals were held, 1 when not, 2 when something was missing."""
    # Alarms are what a benchmark of failures raises.
    logs.configure(logging.CRITICAL)
    status = SET_UP_WRONG
    try:
        status = 0 if held(uvloop.run(work)) else GOAL_MISSED
    except* TROUBLE as troubles:
        for trouble in troubles.exceptions:
            print(f"bench: {trouble}", file=sys.stderr)
    sys.exit(status)


def save_rows(path: Path, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write the raw data as CSV; `names` head the columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)


def save_run(path: Path, options: Mapping[str, object], figures: Sequence[Figure]) -> None:
    """Write what was run, on which machine and how busy it was, and what came out, as JSON."""
    run = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "options": dict(options),
        "figures": [asdict(figure) for figure in figures],
    }
    path.write_text(json.dumps(run, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
