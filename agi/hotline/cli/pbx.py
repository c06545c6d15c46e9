"""`hotline pbx`: the private Asterisk."""

from __future__ import annotations

import typer

from hotline.cli.terminal import console
from hotline.demo.show import progress
from hotline.pbx import install_root

app = typer.Typer(no_args_is_help=True)


@app.callback()
def pbx() -> None:
    """The private Asterisk."""


@app.command("install")
def install() -> None:
    """Have the private Asterisk's root file system, made now if it is not there yet."""
    with progress(console) as show:
        install_root(progress=lambda done, _: show("Asterisk", done))
        show("Asterisk", 1.0)
