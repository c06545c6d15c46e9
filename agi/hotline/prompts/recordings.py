"""Recorded voices: a file named after a prompt takes the place of the engine."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import soundfile

from hotline.prompts import audio
from hotline.prompts.errors import RecordingRefused

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

FORMATS = (".wav", ".flac", ".ogg")
_TEN = 10


def find(folder: Path, ids: Container[str]) -> dict[str, Path]:
    """Return the recordings in `folder` by the id of their clip; files that are no sound are left alone.

    Raises:
        RecordingRefused: a file has the name of no prompt, a prompt has two files, or some digits but not all are
            recorded: a number said by two voices is hard to follow.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in FORMATS:
            continue
        id_ = path.relative_to(folder).with_suffix("").as_posix()
        if id_ not in ids:
            raise refused(path, f"the script has no prompt “{id_}”")
        if id_ in found:
            raise refused(path, f"so is {found[id_].name}: one is enough")
        found[id_] = path
    digits = [id_ for id_ in found if id_.startswith("digits/")]
    if digits and len(digits) != _TEN:
        raise RecordingRefused(f"{folder / 'digits'}: {len(digits)} of ten digits are recorded: all ten or none")
    return found


def digest(path: Path) -> str:
    """Return the SHA-256 of a recording.

    Raises:
        RecordingRefused: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise refused(path, error.strerror or "cannot be read") from None


def read(path: Path) -> audio.Speech:
    """Return the speech of a recording.

    Raises:
        RecordingRefused: it is not a sound file, or cannot be read.
    """
    try:
        return audio.read(path)
    except OSError as error:
        raise refused(path, error.strerror or "cannot be read") from None
    except soundfile.LibsndfileError:
        raise refused(path, "not a sound file") from None


def refused(path: Path, reason: str) -> RecordingRefused:
    """Return the error for the recording at `path`."""
    return RecordingRefused(f"{path}: {reason}")
