"""`hotline dialplan`: the switchboard's configuration, as Asterisk itself understands it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from hotline.cli.terminal import console, run
from hotline.demo.show import progress
from hotline.pbx import install_root
from hotline.pbx.dialplan_check import Fault, faults
from hotline.pbx.scratch import require_configuration, scratch_start
from hotline.settings import SHARE, Settings

app = typer.Typer(no_args_is_help=True)

DELIVERED = SHARE / "dialplan"
FAULTY = 1
LINTER = "asterisklint"
"""Looks at extensions.conf as text; GPL, so a program of its own, used where somebody has installed it."""
LINTER_SECONDS = 30.0
UNKNOWN_TO_LINTER = ("StasisBroadcast", "W_WSH_VARSET")
"""What it says of that is no news: an application newer than itself, and blanks around = , which Asterisk allows."""


@app.callback()
def dialplan() -> None:
    """The switchboard's configuration, as Asterisk itself understands it."""


@app.command("check")
def check(
    folder: Annotated[
        Path, typer.Argument(help="dialplan/ with its site/, or /etc/asterisk [default: the one delivered]")
    ] = DELIVERED,
    sounds: Annotated[
        Path | None,
        typer.Option(help="where SOUNDS of site/globals.conf is on this machine [default of dialplan/: as configured]"),
    ] = None,
) -> None:
    """Start an Asterisk with a copy of a configuration, without a network, and name what is wrong with file and line.

    Nothing that runs is touched. Exit status 0: all is well; 1: faults; 2: it can't be tried.
    """
    if sounds is None and folder == DELIVERED:
        sounds = Settings.load().voice.sounds
    require_configuration(folder)  # before an Asterisk is installed for nothing
    with progress(console) as show:
        root = install_root(progress=lambda done, _: show("Asterisk", done))
    found = run(_tried(folder, root, sounds and sounds.resolve()))
    for fault in found:
        print(f"{folder}/{fault}" if fault.counts else f"hint: {folder}/{fault}")
    for hint in _linted(folder):
        print(f"hint: {hint}")
    wrong = sum(fault.counts for fault in found)
    if wrong:
        console.print(f"{wrong} fault" + ("s" if wrong > 1 else ""))
        raise typer.Exit(FAULTY)
    console.print(f"{folder}: no fault", highlight=False, markup=False)


async def _tried(folder: Path, root: Path | None, sounds: Path | None) -> list[Fault]:
    with tempfile.TemporaryDirectory(prefix="hotline-dialplan-") as scratch:
        async with scratch_start(folder, root, Path(scratch)) as started:
            return await faults(started, sounds)


def _linted(folder: Path) -> list[str]:
    program = shutil.which(LINTER)
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, "dialplan-check", "extensions.conf"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=LINTER_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return [f"{LINTER} could not look at {folder}"]
    said = [line for line in done.stdout.splitlines() if not any(known in line for known in UNKNOWN_TO_LINTER)]
    return [f"{folder}/{line} ({LINTER})" for line in said if line]
