"""`hotline members`: the register of members. No number is an argument, where every process could read it."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from hotline.cli.moments import in_vietnam
from hotline.cli.operator import By, Why, read_number, read_secret, reason, with_vault
from hotline.cli.reach import within_reach
from hotline.cli.terminal import console, run
from hotline.demo.show import progress
from hotline.desk import SignIn
from hotline.desk.sign_in import sign_in
from hotline.members import Refused, Register, export_members, import_members, parsed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from hotline.members import Imported, Shown
    from hotline.records.phone_changes import PhoneChange
    from hotline.settings import Settings


app = typer.Typer(no_args_is_help=True)

INSURANCE_NUMBER = "Insurance or personal number"
STATUS = {SignIn.OK: 0, SignIn.OK_MUST_CHANGE: 3, SignIn.REFUSED: 1, SignIn.LOCKED: 4}
SHOWN = 20
"""Refused rows that are printed; all of them are in the file."""


class Field(StrEnum):
    """What of a member can be changed."""

    PHONE = "phone"
    FULL_NAME = "full_name"
    EMAIL = "email"
    PERSONAL_NUMBER = "personal_number"


@app.callback()
def members() -> None:
    """Who has an account: import, export, look up, add and change; each deed is in the audit trail."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8: phone,insurance_number,personal_number,full_name,email")],
    *,
    why: Why,
    by: By = "",
    strict: Annotated[bool, typer.Option("--strict", help="import nothing if any row is refused")] = False,
    refused: Annotated[
        Path | None, typer.Option(help="where the refused rows are listed [default: FILE.refused.csv]")
    ] = None,
) -> None:
    """Add the members of a file that are new, change those that differ, remove nobody. It may be repeated."""
    settings = within_reach()
    given_reason = reason(by, why)
    with Refused(refused or Path(f"{file}.refused.csv")) as listed:
        try:
            with progress(console) as show:
                done = run(
                    import_members(
                        settings.database,
                        file,
                        given_reason,
                        refused=listed,
                        hold=_hold(settings),
                        strict=strict,
                        progress=lambda part: show("members", part),
                    )
                )
        finally:
            _tell_refused(listed)
    _tell_imported(done, settings)


@app.command("export")
def export(file: Annotated[Path, typer.Argument(help="a new file")], *, why: Why, by: By = "") -> None:
    """Write all members to a CSV file that only you may read, in the form that import takes. It holds no password."""
    settings = within_reach()
    given_reason = reason(by, why)
    with progress(console) as show:
        count = run(export_members(settings.database, file, given_reason, progress=lambda part: show("members", part)))
    console.print(f"{count:,} members in {file}", highlight=False, markup=False)


@app.command("find")
def find(*, phone: Annotated[bool, typer.Option("--phone", help="by phone; else by number")] = False) -> None:
    """Show who has an insurance or personal number, or a phone; numbers are masked."""

    async def found() -> Sequence[Shown]:
        async with _register(within_reach()) as register:
            return await register.with_phone(number) if phone else [await register.with_number(number)]

    number = read_number("Phone number" if phone else INSURANCE_NUMBER)
    _tell_members(run(found()))


@app.command("add")
def add(*, why: Why, by: By = "") -> None:
    """Add one member.

    Asked for, or piped in, one a line: phone, insurance number, personal number or nothing, full name, e-mail or
    nothing.
    """
    settings = within_reach()
    given_reason = reason(by, why)
    member = parsed(
        {
            "phone": read_number("Phone number"),
            "insurance_number": read_number("Insurance number (10 digits)"),
            "personal_number": read_number("Personal number (12 digits), or nothing"),
            "full_name": typer.prompt("Full name", prompt_suffix=": ", err=True),
            "email": typer.prompt("E-mail, or nothing", default="", show_default=False, prompt_suffix=": ", err=True),
        }
    )

    async def work() -> None:
        async with _register(settings) as register:
            await register.add(member, given_reason)

    run(work())
    console.print("the member is added; their first password comes by phone")


