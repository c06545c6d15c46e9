"""espeak-ng by way of pyttsx3, in a process of its own: see `speaker.py` for why.

What espeak-ng said before goes on in what it says next, and setting the voice anew does not end that: the same texts in
the same order give the same samples every time, but one text alone gives others, and a few more or fewer, than among
many. So a prompt built alone differs from the same prompt of a whole build, though nobody hears it. `espeak_engine.py`,
with a process for each text, knows no before.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import soundfile

from hotline.prompts import audio
from hotline.prompts.errors import VoiceFailed
from hotline.prompts.language import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from hotline.prompts.language import Language

TIME_LIMIT = 20.0  # seconds for one prompt or for the start; the longest prompt takes 0.1 s, the start 1 s
PITCH_RANGE = 50  # of espeak-ng itself
_LIBRARY = "libespeak-ng.so.1"
_SPEAKER = (sys.executable, "-m", "hotline.prompts.speaker")


class Pyttsx3Engine:
    """pyttsx3 with its driver espeak."""

    def __init__(
        self,
        voice: str,
        rate: int,
        pitch_range: int = PITCH_RANGE,
        *,
        language: Language = DEFAULT,
        time_limit: float = TIME_LIMIT,
        program: Sequence[str] = _SPEAKER,
    ) -> None:
        """Choose the voice.

        Args:
            voice: a voice of espeak-ng in `language`, as in `vi` or `vi+f3`.
            rate: words a minute.
            pitch_range: how far the tones are apart, 0 to 100.
            language: the one the voice must be of: any other would be spoken with its sounds.
            time_limit: seconds for one text, or for the start.
            program: the command line of the speaking process.
        """
        self._voice, self._rate, self._pitch_range = voice, rate, pitch_range
        self._language = language
        self._time_limit = time_limit
        self._program = program

    @property
    def identity(self) -> str:
        """Voice, rate, pitch range, and the versions of pyttsx3 and espeak-ng.

        Raises:
            VoiceFailed: espeak-ng is not installed.
        """
        try:
            library = ctypes.CDLL(_LIBRARY)
        except OSError:
            raise VoiceFailed(f"{_LIBRARY} is missing: install libespeak-ng1 and espeak-ng-data") from None
        library.espeak_Info.restype = ctypes.c_char_p
        espeak = library.espeak_Info(None).decode()
        versions = f"pyttsx3 {importlib.metadata.version('pyttsx3')}, espeak-ng {espeak}"
        return f"{versions}, {self._voice}, {self._rate}, {self._pitch_range}"

    def speak(self, texts: Iterable[str]) -> Generator[audio.Speech, None, None]:
        """Yield the speech of each text, in order.

        Raises:
            VoiceFailed: it has no such voice, died, or took too long.
        """
        with tempfile.TemporaryDirectory(prefix="hotline-voice-") as folder, self._process(Path(folder)) as speaker:
            speaker.order(
                voice=self._voice,
                rate=self._rate,
                pitch_range=self._pitch_range,
                language=self._language.name,
                family=self._language.espeak,
            )
            path = Path(folder) / "speech.wav"
            for text in texts:
                speaker.order(text=text, path=str(path))
                try:
                    yield audio.read(path)
                except (OSError, soundfile.LibsndfileError):
                    raise VoiceFailed(f"the engine wrote no sound for “{text}”") from None
                path.unlink()

    @contextmanager
    def _process(self, folder: Path) -> Iterator[_Speaker]:
        with (folder / "log").open("w+b") as log:
            # Unbuffered: words still in a buffer when the process dies would turn up as an error of their own.
            process = subprocess.Popen(
                self._program,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
                # espeak-ng opens a sound server's client, which writes into these; they go with the folder.
                env=os.environ | dict.fromkeys(("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"), str(folder)),
            )
            with process:
                try:
                    yield _Speaker(process, log.name, self._time_limit)
                finally:
                    process.kill()


class _Speaker:
    """The speaking process, seen from here: one order, one answer."""

    def __init__(self, process: subprocess.Popen[bytes], log: str, time_limit: float) -> None:
        self._process = process
        self._orders = cast("IO[bytes]", process.stdin)
        self._answers = cast("IO[bytes]", process.stdout)
        self._log = Path(log)
        self._time_limit = time_limit
        self._overdue = False

    def order(self, **order: str | int) -> None:
        """Send an order and wait for its answer.

        Raises:
            VoiceFailed: the answer is a fault, or there is none.
        """
        watch = threading.Timer(self._time_limit, self._too_late)
        watch.start()
        try:
            self._orders.write(json.dumps(order).encode() + b"\n")
            line = self._answers.readline()
        except BrokenPipeError:
            line = b""
        finally:
            watch.cancel()
        if not line:
            raise VoiceFailed(self._end())
        if fault := json.loads(line).get("fault"):
            raise VoiceFailed(fault)

    def _too_late(self) -> None:
        self._overdue = True
        self._process.kill()

    def _end(self) -> str:
        status = self._process.wait()
        if self._overdue:
            return f"the speech engine did not answer within {self._time_limit:g} s"
        said = self._log.read_text(errors="replace").strip().rpartition("\n")[2]
        return f"the speech engine ended with status {status}: {said or 'it said nothing'}"
