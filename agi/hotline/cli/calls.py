"""`hotline calls` and `hotline report`: what the records say of the calls."""

from __future__ import annotations

import contextlib
import csv
import sys
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - used in annotations typer reads
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from hotline.cli.moments import day_of
from hotline.cli.operator import read_number, with_vault
from hotline.cli.reach import within_reach
from hotline.cli.terminal import console, run
from hotline.records import Database
from hotline.records.outcomes import CallOutcome
from hotline.records.retention import VIETNAM
from hotline.reports import CallBook, Period, Summary, draw, summary
from hotline.reports.period import today

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from hotline.records.calls import Listed
    from hotline.settings import Settings


app = typer.Typer()

COLUMNS = ("id", "began", "caller", "outcome", "last_step", "seconds", "billed_minutes", "price")


class Kind(StrEnum):
    """How long a report's period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@app.command("calls")
def calls(
    *,
    since: Annotated[date | None, typer.Option(parser=day_of, metavar="DAY", help="began on this day or later")] = None,
    until: Annotated[
        date | None, typer.Option(parser=day_of, metavar="DAY", help="began on this day or earlier")
    ] = None,
    outcome: Annotated[
        CallOutcome | None, typer.Option(metavar="OUTCOME", help=f"ended so: {', '.join(CallOutcome)}")
    ] = None,
    caller: Annotated[
        bool, typer.Option("--caller", help="of one caller, whose number is asked for or piped in")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="the newest so many")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="show each call when it ends, until Ctrl-C")] = False,
    export: Annotated[bool, typer.Option("--csv", help="as CSV, for a file")] = False,
) -> None:
    """List calls, oldest first: when, who (masked), how they ended and what they cost."""
    if follow and outcome in {CallOutcome.UNDER_WAY, CallOutcome.LOST}:
        raise typer.BadParameter(f"no call ends {outcome}: leave out --follow", param_hint="--outcome")
    settings = within_reach()
    number = read_number("Phone number") if caller else None
    show = _Rows(as_csv=export)

    async def listed() -> Sequence[Listed]:
        async with _book(settings, by_caller=caller) as book:
            return await book.listed(
                since=midnight(since) if since else None,
                before=midnight(until, after=True) if until else None,
                outcome=outcome,
                caller=number,
                limit=limit,
            )

    async def followed() -> None:
        async with _book(settings, by_caller=caller) as book:
            async for one in book.follow(outcome=outcome, caller=number):
                show.add(one)

    if follow:
        run(followed())
        return
    for one in run(listed()):
        show.add(one)
    show.end()


@app.command("report")
def report(
    kind: Annotated[Kind, typer.Argument(help="how long")] = Kind.DAY,
    *,
    day: Annotated[
        date | None, typer.Option(parser=day_of, metavar="DAY", help="a day of it, as 2026-11-22 [default: today]")
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="also write it as CSV to this file")] = None,
    picture: Annotated[Path | None, typer.Option(help="also draw it, as FILE.png and FILE.svg")] = None,
) -> None:
    """Sum up a day, a week or a month: how calls ended, seconds by step, where callers gave up, minutes and price."""
    settings = within_reach()
    period = Period.of(kind.value, day or today())

    async def sums() -> Summary:
        async with Database(settings.database) as database:
            return await summary(database, period)

    told = run(sums())
    _tell(told)
    if csv_file is not None:
        with csv_file.open("w", encoding="utf-8", newline="") as file:
            told.write_csv(file)
        console.print(f"written: {csv_file}", highlight=False, markup=False)
    if picture is not None:
        for path in draw(told, picture):
            console.print(f"drawn: {path}", highlight=False, markup=False)


class _Rows:
    """Prints calls as a table, or as CSV, each at once."""

    def __init__(self, *, as_csv: bool) -> None:
        self._csv = csv.writer(sys.stdout) if as_csv else None
        self._count = 0
        if self._csv:
            self._csv.writerow(COLUMNS)

    def add(self, call: Listed) -> None:
        """Print a call."""
        began = call.started_at.astimezone(VIETNAM)
        if self._csv:
            self._csv.writerow(
                (call.id, began.isoformat(timespec="seconds"), call.caller, call.outcome, call.last_step,
                 call.seconds, call.billed_minutes, call.price)
            )  # fmt: skip
            sys.stdout.flush()
            return
        if self._count == 0:
            self._print(("began (Vietnam)", "caller", "outcome", "last step", "s", "price"))
        self._count += 1
        self._print(
            (
                f"{began:%Y-%m-%d %H:%M:%S}",
                call.caller or "unknown",
                call.outcome,
                call.last_step or "",
                "" if call.seconds is None else f"{call.seconds:.1f}",
                f"{call.price:,} đ",
            )
        )

    def end(self) -> None:
        """Say so if there was none."""
        if not self._csv and self._count == 0:
            console.print("no call")

    @staticmethod
    def _print(row: tuple[str, str, str, str, str, str]) -> None:
        began, caller, outcome, step, seconds, price = row
        console.print(
            f"{began:<19}  {caller:<10}  {outcome:<14}  {step:<14}  {seconds:>5}  {price:>8}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


@contextlib.asynccontextmanager
async def _book(settings: Settings, *, by_caller: bool) -> AsyncIterator[CallBook]:
    """Yield the calls; the pepper is needed only to find those of a caller."""
    if by_caller:
        async with with_vault(settings, looks_for_number=True) as (database, vault):
            yield CallBook(database, vault)
    else:
        async with Database(settings.database) as database:
            yield CallBook(database, None)


def midnight(day: date, *, after: bool = False) -> datetime:
    """Return the moment at which a day begins in Vietnam, or the one `after` it."""
    return datetime.combine(day + timedelta(days=after), time(), VIETNAM).astimezone(UTC)


def _tell(told: Summary) -> None:
    if not told.calls:
        console.print(f"{told.period}: no call", highlight=False)
        return
    ends = Table("outcome", "calls", "share", "mean seconds", "minutes paid", "price", highlight=False)
    for one in told.outcomes:
        ends.add_row(
            one.outcome, f"{one.calls:,}", f"{one.calls / told.calls:.1%}", f"{one.seconds / one.calls:.1f}",
            f"{one.billed_minutes:,}", f"{one.price:,} đ",
        )  # fmt: skip
    ends.add_row("all", f"{told.calls:,}", "", "", f"{told.billed_minutes:,}", f"{told.price:,} đ", style="bold")
    steps = Table("step", "calls", "mean seconds in it", "gave up in it", highlight=False)
    for step in told.steps:
        steps.add_row(step.step, f"{step.calls:,}", f"{step.seconds / step.calls:.1f}", f"{step.gave_up:,}")
    console.print(f"{told.period}", highlight=False)
    console.print(ends)
    console.print(steps)
