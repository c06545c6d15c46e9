"""`hotline pbx`: the private Asterisk, and the configuration of any."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - used in annotations typer reads
from typing import Annotated

import typer

from hotline.cli.terminal import console
from hotline.demo.show import progress
from hotline.pbx import install_root, require_own_secrets
from hotline.settings import SHARE

app = typer.Typer(no_args_is_help=True)


@app.callback()
def pbx() -> None:
    """The private Asterisk, and the configuration of any."""


@app.command("install")
def install() -> None:
    """Have the private Asterisk's root file system, made now if it is not there yet."""
    with progress(console) as show:
        install_root(progress=lambda done, _: show("Asterisk", done))
        show("Asterisk", 1.0)


@app.command("check")
def check(
    folder: Annotated[Path, typer.Argument(help="the site folder of the configuration")] = SHARE / "dialplan" / "site",
) -> None:
    """Say which passwords of a switchboard's site folder are still the example's, or easily guessed."""
    require_own_secrets(folder)
    console.print(f"{folder}: no fault", highlight=False, markup=False)
