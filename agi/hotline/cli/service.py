"""`hotline serve`: the application alone."""

from __future__ import annotations

import logging

import typer

from hotline import logs
from hotline.cli.terminal import run
from hotline.console import control
from hotline.memory import never_dump
from hotline.pbx.refusals import counted_refusals
from hotline.service import serving, stop_signal, stopped_or_ended
from hotline.settings import Settings
from hotline.supervision import supervised

app = typer.Typer()


@app.command("serve")
def serve() -> None:
    """Take calls from the Asterisk and with the database of the settings, until stopped.

    SIGTERM or Ctrl-C: no more calls are taken, and those there are may end; a second one ends them with an apology.
    """
    never_dump()

    async def until_stopped() -> None:
        stop = stop_signal()
        settings = Settings.load()
        logs.configure(logging.INFO, form=settings.log.form)
        async with (
            serving(settings) as running,
            counted_refusals(settings.ami) as refusals,
            control(settings.ari.app, running.steering(refusals.last_hour)),
            supervised(),
        ):
            await stopped_or_ended(stop, running.task)
            stop.clear()
            await running.drain(settings.call.drain_seconds, hurry=stop)

    run(until_stopped())
