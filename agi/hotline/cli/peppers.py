"""`hotline peppers`: which peppers the passwords in force need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.table import Table

from hotline.cli.operator import operator_desk
from hotline.cli.reach import within_reach
from hotline.cli.terminal import console, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hotline.desk import PepperUse

app = typer.Typer()


@app.command("peppers")
def peppers() -> None:
    """Count the passwords in force by the pepper they need: one that none needs may go."""
    settings = within_reach()

    async def counted() -> Sequence[PepperUse]:
        async with operator_desk(settings) as desk:
            return await desk.peppers()

    table = Table("pepper", "is", "passwords in force")
    for use in run(counted()):
        table.add_row(use.key_id, use.standing, str(use.passwords))
    console.print(table)
