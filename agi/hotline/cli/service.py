"""`hotline serve`: the application alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import structlog
import typer

from hotline import logs
from hotline.cli.terminal import run
from hotline.console import control
from hotline.memory import never_dump
from hotline.pbx.refusals import counted_refusals
from hotline.service import serving, stop_signal, stopped_or_ended
from hotline.settings import Settings
from hotline.supervision import supervised

if TYPE_CHECKING:
    from collections.abc import Iterator

app = typer.Typer()
log = structlog.get_logger()


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
        async with contextlib.AsyncExitStack() as stack:
            with _given_up_on(stop):
                running = await stack.enter_async_context(serving(settings))
                refusals = await stack.enter_async_context(counted_refusals(settings.ami))
                await stack.enter_async_context(control(settings.ari.app, running.steering(refusals.last_hour)))
                await stack.enter_async_context(supervised())
            await stopped_or_ended(stop, running.task)
            stop.clear()
            await running.drain(settings.call.drain_seconds, hurry=stop)

    try:
        run(until_stopped())
    except _StoppedBefore:
        log.info("service_stopped", why="before calls could come")


class _StoppedBefore(Exception):
    """Stopped while it was starting."""


@contextlib.contextmanager
def _given_up_on(stop: asyncio.Event) -> Iterator[None]:
    """Cut the block short on `stop`: calls can't come while Asterisk is away, and that may last for ever."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - it is the command's own

    async def watch() -> None:
        await stop.wait()
        task.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        raise _StoppedBefore from None
    finally:
        watching.cancel()
