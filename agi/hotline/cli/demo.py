"""`hotline demo` and `run`: the hotline with all around it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from hotline import logs
from hotline.cli.terminal import console, run
from hotline.demo.first_call import demo as ring_twice
from hotline.demo.run import run as keep_up
from hotline.settings import Settings

app = typer.Typer()


@app.command("demo")
def demo(out: Annotated[Path, typer.Option(help="folder for what was heard")] = Path("out/demo")) -> None:
    """Bring everything up, ring it twice with a softphone, and prove that the password heard signs in."""
    logs.configure(logging.WARNING)
    out.mkdir(parents=True, exist_ok=True)
    run(ring_twice(Settings.load(), console, out))


@app.command("run")
def run_house(address: Annotated[str, typer.Option(help="where SIP listens")] = "127.0.0.1") -> None:
    """Bring everything up for testers with softphones, until Ctrl-C."""
    run(keep_up(Settings.load(), console, address))
