"""`python -m bench.member_lookup`: fill, look up, print, draw, save."""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import asyncpg
import numpy as np
import typer
from pydantic import SecretStr

from bench import chart, run
from bench.member_lookup import lookups, register
from bench.member_lookup.invented import MOST
from bench.table import Figure, show
from hotline.records import Database, EmbeddedPostgres, migrate
from hotline.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from bench.member_lookup.lookups import Lookup

GOAL_MS = 1.0
BYTES_A_MEMBER = 800
"""On disk: row, indexes, and room to build them and for the write-ahead log."""
TEMPORARY = Path(tempfile.gettempdir())
ROOM = 3_000_000_000
"""Bytes that a server needs with nobody in it, and that a disk should keep."""


async def measure(console: Console, out: Path, folder: Path, members: int, times: int) -> list[Figure]:
    """Fill a new database in `folder` with `members`, look up `times` pairs of each case; leave results in `out`."""
    async with contextlib.AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hotline-bench-", dir=folder)))
        postgres = await stack.enter_async_context(EmbeddedPostgres(home))
        await migrate(postgres.dsn)
        connection = await asyncpg.connect(postgres.dsn, server_settings={"jit": "off"})
        stack.push_async_callback(connection.close)
        with run.progress(console) as bars:
            filling = bars.add_task("members", total=members)
            await register.fill(
                connection,
                members,
                filled=lambda count: bars.update(filling, advance=count),
                indexed=lambda name: bars.update(filling, description=name),
            )
            bars.update(filling, description="members")
            task = bars.add_task("look-ups", total=times * len(lookups.Case))
            database = Database(DatabaseSettings(dsn=SecretStr(postgres.dsn), time_limit=10))
            made = await lookups.look_up(
                await stack.enter_async_context(database),
                connection,
                held=members,
                times=times,
                rng=random.Random(),  # noqa: S311 - invented numbers
                done=lambda: bars.update(task, advance=1),
            )
        size = await register.gigabytes(connection)
    figures = _figures(made, members, size)
    show(console, f"Look-up of a pair among {members:,} members: {len(made):,} in random order", figures)
    _save(out, made, {"members": members, "times": times}, figures)
    console.print(f"Chart and raw data: {out}/")
    return figures


def _figures(made: Sequence[Lookup], members: int, size: float) -> list[Figure]:
    right, by_index = sum(one.right for one in made), sum(one.by_index for one in made)
    figures = [
        Figure("members, with indexes", f"{members:,}, {size:.2f} GB"),
        Figure("answers as they must be", f"{right} of {len(made)}", "all", right == len(made)),
        Figure("read by index", f"{by_index} of {len(made)}", "all", by_index == len(made)),
        Figure("At the database: planning and execution"),
    ]
    for case, served in _by_case(made, at_desk=False).items():
        middle, late = np.percentile(served, (50, 99))
        goal = f"p99 ≤ {GOAL_MS:g} ms"
        figures.append(Figure(f"  {case}", f"p50 {middle:.3f} ms, p99 {late:.3f} ms", goal, bool(late <= GOAL_MS)))
    figures.append(Figure("At the desk: with its transaction and the ways"))
    for case, took in _by_case(made, at_desk=True).items():
        middle, late = np.percentile(took, (50, 99))
        figures.append(Figure(f"  {case}", f"p50 {middle:.2f} ms, p99 {late:.2f} ms"))
    return figures


def _by_case(made: Sequence[Lookup], *, at_desk: bool) -> dict[str, list[float]]:
    """Return the milliseconds, by case."""
    return {
        case.value: [one.desk_ms if at_desk else one.database_ms for one in made if one.case is case]
        for case in lookups.Case
    }


def _save(out: Path, made: Sequence[Lookup], options: dict[str, object], figures: Sequence[Figure]) -> None:
    run.save_rows(
        out / "lookups.csv",
        ["case", "database_ms", "desk_ms", "right", "by_index"],
        [[one.case.value, one.database_ms, one.desk_ms, one.right, one.by_index] for one in made],
    )
    run.save_run(out / "run.json", options, figures)
    panels = [
        chart.Panel(f"{where}, {len(made):,} look-ups", _by_case(made, at_desk=at_desk), "milliseconds")
        for where, at_desk in (("At the database", False), ("At the desk", True))
    ]
    chart.draw(panels, out / "member_lookup", f"Look-up of a pair among {options['members']:,} members")


def command(
    members: Annotated[int, typer.Option(min=1000, max=MOST, help="members in the table")] = 20_000_000,
    times: Annotated[int, typer.Option(min=10, max=100_000, help="look-ups of each case")] = 5000,
    folder: Annotated[Path, typer.Option(help="on whose disk the database lies; it is removed afterwards")] = TEMPORARY,
    out: Annotated[Path, typer.Option(help="folder for the results")] = run.RESULTS / "member_lookup",
) -> None:
    """Measure how long the look-up of a pair takes among as many members as the service has."""
    needed, free = members * BYTES_A_MEMBER + ROOM, shutil.disk_usage(folder).free
    if free < needed:
        raise typer.BadParameter(
            f"{folder} has {free / 1e9:.0f} GB free, and {needed / 1e9:.0f} are needed: name another --folder, "
            "or fewer --members"
        )
    out.mkdir(parents=True, exist_ok=True)
    run.finish(measure(run.terminal(), out, folder, members, times))


if __name__ == "__main__":
    typer.run(command)
