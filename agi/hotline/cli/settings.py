"""`hotline settings`: the settings."""

from __future__ import annotations

import typer

from hotline.cli.terminal import console
from hotline.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def settings() -> None:
    """The settings."""


@app.command("check")
def check() -> None:
    """Say every setting that has a value that is not allowed."""
    Settings.load()
    console.print("no fault")
