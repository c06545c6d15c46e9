"""`hotline settings`: the settings."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from hotline.cli.terminal import console
from hotline.desk import Keyring
from hotline.settings import Settings
from hotline.settings.catalogue import catalogue, effective
from hotline.settings.page import page as page_of_settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def settings() -> None:
    """The settings."""


@app.command("check")
def check() -> None:
    """Say what is not allowed about the settings, and about the secrets in the files they name.

    One line for each fault, with name, value and what is allowed; then the exit status is 2.
    """
    password = Settings.load().password
    # Only `serve` and the operator's commands need a pepper; demo and run draw their own.
    if password.has_pepper:
        Keyring.load(password)
        console.print("no fault")
    else:
        console.print("no fault; but there is no pepper, and only `demo` and `run` do without")


@app.command("show")
def show(
    *, changed: Annotated[bool, typer.Option("--changed", help="only those that the environment says")] = False
) -> None:
    """Print what each setting is and what says so: the environment, or nothing, so that it is the default.

    Of a secret only whether it is set.
    """
    shown = [one for one in effective(Settings.load()) if one.source == "environment" or not changed]
    width = max((len(one.setting.name) for one in shown), default=0)
    for one in shown:
        # Not in a table: a line is to stay one in a pipe, too.
        typer.echo(f"{one.setting.name:<{width}}  {one.source:<11}  {one.value}")


@app.command("list")
def list_all(*, page: Annotated[bool, typer.Option("--page", help="as the page docs/settings.md")] = False) -> None:
    """Print every setting with its default, what is allowed and what it is for, as a file of environment variables."""
    if page:
        typer.echo(page_of_settings(), nl=False)
        return
    for group in catalogue():
        for setting in group.settings:
            limits = f" ({setting.limits})" if setting.limits else ""
            for line in textwrap.wrap(setting.purpose + limits, 100):
                typer.echo(f"# {line}")
            typer.echo(f"#{setting.name}{'__NAME' if setting.keyed else ''}={setting.default}\n")
