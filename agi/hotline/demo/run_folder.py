"""A folder for one run, and the clearing of what killed runs left behind."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class FolderUnsafe(Exception):
    """The folder of all runs belongs to somebody else."""


def name() -> str:
    """Return the name of this user's folders; by login name, as in a user namespace everybody has the same id."""
    return f"vssid-hotline-{getpass.getuser()}"


def runs() -> Path:
    """Return the folder that holds the folders of this user's runs; short, as socket paths have 107 bytes at most."""
    return Path(tempfile.gettempdir()) / name()


def live_runs() -> list[Path]:
    """Return the folders of this user's runs that are up."""
    home = runs()
    if not home.is_dir() or home.is_symlink() or home.stat().st_uid != os.geteuid():
        return []
    return [folder for folder in home.iterdir() if _held(folder)]


def _held(folder: Path) -> bool:
    """Return whether a run holds the lock on `folder`."""
    try:
        with _locked(folder, wait=False):
            return False
    except BlockingIOError:
        return True
    except FileNotFoundError:  # it has just ended
        return False


@contextlib.contextmanager
def run_folder() -> Iterator[Path]:
    """Yield an empty folder, gone after the block; before that, clear the folders of runs that were killed.

    A run holds a lock on its folder as long as it lives, so a folder without one was left behind.

    Raises:
        FolderUnsafe: somebody else made the folder of all runs.
    """
    home = runs()
    home.mkdir(mode=0o700, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.geteuid():
        raise FolderUnsafe(f"{home} belongs to somebody else; remove it")
    with _locked(home):
        for left in home.iterdir():
            with contextlib.suppress(BlockingIOError), _locked(left, wait=False):
                shutil.rmtree(left)
        folder = Path(tempfile.mkdtemp(prefix="", dir=home))
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@contextlib.contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
