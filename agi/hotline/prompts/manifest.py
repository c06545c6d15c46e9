"""What was built, beside what was built: for each clip what it was made from, and the sums of its files."""

from __future__ import annotations

import fcntl
import hashlib
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from hotline.prompts.audio import EXTENSIONS
from hotline.prompts.errors import SoundsUnwritable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_NAME = "manifest.json"
_LOCK = ".lock"


class Spoilt(Exception):
    """A sound file is not the one that was built."""


class Entry(msgspec.Struct, frozen=True):
    """One clip.

    Attributes:
        key: digest of everything that decided how it sounds; another key means it is to be built again.
        words: what it says; empty for a recorded voice, whose words only people know.
        sums: SHA-256 of each of its files, by extension.
    """

    key: str
    words: str
    sums: dict[str, str]

    @classmethod
    def write(cls, base: Path, files: Mapping[str, bytes], *, key: str, words: str) -> Entry:
        """Write the files of a clip at `base` (a path without extension) and return its entry."""
        for extension, content in files.items():
            replace(base.with_name(f"{base.name}.{extension}"), content)
        return cls(key, words, {extension: _sum(content) for extension, content in files.items()})

    def read(self, base: Path) -> dict[str, bytes]:
        """Return the content of the files at `base`, by extension; each is as it was built.

        Raises:
            Spoilt: a file is missing, unreadable, or not as it was built; the message names it.
        """
        contents = {}
        for extension in EXTENSIONS:
            path = base.with_name(f"{base.name}.{extension}")
            try:
                contents[extension] = path.read_bytes()
            except OSError as error:
                raise Spoilt(f"{path}: {error.strerror}") from None
            if _sum(contents[extension]) != self.sums.get(extension):
                raise Spoilt(f"{path}: not as it was built")
        return contents


class Manifest(msgspec.Struct):
    """All clips of a folder, by id."""

    entries: dict[str, Entry]

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read the manifest of `folder`; an empty one where there is none, or none that can be understood."""
        try:
            return msgspec.json.decode((folder / _NAME).read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError):
            return cls({})

    def save(self, folder: Path) -> None:
        """Write it to `folder`."""
        replace(folder / _NAME, msgspec.json.format(msgspec.json.encode(self)))


def replace(path: Path, content: bytes) -> None:
    """Write `path` so that a reader sees the old file or the new one, never part of one.

    Raises:
        SoundsUnwritable: it cannot be written.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        raise SoundsUnwritable(f"{path}: {error.strerror}") from None


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Make `folder`, wait until nobody reads or writes its manifest, and keep others out.

    Raises:
        SoundsUnwritable: it cannot be made or written.
    """
    try:
        (folder / "digits").mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("w")
    except OSError as error:
        raise SoundsUnwritable(f"{folder}: {error.strerror}") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Wait until nobody writes to `folder`; where there is no lock to read, nothing was ever built."""
    with ExitStack() as stack:
        with suppress(OSError):
            fcntl.flock(stack.enter_context((folder / _LOCK).open()), fcntl.LOCK_SH)
        yield


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
