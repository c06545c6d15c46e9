"""Piper, with a voice that the operator brings: a program of its own licence, run beside us and never imported.

The program is `piper` of the package piper-tts (GPL-3.0-or-later; the extra `piper`), or the older one of that name:
both read a text a line, and write a file for each into a folder, named by its time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import soundfile

from hotline.prompts import audio
from hotline.prompts.errors import VoiceFailed

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

OWN_RATE: Final = 140
"""Words a minute at which a voice speaks at the speed it was made with; other rates are slower or faster than that."""
START_SECONDS: Final = 60.0
"""For loading a voice of 20 to 120 MB, from a slow disk."""
TEXT_SECONDS: Final = 10.0
"""For one text: the longest prompt is 20 s of speech, and Piper takes about a tenth of that on one core."""


class PiperEngine:
    """Piper with one voice."""

    def __init__(
        self,
        voice: str,
        rate: int,
        *,
        start_seconds: float = START_SECONDS,
        text_seconds: float = TEXT_SECONDS,
        program: str = "piper",
    ) -> None:
        """Choose the voice.

        Args:
            voice: path of an `.onnx` file, with its `.onnx.json` beside it.
            rate: words a minute, 140 being the voice's own speed.
            start_seconds: time to load the voice in.
            text_seconds: time for each text; all together have the sum.
            program: the command, by name or path; by name, ours beside Python first.
        """
        self._voice, self._rate = Path(voice), rate
        self._start_seconds, self._text_seconds = start_seconds, text_seconds
        self._program = program

    @property
    def identity(self) -> str:
        """Sums of the voice's files, and its speed; not the program's version, which tells little of the sound.

        Raises:
            VoiceFailed: there is no such voice.
        """
        sums = [hashlib.sha256(self._read(path)).hexdigest() for path in (self._voice, self._config)]
        return f"piper, {', '.join(sums)}, {self._length_scale():.3f}"

    def speak(self, texts: Iterable[str]) -> Generator[audio.Speech, None, None]:
        """Yield the speech of each text, in order; the first comes when all are done.

        Raises:
            VoiceFailed: Piper is not installed, has no such voice, failed, or took too long.
        """
        lines = [" ".join(text.split()) for text in texts]
        scale = f"{self._length_scale():.3f}"
        with tempfile.TemporaryDirectory(prefix="hotline-voice-") as folder:
            self._run(["--model", str(self._voice), "--output_dir", folder, "--length_scale", scale], lines)
            paths = sorted(Path(folder).glob("*.wav"), key=lambda path: int(path.stem))
            if len(paths) != len(lines):
                raise VoiceFailed(f"Piper wrote {len(paths)} sounds for {len(lines)} texts")
            for line, path in zip(lines, paths, strict=True):
                try:
                    yield audio.read(path)
                except soundfile.LibsndfileError:
                    raise VoiceFailed(f"Piper wrote no sound for “{line}”") from None

    @property
    def _config(self) -> Path:
        return self._voice.with_name(f"{self._voice.name}.json")

    def _length_scale(self) -> float:
        """Return how much longer than it was trained each sound is to be."""
        try:
            own = json.loads(self._read(self._config)).get("inference", {}).get("length_scale", 1.0)
            return float(own) * OWN_RATE / self._rate
        except (AttributeError, TypeError, ValueError):
            raise VoiceFailed(f"{self._config}: not the description of a Piper voice") from None

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise VoiceFailed(f"Piper voice {path}: {error.strerror}") from None

    def _run(self, arguments: list[str], lines: list[str]) -> None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        program = shutil.which(self._program, path=path)
        if program is None:
            raise VoiceFailed("Piper is not installed: `pip install piper-tts` (the extra `piper`)")
        limit = self._start_seconds + self._text_seconds * len(lines)
        try:
            done = subprocess.run(
                [program, *arguments],
                input="".join(f"{line}\n" for line in lines),
                capture_output=True,
                text=True,
                encoding="utf-8",
                env=os.environ | {"PYTHONUTF8": "1"},
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise VoiceFailed(f"Piper was not done with {len(lines)} texts within {limit:g} s") from None
        if done.returncode:
            said = done.stderr.strip().rpartition("\n")[2]
            raise VoiceFailed(f"Piper ended with status {done.returncode}: {said or 'it said nothing'}")
