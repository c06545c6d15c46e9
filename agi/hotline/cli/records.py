"""`hotline records`: keeping the records no longer than they may be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from hotline.cli.terminal import console, run
from hotline.records import bulk_transaction, retention
from hotline.reports.period import today
from hotline.settings import Settings

if TYPE_CHECKING:
    from hotline.records.retention import Deleted

app = typer.Typer(no_args_is_help=True)


@app.callback()
def records() -> None:
    """The records of calls, attempts and passwords."""


@app.command("clean")
def clean() -> None:
    """Delete what is older than HOTLINE_RECORDS__KEEP_DAYS; of calls, sums of a day remain. To be run once a day."""
    settings = Settings.load()
    before = retention.cutoff(today(), settings.records.keep_days)

    async def work() -> Deleted:
        async with bulk_transaction(settings.database) as connection:
            return await retention.clean(connection, before)

    done = run(work())
    console.print(
        f"from before {before:%Y-%m-%d}: {done.calls:,} calls, {done.attempts:,} attempts, "
        f"{done.passwords:,} passwords, {done.lifts + done.alarms + done.phone_changes:,} others deleted",
        highlight=False,
    )
