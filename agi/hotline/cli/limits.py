"""`hotline limits`: where a caller or an insurance number stands, and lifting its failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from hotline.cli.moments import in_vietnam
from hotline.cli.operator import By, Why, operator_desk, read_number, reason
from hotline.cli.reach import within_reach
from hotline.cli.terminal import console, run

if TYPE_CHECKING:
    from hotline.desk import Standing
    from hotline.records.lifts import Subject
    from hotline.settings import LimitSettings

app = typer.Typer(no_args_is_help=True)

_ANYTHING = {"allow_extra_args": True}
"""So that a number given as an argument is not repeated in a message about it."""

Caller = Annotated[bool, typer.Option("--caller", help="of a caller; the phone number is asked for, or piped in")]
Number = Annotated[bool, typer.Option("--number", help="of an insurance or personal number, asked for or piped in")]


@app.callback()
def limits() -> None:
    """How often a caller or an insurance number failed, and how to let them begin afresh."""


@app.command("show", context_settings=_ANYTHING)
def show(context: typer.Context, *, caller: Caller = False, number: Number = False) -> None:
    """Tell what counts for a caller or an insurance number now, and the limits."""
    subject = _subject(context, caller=caller, number=number)
    settings = within_reach()
    given = _ask(subject)

    async def tell() -> Standing:
        async with operator_desk(settings, looks_for_number=True) as desk:
            return await desk.standing(subject, given)

    _tell(run(tell()), subject, settings.limits)


@app.command("unlock", context_settings=_ANYTHING)
def unlock(context: typer.Context, *, why: Why, caller: Caller = False, number: Number = False, by: By = "") -> None:
    """Let the failed checks counted so far count no more; nothing is deleted, and the audit trail says who and why."""
    subject = _subject(context, caller=caller, number=number)
    settings = within_reach()
    given_reason = reason(by, why)
    given = _ask(subject)

    async def lift() -> Standing:
        async with operator_desk(settings, looks_for_number=True) as desk:
            return await desk.lift(subject, given, given_reason)

    before = run(lift())
    console.print(
        f"{subject} {before.masked}: {before.failures_day} failed checks of the last 24 h count no more "
        f"(by {given_reason.by})",
        highlight=False,
        markup=False,
    )


def _subject(context: typer.Context, *, caller: bool, number: bool) -> Subject:
    if context.args:
        raise typer.BadParameter(
            "a number is no argument, where every process can read it: it is asked for, or piped in"
        )
    if caller == number:
        raise typer.BadParameter("say either --caller or --number")
    return "caller" if caller else "number"


def _ask(subject: Subject) -> str:
    return read_number("Phone number" if subject == "caller" else "Insurance or personal number")


def _tell(standing: Standing, subject: Subject, limits: LimitSettings) -> None:
    table = Table(f"{subject} {standing.masked}", "now", "limit", "alarm at", highlight=False)
    if standing.failures_hour is not None:
        day = limits.caller_failures_day
        _row(table, "failed checks, last hour", standing.failures_hour, limits.caller_failures_hour)
        _row(table, "failed checks, last 24 h", standing.failures_day, day)
        _row(table, "with different insurance numbers", standing.others, None, limits.alarm_caller_numbers)
    else:
        day = limits.number_failures_day
        _row(table, "failed checks, last 24 h", standing.failures_day, day, limits.alarm_number_failures)
        _row(table, "by different callers", standing.others, None, limits.alarm_number_callers)
    if standing.issued is not None:
        _row(table, "passwords active, last 24 h", standing.issued.active, limits.reissues_day)
        _row(table, "passwords begun, last 24 h", standing.issued.begun, limits.pending_day)
    console.print(table)
    if lift := standing.lift:
        words = f"Counted since {in_vietnam(lift.at)} in Vietnam, when {lift.by} lifted what was before: {lift.why}"
        console.print(words, highlight=False, markup=False)


def _row(table: Table, what: str, now: int, limit: int | None, alarm: int | None = None) -> None:
    table.add_row(
        what,
        f"{now} (reached)" if limit is not None and now >= limit else str(now),
        "" if limit is None else str(limit),
        "" if alarm is None else str(alarm),
    )
