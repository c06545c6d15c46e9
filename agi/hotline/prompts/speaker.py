"""The process that speaks: `python -m hotline.prompts.speaker`, one voice for its whole life.

It reads JSON lines from standard input and answers each with one on standard output: first `{"voice", "rate",
"pitch_range", "language", "family"}`, then any number of `{"text", "path"}`; an answer is `{}`, or `{"fault":
sentence}`. It ends with its input.

pyttsx3 2.99 (driver espeak) needs this process to itself. It prints on standard output. Its first run returns before
the file exists, so a first utterance is spoken to be thrown away. A property set right after a run may arrive late and
what it reports as the rate is the default one, so both are read back from the library. A voice it does not have leaves
the English one in place, silently. The end of an utterance is told by the thread that speaks, before it has left
pyttsx3's queue, which knows no threads: on a busy machine an utterance was once seen to come out empty. And a file it
cannot write makes it wait for ever: hence the alarm.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

LINE_SECONDS = 30  # for one line; the longest prompt takes 0.1 s
_SETTLE_SECONDS = 1.0  # until a property that was set must be seen; 0.3 s is the most it was seen to take
_POLL_SECONDS = 0.001


class _Wrong(Exception):
    """What was asked for cannot be spoken."""


class Speaker:
    """pyttsx3 with one voice, which must be of the family by which espeak-ng identifies those of `language`."""

    def __init__(self, voice: str, rate: int, pitch_range: int, *, language: str, family: str) -> None:
        import pyttsx3  # noqa: PLC0415 - it loads the C library, which may fail or hang: only under the alarm
        from pyttsx3.drivers import _espeak  # noqa: PLC0415

        # pyttsx3 has no way to ask for phonemes in [[ ]]; it makes its flags of this one at each text.
        _espeak.CHARS_UTF8 |= _espeak.PHONEMES
        self._espeak = _espeak
        self._voice, self._language, self._family = voice, language, family
        self._figures = {_espeak.RATE: ("rate", rate), _espeak.RANGE: ("pitch range", pitch_range)}
        self._finished = threading.Event()
        self._engine = pyttsx3.init("espeak")
        self._engine.connect("finished-utterance", lambda **_: self._finished.set())
        self._set()
        with tempfile.TemporaryDirectory(prefix="hotline-speaker-") as folder:
            self._speak("một", Path(folder) / "first.wav")
        self._settle()

    def speak(self, text: str, path: Path) -> None:
        """Write `text` as a 22,050 Hz mono WAV file.

        Raises:
            _Wrong: voice or rate are no longer those asked for, or there is no file.
        """
        if fault := self._fault():
            raise _Wrong(fault)
        self._speak(text, path)
        if not path.is_file():
            raise _Wrong(f"nothing was written for “{text}”")

    def _set(self) -> None:
        self._engine.setProperty("voice", self._voice)
        for parameter, (_, wanted) in self._figures.items():
            self._espeak.SetParameter(parameter, wanted, 0)

    def _settle(self) -> None:
        end = time.monotonic() + _SETTLE_SECONDS
        while True:
            self._set()
            time.sleep(0.1)
            if not (fault := self._fault()):
                return
            if time.monotonic() > end:
                raise _Wrong(fault)

    def _fault(self) -> str | None:
        """Return what differs between the voice asked for and the one that would speak."""
        voice = self._engine.getProperty("voice") or "none"
        _, _, variant = self._voice.partition("+")
        if not voice.startswith(self._family) or not voice.endswith(variant.lower()):
            return (
                f"voice “{self._voice}” is not one of espeak-ng's {self._language} voices: it would speak as “{voice}”"
            )
        for parameter, (name, wanted) in self._figures.items():
            there = self._espeak.dll.espeak_GetParameter(parameter, 1)
            if there != wanted:
                return f"{name} {wanted} was asked for and {there} is set"
        return None

    def _speak(self, text: str, path: Path) -> None:
        self._finished.clear()
        self._engine.save_to_file(text, str(path))
        self._engine.runAndWait()
        self._finished.wait()  # the alarm ends it
        # It is told from within espeak-ng's thread, which then still works through pyttsx3's queue, as we would.
        while self._espeak.IsPlaying():
            time.sleep(_POLL_SECONDS)


def main() -> None:
    """Answer each line of standard input; the kernel ends this process when one takes too long."""
    signal.alarm(LINE_SECONDS)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever pyttsx3 prints goes to standard error
    speaker: Speaker | None = None
    for line in sys.stdin:
        signal.alarm(LINE_SECONDS)
        order = json.loads(line)
        try:
            if speaker is None:
                speaker = Speaker(**order)
            else:
                speaker.speak(order["text"], Path(order["path"]))
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent tells people
            _answer(answers, {"fault": str(error)})
        else:
            _answer(answers, {})
        signal.alarm(0)  # waiting for the next line may take as long as it likes: it ends with our parent


def _answer(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
