"""`hotline status`: switchboard, processes, database and prompts at a glance."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer
from rich.live import Live
from rich.table import Table

from hotline.cli.reach import take_over_run
from hotline.cli.terminal import console, run
from hotline.console import ProcessAway, State, ask, processes
from hotline.dialogue.vocabulary import PROMPTS
from hotline.pbx import PbxUnavailable
from hotline.pbx.health import Health, applications, health
from hotline.prompts import Library, PromptsError, Script
from hotline.records import Database, RecordsUnavailable
from hotline.settings import SCRIPT, Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

T = TypeVar("T")

app = typer.Typer()

NOT_WELL = 1
"""Exit status when something is not as it must be."""
IDLE = frozenset({"UNAVAILABLE", "NOT_INUSE"})
EVERY = 2.0
"""Seconds between two looks of --watch."""


class Status(msgspec.Struct, frozen=True):
    """All that is looked at.

    Attributes:
        faults: what is not as it must be, a sentence each; nothing where all is well.
        processes: the application's on this machine, by name.
        applications: names that are connected to the switchboard.
        switchboard: as it says itself; None where it is not asked, or does not answer.
        database_ms: milliseconds of a question to the database; None where it does not answer.
        prompts: how many can be played.
    """

    faults: list[str]
    processes: dict[str, State]
    applications: list[str]
    switchboard: Health | None
    database_ms: float | None
    prompts: int


@app.command("status")
def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="look again every two seconds, until Ctrl-C")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, once")] = False,
) -> None:
    """Show switchboard, processes, database and prompts: of the settings, or of the `hotline run` that is up.

    Exit status 0: all is well; 1: something is not.
    """
    take_over_run()
    settings = Settings.load()
    if watch:
        run(_watched(settings))
        return
    found = run(look(settings))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        console.print(drawn(found))
    if found.faults:
        raise typer.Exit(NOT_WELL)


async def _watched(settings: Settings) -> None:
    with Live(console=console, auto_refresh=False, screen=True) as live:
        while True:
            live.update(drawn(await look(settings)), refresh=True)
            await asyncio.sleep(EVERY)


async def look(settings: Settings) -> Status:
    """Look at everything at once; takes a few seconds where something does not answer."""
    faults: list[str] = []

    async def tried(question: Awaitable[T], otherwise: T) -> T:
        try:
            return await question
        except (PbxUnavailable, ProcessAway, PromptsError) as fault:
            faults.append(str(fault))
        except RecordsUnavailable as away:
            faults.append(f"the database does not answer: {away.__cause__ or away}")
        return otherwise

    by_ari = settings.ari.by_http
    by_ami = bool(settings.ami.password.get_secret_value())
    states, names, switchboard, milliseconds, prompts = await asyncio.gather(
        _states(faults),
        tried(applications(settings.ari), []) if by_ari else _nothing([]),
        tried(health(settings.ami), None) if by_ami else _nothing(None),
        tried(_database(settings), None),
        tried(asyncio.to_thread(_prompts, settings), 0),
    )
    if by_ari and not names and not any("ARI" in fault for fault in faults):
        faults.append("no application is connected to the switchboard: callers hear the fallback")
    return Status(faults, states, names, switchboard, milliseconds, prompts)


async def _nothing(value: T) -> T:
    return value


async def _states(faults: list[str]) -> dict[str, State]:
    states = {}
    for process in processes():
        try:
            states[process.name] = await ask(process, "state")
        except ProcessAway as away:
            faults.append(str(away))
    if not states:
        faults.append("no process of the application answers on this machine")
    for name, state in states.items():
        faults += [f"{name}: {part} {why}" for part, why in state.faults.items()]
    return states


async def _database(settings: Settings) -> float | None:
    async with Database(settings.database) as database:
        began = time.perf_counter()
        async with database.transaction() as connection:
            await connection.fetchval("SELECT 1")
        return round(1000 * (time.perf_counter() - began), 1)


def _prompts(settings: Settings) -> int:
    script = Script.load(SCRIPT, required=PROMPTS)
    Library.open(settings.voice.sounds, script)
    return len(script.prompts)


def _endpoints(states: Mapping[str, str]) -> str:
    """Name those in use; the others are many."""
    busy = [f"{name} {state}" for name, state in sorted(states.items()) if state not in IDLE]
    idle = Counter(state for state in states.values() if state in IDLE)
    return ", ".join([*busy, *(f"{count} {state}" for state, count in idle.items())]) or "none"


def drawn(found: Status) -> Table:
    """Return it for people."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(style="bold")
    for name, state in found.processes.items():
        ready = "[green]ready[/]" if state.ready else "[yellow]draining[/]" if state.draining else "[red]not ready[/]"
        calls = f"{state.calls} of {state.calls_at_once} calls, {state.waiting} waiting in queues"
        table.add_row(f"process {name}", f"{ready}, {calls}, process id {state.pid}")
        if state.refusals:
            refusals = ", ".join(f"{count} {kind}" for kind, count in sorted(state.refusals.items()))
            table.add_row("refused, last hour", f"[yellow]{refusals}[/]")
    table.add_row("connected", ", ".join(found.applications) or "–")
    board = found.switchboard
    if board is None:
        table.add_row("switchboard", "– (HOTLINE_AMI__PASSWORD)")
    else:
        table.add_row("switchboard", f"Asterisk {board.version.partition('+')[0]}, since {board.since}")
        states = ", ".join(f"{count} {state}" for state, count in board.channels.items())
        longest = f"; channels: {states}, the longest {board.longest}" if states else ""
        table.add_row("calls", f"{board.calls} now, {board.calls_so_far} so far{longest}")
        table.add_row("endpoints", _endpoints(board.endpoints))
        table.add_row("registered", ", ".join(board.registered) or "none")
    table.add_row("database", "[red]away[/]" if found.database_ms is None else f"answers in {found.database_ms} ms")
    table.add_row("prompts", f"{found.prompts} there" if found.prompts else "[red]missing[/]")
    for fault in found.faults:
        table.add_row("[red]fault[/]", fault)
    return table
