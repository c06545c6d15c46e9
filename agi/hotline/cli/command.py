"""The `hotline` command as a whole: its groups, and how trouble is told."""

from __future__ import annotations

import logging
import sys

import typer

from hotline import logs
from hotline.ari import AriError
from hotline.cli import alarms, calls, limits, members, menu, pbx, peppers, records, service, settings, sounds
from hotline.demo.first_call import DemoFailed
from hotline.demo.run_folder import FolderUnsafe
from hotline.desk import NumberMalformed, OperatorRefused
from hotline.doors import DoorUnavailable
from hotline.members import RegisterError
from hotline.menu import MenuError
from hotline.pbx import PbxUnavailable, SiteError
from hotline.phone import PhoneError
from hotline.processes import ChildFailed, MissingProgram
from hotline.prompts import PromptsError
from hotline.records import MigrationFailed, NotPermitted, RecordsUnavailable, SchemaUnfit
from hotline.settings import SettingsError

SET_UP_WRONG = 2
"""Exit status when a setting, a file, a part of the system or what was asked for is not as it must be."""

TROUBLE = (
    AriError,
    ChildFailed,
    DoorUnavailable,
    FileExistsError,
    FolderUnsafe,
    MenuError,
    MigrationFailed,
    MissingProgram,
    NotPermitted,
    NumberMalformed,
    OperatorRefused,
    PbxUnavailable,
    PhoneError,
    PromptsError,
    RegisterError,
    SchemaUnfit,
    SettingsError,
    SiteError,
)
"""What is told in one line each, without a traceback: it is not our fault, and somebody can do something about it."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(service.app)
app.add_typer(pbx.app, name="pbx")
app.add_typer(menu.app, name="menu")
app.add_typer(sounds.app, name="sounds")
app.add_typer(settings.app, name="settings")
app.add_typer(members.app, name="members")
app.add_typer(calls.app)
app.add_typer(records.app, name="records")
app.add_typer(limits.app, name="limits")
app.add_typer(alarms.app, name="alarms")
app.add_typer(peppers.app)


@app.callback()
def hotline() -> None:
    """Phone self-service that re-issues a citizen's VssID password."""


def _without_database(away: RecordsUnavailable) -> str:
    """Return what Postgres or the network said, which names the address or the user but no password."""
    said = " ".join(str(away.__cause__ or "").split()) or str(away)
    return f"the database can't be used: {said}; HOTLINE_DATABASE__DSN says which one, and as whom"


def main() -> None:
    """Run the command; what is wrong with settings or system ends in one clear line and exit status 2."""
    logs.configure(logging.INFO)
    try:
        app()
    except TROUBLE as trouble:
        print(f"hotline: {trouble}", file=sys.stderr)
        sys.exit(SET_UP_WRONG)
    except RecordsUnavailable as away:
        print(f"hotline: {_without_database(away)}", file=sys.stderr)
        sys.exit(SET_UP_WRONG)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as refused:
        if refused.filename is None:
            raise
        print(f"hotline: {refused.filename}: {refused.strerror}", file=sys.stderr)
        sys.exit(SET_UP_WRONG)
    except KeyboardInterrupt:
        sys.exit(130)
    except DemoFailed as failed:
        print(f"hotline: the demo failed: {failed}", file=sys.stderr)
        sys.exit(1)
