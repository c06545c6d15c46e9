"""`hotline menu`: the menu as data."""

from __future__ import annotations

import typer

from hotline.cli.terminal import console
from hotline.dialogue.vocabulary import PROMPTS
from hotline.menu import load
from hotline.prompts import Script
from hotline.settings import SCRIPT, Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def menu() -> None:
    """The menu as data."""


@app.command("check")
def check() -> None:
    """Say every fault of the menu, with file and line."""
    at = Settings.load().menu
    load(at, Script.load(SCRIPT, required=PROMPTS).prompts)
    console.print(f"{at}: no fault")
