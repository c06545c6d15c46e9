"""`hotline menu`: the menu as data."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated

import typer

from hotline.cli import publishing
from hotline.cli.moments import moment
from hotline.cli.terminal import console
from hotline.dialogue.vocabulary import PROMPTS
from hotline.menu import Menu, Moment, read, text_of, warned
from hotline.prompts import Script
from hotline.settings import Settings

app = typer.Typer(no_args_is_help=True)
app.add_typer(publishing.app)


@app.callback()
def menu() -> None:
    """The menu as data: what callers hear, and how it is changed while calls go on."""


def told(faults: list[str]) -> None:
    """Print warnings."""
    for fault in faults:
        console.print(f"warning: {fault}", style="yellow", highlight=False, markup=False, soft_wrap=True)


@app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(help="the menu [default: the file of HOTLINE_MENU]")] = None,
    *,
    at: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="MOMENT", help="also tell what who calls then would hear")
    ] = None,
) -> None:
    """Say every fault of a menu, with file and line, and what is worth a second look."""
    settings = Settings.load()
    path = file or settings.menu
    text = text_of(path)
    found = read(text, str(path), Script.load(settings.voice.script, required=PROMPTS).prompts)
    told(warned(found, text, str(path), datetime.now(UTC)))
    console.print(f"{path}: no fault", highlight=False, markup=False, soft_wrap=True)
    if at is not None:
        console.print(_heard(found, at), highlight=False, markup=False)


def _heard(menu: Menu, at: datetime) -> str:
    if closed := menu.closed_at(at):
        return f"{Moment(at)} in Vietnam: closed, “{closed}” is said before the answer"
    emergency = menu.emergency_at(at)
    greeting = f", with “{emergency.prompt}” {emergency.said.replace('-', ' the ')}" if emergency else ""
    return f"{Moment(at)} in Vietnam: open{greeting}" + ("" if menu.branch8.open else ", branch 8 switched off")
