"""`hotline alarms`: what the operator must know of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from hotline.cli.moments import in_vietnam
from hotline.cli.operator import By, Why, operator_desk, reason
from hotline.cli.reach import within_reach
from hotline.cli.terminal import console, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hotline.records.alarms import Alarm

app = typer.Typer(invoke_without_command=True)

_TOLD = {
    "caller-tried-many-numbers": "a caller failed with {} different insurance numbers",
    "number-tried-by-many": "{} different callers failed with an insurance number",
    "number-failed-often": "{} failed checks of an insurance number",
    "calls-failed-often": "{} % of the calls of an hour had no match",
    "phones-changed": "phones of members changed: {}",
    "line-unsafe": "a password was asked for over media not shown to be the carrier's, in {} calls",
    "prompt-missing": "it can't be played: run `hotline sounds build`",
    "menu-refused": "a process can't use it, and goes on with the one before: its log says why (menu_refused)",
    "pepper-missing": "{} passwords in force need a pepper that is not there",
}
"""What each kind of alarm says; one that is not here is told by its name."""


@app.callback()
def alarms(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="also those that somebody acknowledged")] = False,
) -> None:
    """List the alarms that nobody has acknowledged yet, newest first."""
    if context.invoked_subcommand is not None:
        return
    settings = within_reach()

    async def listed() -> Sequence[Alarm]:
        async with operator_desk(settings) as desk:
            return await desk.alarms(acknowledged=everything)

    _tell(run(listed()))


@app.command("acknowledge")
def acknowledge(
    alarm: Annotated[int, typer.Argument(help="number of the alarm, from the list")], *, why: Why, by: By = ""
) -> None:
    """Note who has seen an alarm and what was found; it leaves the list, and stays in the records."""
    settings = within_reach()
    given_reason = reason(by, why)

    async def note() -> None:
        async with operator_desk(settings) as desk:
            await desk.acknowledge(alarm, given_reason)

    run(note())
    console.print(f"alarm {alarm} is acknowledged by {given_reason.by}", highlight=False, markup=False)


def _told(alarm: Alarm) -> str:
    what = _TOLD.get(alarm.kind, alarm.kind + ": {}").format(alarm.count)
    return f"{what}, by {', '.join(alarm.causers)}" if alarm.causers else what


def _tell(listed: Sequence[Alarm]) -> None:
    if not listed:
        console.print("no alarm")
        return
    table = Table("alarm", "of", "what", "first seen (Vietnam)", "last seen", "seen by", highlight=False)
    for alarm in listed:
        seen = ""
        if alarm.acknowledged_at is not None:
            seen = f"{in_vietnam(alarm.acknowledged_at)} {alarm.acknowledged_by}: {alarm.acknowledged_why}"
        table.add_row(
            str(alarm.id),
            alarm.subject,
            escape(_told(alarm)),
            in_vietnam(alarm.first_seen),
            in_vietnam(alarm.last_seen),
            escape(seen),
        )
    console.print(table)
