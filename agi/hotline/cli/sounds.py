"""`hotline sounds`: the prompts."""

from __future__ import annotations

import typer

from hotline.cli.terminal import console
from hotline.demo.house import prompts
from hotline.demo.show import progress
from hotline.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def sounds() -> None:
    """The prompts."""


@app.command("build")
def build() -> None:
    """Make the sounds that are not made yet, or whose words or voice changed."""
    with progress(console) as show:
        prompts(Settings.load(), show)
