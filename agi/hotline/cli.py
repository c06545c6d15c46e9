"""The `hotline` command: thin commands over the rooms."""

from __future__ import annotations

import logging
import sys
from collections.abc import Coroutine  # noqa: TC003 - used in an annotation typer does not see
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console

from hotline import logs
from hotline.ari import AriError
from hotline.demo.first_call import DemoFailed
from hotline.demo.first_call import demo as ring_twice
from hotline.demo.house import prompts
from hotline.demo.run import run as keep_up
from hotline.demo.run_folder import FolderUnsafe
from hotline.demo.show import progress
from hotline.dialogue.vocabulary import PROMPTS
from hotline.menu import MenuError, load
from hotline.pbx import PbxUnavailable, SiteError, install_root
from hotline.phone import PhoneError
from hotline.processes import ChildFailed, MissingProgram
from hotline.prompts import PromptsError, Script
from hotline.records import MigrationFailed, RecordsUnavailable
from hotline.service import serving, stop_signal, stopped_or_ended
from hotline.settings import SCRIPT, Settings, SettingsError

SET_UP_WRONG = 2
"""Exit status when a setting, a file or a part of the system is not as it must be."""

TROUBLE = (
    AriError,
    ChildFailed,
    FolderUnsafe,
    MenuError,
    MigrationFailed,
    MissingProgram,
    PbxUnavailable,
    PhoneError,
    PromptsError,
    RecordsUnavailable,
    SettingsError,
    SiteError,
)
"""What is told in one line each, without a traceback: it is not our fault, and somebody can do something about it."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
pbx = typer.Typer(no_args_is_help=True, help="The private Asterisk.")
menu = typer.Typer(no_args_is_help=True, help="The menu as data.")
sounds = typer.Typer(no_args_is_help=True, help="The prompts.")
settings = typer.Typer(no_args_is_help=True, help="The settings.")
app.add_typer(pbx, name="pbx")
app.add_typer(menu, name="menu")
app.add_typer(sounds, name="sounds")
app.add_typer(settings, name="settings")
console = Console()


@app.callback()
def hotline() -> None:
    """Phone self-service that re-issues a citizen's VssID password."""


@app.command()
def demo(out: Annotated[Path, typer.Option(help="folder for what was heard")] = Path("out/demo")) -> None:
    """Bring everything up, ring it twice with a softphone, and prove that the password heard signs in."""
    logs.configure(logging.WARNING)
    out.mkdir(parents=True, exist_ok=True)
    _run(ring_twice(Settings.load(), console, out))


@app.command()
def run(address: Annotated[str, typer.Option(help="where SIP listens")] = "127.0.0.1") -> None:
    """Bring everything up for testers with softphones, until Ctrl-C."""
    _run(keep_up(Settings.load(), console, address))


@app.command()
def serve() -> None:
    """Take calls from the Asterisk and with the database of the settings, until stopped."""

    async def until_stopped() -> None:
        stop = stop_signal()
        async with serving(Settings.load()) as task:
            await stopped_or_ended(stop, task)

    _run(until_stopped())


@pbx.command("install")
def pbx_install() -> None:
    """Have the private Asterisk's root file system, made now if it is not there yet."""
    with progress(console) as show:
        install_root(progress=lambda done, _: show("Asterisk", done))
        show("Asterisk", 1.0)


@menu.command("check")
def menu_check() -> None:
    """Say every fault of the menu, with file and line."""
    at = Settings.load().menu
    load(at, Script.load(SCRIPT, required=PROMPTS).prompts)
    console.print(f"{at}: no fault")


@sounds.command("build")
def sounds_build() -> None:
    """Make the sounds that are not made yet, or whose words or voice changed."""
    with progress(console) as show:
        prompts(Settings.load(), show)


@settings.command("check")
def settings_check() -> None:
    """Say every setting that has a value that is not allowed."""
    Settings.load()
    console.print("no fault")


def _run(work: Coroutine[Any, Any, None]) -> None:
    uvloop.run(work)


def main() -> None:
    """Run the command; what is wrong with settings or system ends in one clear line and exit status 2."""
    logs.configure(logging.INFO)
    try:
        app()
    except TROUBLE as trouble:
        print(f"hotline: {trouble}", file=sys.stderr)
        sys.exit(SET_UP_WRONG)
    except KeyboardInterrupt:
        sys.exit(130)
    except DemoFailed as failed:
        print(f"hotline: the demo failed: {failed}", file=sys.stderr)
        sys.exit(1)
