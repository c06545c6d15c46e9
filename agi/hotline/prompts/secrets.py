"""A spoken secret as a nameless file in memory, for as long as it is being played.

Asterisk's verbose log prints the name of every file it plays, so the name is random; the folder is on tmpfs, so the
sound reaches no disk; and no error, representation or file name here is made from what is said. How long it takes tells
how many digits there are, not which (`hotline.prompts.reading`).
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hotline.prompts import audio
from hotline.prompts.errors import SecretsUnsafe

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME_BYTES = 18
_MOUNTS = Path("/proc/self/mountinfo")


class SecretClip:
    """A spoken secret that Asterisk can play.

    Attributes:
        path: absolute, without extension; `.alaw` and `.ulaw` lie beside each other.
        seconds: how long it plays.
    """

    __slots__ = ("path", "seconds")

    def __init__(self, path: Path, seconds: float) -> None:
        self.path = path
        self.seconds = seconds

    def __repr__(self) -> str:
        return "<spoken secret>"


class SpokenSecrets:
    """The folder of the spoken secrets.

    Each process has a folder of its own in it, locked while the process lives; so a process clears at its start what
    a dead one left behind, and leaves alone what another one is just playing.
    """

    def __init__(self, folder: Path) -> None:
        """Make `folder` if it is not there, check it, and clear what was left behind.

        Raises:
            SecretsUnsafe: it is not on tmpfs, not ours, open to others, or cannot be used.
        """
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            _check(folder)
            self._own, self._lock = _own_folder(folder.resolve())
        except OSError as error:
            raise SecretsUnsafe(f"{folder}: {error.strerror}") from None

    @contextmanager
    def file(self, alaw: bytes) -> Iterator[SecretClip]:
        """Have `alaw` (A-law audio) as a file under a random name; it is gone afterwards, whatever happens."""
        path = self._own / secrets.token_urlsafe(_NAME_BYTES)
        contents = {".alaw": alaw, ".ulaw": audio.alaw_to_ulaw(alaw)}
        try:
            for extension, content in contents.items():
                _write(path.with_name(path.name + extension), content)
            yield SecretClip(path, audio.seconds(alaw))
        finally:
            for extension in contents:
                path.with_name(path.name + extension).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove this process's folder."""
        shutil.rmtree(self._own, ignore_errors=True)
        os.close(self._lock)


def _check(folder: Path) -> None:
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode):
        raise SecretsUnsafe(f"{folder}: not a folder")
    if state.st_uid != os.geteuid():
        raise SecretsUnsafe(f"{folder}: belongs to another user")
    if stat.S_IMODE(state.st_mode) != 0o700:
        raise SecretsUnsafe(f"{folder}: must be closed to others (mode 0700)")
    if (kind := _file_system(folder.resolve())) != "tmpfs":
        raise SecretsUnsafe(f"{folder}: is on {kind}; it must be on tmpfs, so that no secret reaches a disk")


def _file_system(folder: Path) -> str:
    """Return the kind of file system `folder` (absolute, no links) is on."""
    kind, depth = "an unknown file system", -1
    for line in _MOUNTS.read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        # Spaces and the like in a mount point are written as octal escapes.
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields.split()[4]))
        # The deepest mount point holds the folder; of two at one place, the later covers the earlier.
        if folder.is_relative_to(point) and len(point.parts) >= depth:
            kind, depth = rest.split()[0], len(point.parts)
    return kind


def _own_folder(folder: Path) -> tuple[Path, int]:
    """Clear the folders of dead processes in `folder`, make one for this process and lock it."""
    with _opened(folder) as door:
        # Nobody may clear a folder between its making and its locking.
        fcntl.flock(door, fcntl.LOCK_EX)
        for left in folder.iterdir():
            if left.is_symlink() or not left.is_dir():
                left.unlink()
            elif not _in_use(left):
                shutil.rmtree(left)
        own = folder / secrets.token_urlsafe(_NAME_BYTES)
        own.mkdir(mode=0o700)
        lock = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return own, lock


def _in_use(folder: Path) -> bool:
    with _opened(folder) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
