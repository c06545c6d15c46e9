"""`hotline settings`: the settings."""

from __future__ import annotations

import typer

from hotline.cli.terminal import console
from hotline.desk import Keyring
from hotline.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def settings() -> None:
    """The settings."""


@app.command("check")
def check() -> None:
    """Say what is not allowed about the settings, and about the secrets in the files they name."""
    password = Settings.load().password
    # Only `serve` and the operator's commands need a pepper; demo and run draw their own.
    if password.pepper.get_secret_value() or password.pepper_file:
        Keyring.load(password)
    console.print("no fault")
