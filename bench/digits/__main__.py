"""`python -m bench.digits`: read passwords out, listen, count, print, draw, save."""

from __future__ import annotations

import asyncio
from dataclasses import astuple, fields
from pathlib import Path  # noqa: TC003 - used in an annotation typer does not see
from typing import TYPE_CHECKING, Annotated

import typer

from bench import run
from bench.digits import figures, markdown
from bench.digits.ear import Recogniser
from bench.digits.hearing import Heard
from bench.digits.line import LINES
from bench.digits.tasks import tasks, together
from bench.table import show
from hotline.demo.house import prompts
from hotline.demo.show import progress
from hotline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bench.table import Figure

TITLE = "Digits of passwords misheard by the recogniser"


async def measure(
    console: Console, out: Path, conditions: Sequence[str], *, passwords: int, every: int, seed: int, jobs: int
) -> list[Figure]:
    """Hear all of it in `jobs` processes and leave the results in `out`."""
    Recogniser()  # missing, it is better told now than by each process
    settings = Settings.load()
    with progress(console) as steps:
        prompts(settings, steps)
    wanted = tasks(conditions, passwords, every, settings.password.digits, seed)
    with run.progress(console) as bars:
        bar = bars.add_task("passwords, both readings", total=len(wanted))
        heard = await asyncio.to_thread(together, wanted, seed, jobs, lambda: bars.advance(bar))
    results = save(out, heard, settings.password.digits)
    for title, some in results:
        show(console, title, some)
    summary = figures.summary(heard, settings.password.digits)
    options = {"conditions": list(conditions), "passwords": passwords, "all": every, "seed": seed, "jobs": jobs}
    run.save_run(out / "run.json", options, summary)
    console.print(f"Chart and raw data: {out}/")
    return summary


def save(out: Path, heard: Sequence[Heard], issued: str) -> list[tuple[str, list[Figure]]]:
    """Write raw data, confusions, chart and tables for the docs to `out`, and return the tables for people."""
    run.save_rows(out / "heard.csv", [field.name for field in fields(Heard)], [astuple(one) for one in heard])
    run.save_rows(
        out / "confusion.csv", ["line", "digits", "reading", "said", *figures.COLUMNS], figures.confusion(heard)
    )
    (out / "tables.md").write_text(markdown.tables(heard), encoding="utf-8")
    figures.draw(heard, out / "digits", TITLE)
    return figures.tables(heard, issued)


def command(  # noqa: PLR0917 - options of a command are called by name
    passwords: Annotated[int, typer.Option(min=0, help="passwords of the issued digits in each condition")] = 200,
    every: Annotated[int, typer.Option("--all", min=0, help="passwords of all ten digits in each condition")] = 60,
    conditions: Annotated[str, typer.Option(help=f"by commas: {', '.join(LINES)}")] = "clean",
    seed: Annotated[int, typer.Option(help="of passwords, losses and noise")] = 2026,
    jobs: Annotated[int, typer.Option(min=1, help="processes that listen")] = 1,
    out: Annotated[Path, typer.Option(help="folder for the results")] = run.RESULTS / "digits",
) -> None:
    """Measure how many digits of a password an offline recogniser mishears over the phone (needs the extra `ear`)."""
    chosen = [name.strip() for name in conditions.split(",")]
    if unknown := [name for name in chosen if name not in LINES]:
        raise typer.BadParameter(f"unknown condition {', '.join(unknown)}: {', '.join(LINES)}")
    if not passwords + every:
        raise typer.BadParameter("nothing to hear: give --passwords or --all a number")
    out.mkdir(parents=True, exist_ok=True)
    run.finish(measure(run.terminal(), out, chosen, passwords=passwords, every=every, seed=seed, jobs=jobs))


if __name__ == "__main__":
    typer.run(command)
