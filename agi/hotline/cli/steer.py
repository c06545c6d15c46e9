"""`hotline drain` and `resume`: a running process takes no more calls, or takes them again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from hotline.cli.terminal import console, run
from hotline.console import ProcessAway, ask, processes

if TYPE_CHECKING:
    from hotline.console import Process

app = typer.Typer()

LOOK = 0.5
"""Seconds between two looks at the calls that are left."""
CALLS_LEFT = 1
"""Exit status when there are still calls after the time to wait."""
Name = Annotated[str, typer.Argument(help="its HOTLINE_ARI__APP [default: the only one there is]", show_default=False)]


@app.command("drain")
def drain(
    name: Name = "",
    wait: Annotated[float, typer.Option(min=0, max=3600, help="seconds to wait until no call is left")] = 0.0,
) -> None:
    """Have a running process take no more calls; those it has go on, and it stays there until it is told to resume.

    New calls go to the other processes, or hear the fallback. For its user, and root, on its own machine.
    """
    if run(_drained(_chosen(name), wait)):
        raise typer.Exit(CALLS_LEFT)


@app.command("resume")
def resume(name: Name = "") -> None:
    """Have a drained process take calls again."""
    process = _chosen(name)
    run(ask(process, "resume"))
    console.print(f"{process.name} takes calls again", highlight=False)


def _chosen(name: str) -> Process:
    there = processes()
    found = [process for process in there if name in {"", process.name}]
    if not there:
        raise ProcessAway("no process of the application runs on this machine")
    if len(found) != 1:
        names = ", ".join(f"{process.name} (user id {process.user})" for process in there)
        raise ProcessAway(f"name one process of the application; on this machine there are: {names}")
    return found[0]


async def _drained(process: Process, seconds: float) -> int:
    """Have it drained; return how many calls are left after `seconds`, if somebody waits for them."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    state = await ask(process, "drain")
    while state.calls and loop.time() < until:
        await asyncio.sleep(LOOK)
        state = await ask(process, "state")
    console.print(f"{process.name} takes no more calls; calls left: {state.calls}", highlight=False)
    return state.calls if seconds else 0
