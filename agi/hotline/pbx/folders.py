"""The folders of an Asterisk of our own: all that it writes lies in one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hotline.pbx.errors import PbxUnavailable

FOLDERS: Final = ("etc", "db", "run", "log", "spool")
"""Those in its run folder, to be made before it starts."""


def directories(run: Path, root: Path | None) -> str:
    """Return the section of asterisk.conf that has an Asterisk keep to the run folder `run`.

    Raises:
        PbxUnavailable: there is no Asterisk in `root`.
    """
    folders = {
        "astetcdir": run / "etc",
        "astmoddir": _modules_folder(root),
        "astvarlibdir": run / "db",
        "astdbdir": run / "db",
        "astkeydir": run / "db",
        "astdatadir": "/usr/share/asterisk",
        "astagidir": "/usr/share/asterisk/agi-bin",
        "astspooldir": run / "spool",
        "astrundir": run / "run",
        "astlogdir": run / "log",
    }
    return "[directories]\n" + "".join(f"{name} = {folder}\n" for name, folder in folders.items())


def _modules_folder(root: Path | None) -> Path:
    """Return where the modules lie inside the root: Debian has a folder for each architecture."""
    top = root or Path("/")
    for folder in (*top.glob("usr/lib/*/asterisk/modules"), top / "usr/lib/asterisk/modules"):
        if folder.is_dir():
            return Path("/") / folder.relative_to(top)
    raise PbxUnavailable(f"there is no Asterisk in {top}")
