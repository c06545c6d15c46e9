"""The `hotline` command as a whole: its groups, each imported when it is asked for."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import TYPE_CHECKING

import typer
from typer.core import TyperGroup

from hotline import logs

if TYPE_CHECKING:
    from typer._click import Command, Context

MODULES = {
    "demo": "demo",
    "run": "demo",
    "serve": "service",
    "pbx": "pbx",
    "status": "status",
    "drain": "steer",
    "resume": "steer",
    "dialplan": "dialplan",
    "phones": "phones",
    "call": "call",
    "menu": "menu",
    "sounds": "sounds",
    "settings": "settings",
    "members": "members",
    "canary": "canary",
    "calls": "calls",
    "report": "calls",
    "records": "records",
    "limits": "limits",
    "alarms": "alarms",
    "peppers": "peppers",
}
"""The module of `hotline.cli` that has a command or a group of commands, by its name; in the order of the help."""


class _Lazy(TyperGroup):
    """Commands whose modules, and with them the rooms they need, are imported only for who asks for them."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Return all names."""
        del ctx
        return list(MODULES)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Return the command or group of this name, None if there is none."""
        del ctx
        if cmd_name not in MODULES:
            return None
        group = typer.main.get_group(importlib.import_module(f"hotline.cli.{MODULES[cmd_name]}").app)
        group.name = cmd_name
        return group.commands.get(cmd_name, group)


app = typer.Typer(cls=_Lazy, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def hotline() -> None:
    """Phone self-service that re-issues a citizen's VssID password."""


def main() -> None:
    """Run the command; what is wrong with settings or system ends in one clear line and exit status 2."""
    logs.configure(logging.INFO)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # It knows the errors of every room, so it is imported only for them.
        from hotline.cli.trouble import told  # noqa: PLC0415

        trouble = told(error)
        if trouble is None:
            raise
        print(f"hotline: {trouble[0]}", file=sys.stderr)
        sys.exit(trouble[1])
