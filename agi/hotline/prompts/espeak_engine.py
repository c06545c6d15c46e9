"""espeak-ng by its own command: a process for each text, none of pyttsx3's faults, and the same bytes every time."""

from __future__ import annotations

import html
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import soundfile

from hotline.prompts import audio
from hotline.prompts.errors import VoiceFailed
from hotline.prompts.language import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from hotline.prompts.language import Language

TIME_LIMIT: Final = 20.0
"""Seconds for one text; the longest prompt takes 0.1 s."""
PITCH_RANGE: Final = 50  # of espeak-ng itself


class EspeakEngine:
    """The command `espeak-ng`."""

    def __init__(
        self,
        voice: str,
        rate: int,
        pitch_range: int = PITCH_RANGE,
        *,
        language: Language = DEFAULT,
        time_limit: float = TIME_LIMIT,
        program: str = "espeak-ng",
    ) -> None:
        """Choose the voice.

        Args:
            voice: a voice of espeak-ng in `language`, as in `vi` or `vi+f3`.
            rate: words a minute.
            pitch_range: how far the tones are apart, 0 to 100.
            language: the one the voice must be of: any other would be spoken with its sounds.
            time_limit: seconds for one text.
            program: the command, by name or path.
        """
        self._voice, self._rate, self._pitch_range = voice, rate, pitch_range
        self._language = language
        self._time_limit = time_limit
        self._program = program

    @property
    def identity(self) -> str:
        """Voice, rate, pitch range, and the version of the command.

        Raises:
            VoiceFailed: it is not installed, or did not answer.
        """
        version, _, _ = self._run("--version").partition("  Data at")
        return f"command of {version.strip()}, {self._voice}, {self._rate}, {self._pitch_range}"

    def speak(self, texts: Iterable[str]) -> Generator[audio.Speech, None, None]:
        """Yield the speech of each text, in order.

        Raises:
            VoiceFailed: it has no such voice, failed, or took too long.
        """
        self._require_voice()
        with tempfile.TemporaryDirectory(prefix="hotline-voice-") as folder:
            path = Path(folder) / "speech.wav"
            for text in texts:
                # It has no option for the pitch range, and takes it as markup. But for the space, the end of that would
                # be spoken right after phonemes, in English.
                marked = f'<prosody range="{self._pitch_range}">{html.escape(text, quote=False)} </prosody>'
                self._run("-v", self._voice, "-s", str(self._rate), "-b", "1", "-m", "-w", str(path), "--", marked)
                try:
                    yield audio.read(path)
                except (OSError, soundfile.LibsndfileError):
                    raise VoiceFailed(f"espeak-ng wrote no sound for “{text}”") from None
                path.unlink()

    def _require_voice(self) -> None:
        """Look the voice up in the command's own lists: it takes a variant it does not have for none, silently.

        Raises:
            VoiceFailed: it has no such voice, or not in our language.
        """
        base, plus, variant = self._voice.partition("+")
        # Columns: priority, language, age and gender, name, file, other languages.
        voices = [line.split() for line in self._run(f"--voices={self._language.code}").splitlines()[1:]]
        variants = [line.split()[4] for line in self._run("--voices=variant").splitlines()[1:]]
        if not any(base in (voice[1], voice[4]) for voice in voices):
            raise VoiceFailed(f"voice “{self._voice}” is not one of espeak-ng's {self._language.name} voices")
        if plus and f"!v/{variant}" not in variants:
            raise VoiceFailed(f"voice “{self._voice}”: espeak-ng has no variant “{variant}”")

    def _run(self, *arguments: str) -> str:
        """Run the command and return what it prints."""
        try:
            done = subprocess.run(
                [self._program, *arguments], capture_output=True, text=True, timeout=self._time_limit, check=False
            )
        except FileNotFoundError:
            raise VoiceFailed(f"{self._program} is not installed: `apt-get install espeak-ng`") from None
        except subprocess.TimeoutExpired:
            raise VoiceFailed(f"espeak-ng did not answer within {self._time_limit:g} s") from None
        if done.returncode:
            said = done.stderr.strip().rpartition("\n")[2]
            raise VoiceFailed(f"espeak-ng ended with status {done.returncode}: {said or 'it said nothing'}")
        return done.stdout
