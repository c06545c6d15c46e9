"""`hotline serve`, `run` and `demo`: the hotline itself, alone or with all around it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from hotline import logs
from hotline.cli.terminal import console, run
from hotline.demo.first_call import demo as ring_twice
from hotline.demo.run import run as keep_up
from hotline.memory import never_dump
from hotline.service import serving, stop_signal, stopped_or_ended
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


@app.command("serve")
def serve() -> None:
    """Take calls from the Asterisk and with the database of the settings, until stopped.

    SIGTERM or Ctrl-C: no more calls are taken, and those there are may end; a second one ends them with an apology.
    """
    never_dump()

    async def until_stopped() -> None:
        stop = stop_signal()
        settings = Settings.load()
        async with serving(settings) as running:
            await stopped_or_ended(stop, running.task)
            stop.clear()
            await running.drain(settings.call.drain_seconds, hurry=stop)

    run(until_stopped())
