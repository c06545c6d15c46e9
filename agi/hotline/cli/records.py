"""`hotline records`: the schema they are in, and keeping them no longer than they may be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hotline.cli.terminal import console, run
from hotline.records import Database, bulk_transaction, retention, schema
from hotline.records import migrate as apply_migrations
from hotline.reports.period import today
from hotline.settings import Settings

if TYPE_CHECKING:
    from hotline.records.retention import Deleted

app = typer.Typer(no_args_is_help=True)


@app.callback()
def records() -> None:
    """The records of calls, attempts and passwords."""


@app.command("migrate")
def migrate(
    *, check: Annotated[bool, typer.Option("--check", help="change nothing; exit status 1 if something is due")] = False
) -> None:
    """Bring the database to the schema of this version, as the migrator. Safe to repeat, and to run several at once."""
    settings = Settings.load().database

    async def missing() -> list[str]:
        async with Database(settings) as database:
            return await database.insist(schema.due)

    due = run(missing())
    if check and due:
        console.print(f"due: {', '.join(due)}", highlight=False)
        raise typer.Exit(1)
    if not check:
        dsn = settings.dsn.get_secret_value()
        due = run(apply_migrations(dsn, applied=lambda name: console.print(f"applied {name}", highlight=False)))
    if not due:
        console.print("nothing to do: the database has the schema of this version")


@app.command("clean")
def clean() -> None:
    """Delete what is older than HOTLINE_RECORDS__KEEP_DAYS; of calls, sums of a day remain. To be run once a day."""
    settings = Settings.load()
    before = retention.cutoff(today(), settings.records.keep_days)

    async def work() -> Deleted:
        async with bulk_transaction(settings.database) as connection:
            return await retention.clean(connection, before)

    done = run(work())
    others = done.lifts + done.alarms + done.phone_changes + done.sign_in_attempts
    console.print(
        f"from before {before:%Y-%m-%d}: {done.calls:,} calls, {done.attempts:,} attempts, "
        f"{done.passwords:,} passwords, {others:,} others deleted",
        highlight=False,
    )