@app.command("change")
def change(
    field: Annotated[Field, typer.Argument(help="what to change")],
    *,
    why: Why,
    by: By = "",
    remove: Annotated[bool, typer.Option("--remove", help="take it away (e-mail only)")] = False,
) -> None:
    """Change one value of a member. A changed phone gets no password for some days, unless a second person approves."""
    settings = within_reach()
    given_reason = reason(by, why)
    number = read_number(INSURANCE_NUMBER)
    secret = field in {Field.PHONE, Field.PERSONAL_NUMBER}
    value = None if remove else read_number(f"New {field.value}") if secret else typer.prompt(f"New {field.value}")

    async def work() -> Shown:
        async with _register(settings) as register:
            return await register.change(number, field.value, value, given_reason)

    _tell_members([run(work())])


@app.command("check-password", context_settings={"allow_extra_args": True})
def check_password(context: typer.Context) -> None:
    """Sign in as the VssID back end does; number and password are asked for, or piped in, one a line.

    Exit status: 0 signs in, 3 signs in and must be changed, 1 refused, 4 locked after too many wrong passwords,
    2 something else is wrong. It counts as any sign-in: a wrong one towards the lock, a pending one as its first use.
    """
    if context.args:
        # Not repeated in the message, as it would be by default.
        raise typer.BadParameter("number and password are no arguments: they are asked for, or piped in, one a line")
    settings = within_reach()
    number = read_number(INSURANCE_NUMBER)
    password = read_secret("Password")

    async def work() -> SignIn:
        async with with_vault(settings) as (database, vault):
            return await sign_in(database, vault, number, password)

    became = run(work())
    console.print(became.value)
    raise typer.Exit(STATUS[became])


@app.command("held")
def held() -> None:
    """List the changed phones that can't be used for a re-issue yet, with who changed them and why."""

    async def listed() -> Sequence[PhoneChange]:
        async with _register(within_reach()) as register:
            return await register.held()

    changes = run(listed())
    if not changes:
        console.print("no phone is held")
        return
    table = Table("change", "phone", "before", "held until (Vietnam)", "changed by", "why", highlight=False)
    for one in changes:
        table.add_row(
            str(one.id), one.new, one.old, in_vietnam(one.held_until),
            escape(one.changed_by), escape(one.why),
        )  # fmt: skip
    console.print(table)


@app.command("approve")
def approve(
    change_: Annotated[int, typer.Argument(metavar="CHANGE", help="number of the change, from `hotline members held`")],
    *,
    why: Why,
    by: By = "",
) -> None:
    """Let a changed phone be used at once: for a second person, never for whoever changed it."""
    settings = within_reach()
    given_reason = reason(by, why)

    async def work() -> None:
        async with _register(settings) as register:
            await register.approve(change_, given_reason)

    run(work())
    console.print(f"phone change {change_} is approved by {given_reason.by}", highlight=False, markup=False)


@contextlib.asynccontextmanager
async def _register(settings: Settings) -> AsyncIterator[Register]:
    async with with_vault(settings) as (database, vault):
        yield Register(database, vault, _hold(settings))


def _hold(settings: Settings) -> timedelta:
    return timedelta(hours=settings.limits.phone_hold_hours)


def _tell_refused(listed: Refused) -> None:
    if not listed.count:
        return
    for line, why in listed.first(SHOWN):
        console.print(f"line {line}: {why}", highlight=False, markup=False)
    more = f"{listed.count - SHOWN:,} more: " if listed.count > SHOWN else ""
    console.print(f"{more}refused: {listed.count:,}, listed in {listed.path}", highlight=False, markup=False)


def _tell_imported(done: Imported, settings: Settings) -> None:
    merged = done.merged
    console.print(
        f"{done.rows:,} rows: {merged.added:,} members added, {merged.changed:,} changed, "
        f"{merged.same:,} as they were, {done.refused:,} refused",
        highlight=False,
    )
    if merged.phones:
        hours = settings.limits.phone_hold_hours
        console.print(
            f"{merged.phones:,} phones changed: they get no password for {hours} h (`hotline members held`)",
            highlight=False,
        )


def _tell_members(found: Sequence[Shown]) -> None:
    if not found:
        console.print("nobody")
        return
    table = Table("name", "phone", "insurance number", "personal number", "e-mail", "", highlight=False)
    for one in found:
        notes = ["invented"] if one.is_sample else []
        if one.phone_held_until:
            notes.append(f"phone held until {in_vietnam(one.phone_held_until)} in Vietnam")
        table.add_row(
            escape(one.full_name), one.phone, one.insurance_number, one.personal_number or "",
            escape(one.email or ""), ", ".join(notes),
        )  # fmt: skip
    console.print(table)
