"""Who listens: an offline recogniser of Vietnamese, or a stand-in for it."""

from __future__ import annotations

import os
import re
import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import soxr  # type: ignore[import-untyped]

from hotline.processes import MissingProgram
from hotline.prompts.audio import LINE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RECOGNISER: Final = "viet-asr==0.1.0.dev11"
_RATE = 16_000
_AFTER_SECONDS = 0.8
"""Of silence after a reading: the line stays open, and without it the recogniser drops a last word now and then."""
_SPELLINGS = {"bẩy": "bảy"}
"""Words that are written in two ways and said in one."""


class Ear(Protocol):
    """Something that hears words."""

    def words(self, samples: NDArray[np.int16]) -> list[str]:
        """Return the words heard in `samples` (8 kHz), in order, in small letters."""


class Recogniser:
    """viet-asr, of the extra `ear`: its wheel has the model in it, so nothing is fetched when it is used."""

    def __init__(self) -> None:
        """Load the model, which takes a second.

        Raises:
            MissingProgram: it is not installed.
        """
        with _quiet():
            try:
                from vietasr import Pipeline  # noqa: PLC0415 - an optional extra
            except ImportError:
                raise MissingProgram(
                    f"the recogniser is not installed: .venv/bin/pip install '{RECOGNISER}' (or the extra `ear`)"
                ) from None
            self._pipeline = Pipeline.new().add("vietasr").build()

    def words(self, samples: NDArray[np.int16]) -> list[str]:
        """Return the words heard in `samples` (8 kHz), in order, in small letters."""
        heard = np.pad(samples, (0, round(_AFTER_SECONDS * LINE_RATE))).astype(np.float32)
        sound = soxr.resample(heard, LINE_RATE, _RATE, quality="VHQ").clip(-32768, 32767).astype(np.int16)
        return spelt(self._pipeline.transcribe(sound, _RATE).text)


def spelt(text: str) -> list[str]:
    """Return the words of `text` in small letters, each in one spelling."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text).lower())
    return [_SPELLINGS.get(word, word) for word in words]


@contextmanager
def _quiet() -> Iterator[None]:
    """Send to nowhere what the recogniser's library writes on standard error as it loads."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
