"""What went wrong, in one line: for what is not our fault, and somebody can do something about."""

from __future__ import annotations

from hotline.ari import AriError
from hotline.console import ConsoleUnavailable, ProcessAway
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
from hotline.publishing import PublishingError
from hotline.records import MigrationFailed, NotPermitted, RecordsUnavailable, SchemaUnfit
from hotline.reports import ReportError
from hotline.settings import SettingsError

FAILED = 1
"""Exit status when all was as it must be and the demo's call went wrong all the same."""
SET_UP_WRONG = 2
"""Exit status when a setting, a file, a part of the system or what was asked for is not as it must be."""

TROUBLE = (
    AriError,
    ChildFailed,
    ConsoleUnavailable,
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
    ProcessAway,
    PromptsError,
    PublishingError,
    RegisterError,
    ReportError,
    SchemaUnfit,
    SiteError,
)
"""What is told in one line each, without a traceback."""


def told(error: Exception) -> tuple[str, int] | None:
    """Return what to tell of `error` and the exit status, or None if it is a fault of ours."""
    match error:
        case RecordsUnavailable():
            # What Postgres or the network said names the address or the user, but no password.
            said = " ".join(str(error.__cause__ or "").split()) or str(error)
            advice = "HOTLINE_DATABASE__DSN says which one, and as whom"
            return f"the database can't be used: {said}; {advice}", SET_UP_WRONG
        case DemoFailed():
            return f"the demo failed: {error}", FAILED
        case SettingsError():
            # A line for each fault.
            return str(error).replace("\n", "\nhotline: "), SET_UP_WRONG
        case _ if isinstance(error, TROUBLE):
            return str(error), SET_UP_WRONG
        case FileNotFoundError() | IsADirectoryError() | NotADirectoryError() | PermissionError() if error.filename:
            return f"{error.filename}: {error.strerror}", SET_UP_WRONG
        case _:
            return None
