"""The engines that turn words into speech, behind one seam: which one, and how it is to sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hotline.prompts.espeak_engine import EspeakEngine
from hotline.prompts.piper_engine import PiperEngine
from hotline.prompts.pyttsx3_engine import Pyttsx3Engine

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from hotline.prompts import audio
    from hotline.prompts.language import Language
    from hotline.settings.voice import EngineName


@dataclass(frozen=True)
class Manner:
    """How something is said.

    Attributes:
        engine: by which engine.
        voice: one of its voices: a name of espeak-ng's, as in `vi+f3`, or the path of a Piper voice.
        rate: words a minute; a Piper voice has its own speed at 140.
        pitch_range: how far the tones are apart, 0 to 100; for espeak-ng alone.
        language: that of the words, which the voice must have too.
    """

    engine: EngineName
    voice: str
    rate: int
    pitch_range: int
    language: Language

    @property
    def phonemes(self) -> bool:
        """Whether the engine takes phonemes of espeak-ng, in `[[ ]]`, among the words."""
        return self.engine != "piper"


class Engine(Protocol):
    """Something that can say words."""

    @property
    def identity(self) -> str:
        """Everything but the words that decides how it sounds, versions included: a new identity, a new voice.

        Raises:
            VoiceFailed: the engine is not installed, or has no such voice.
        """

    def speak(self, texts: Iterable[str]) -> Generator[audio.Speech, None, None]:
        """Yield the speech of each text, in order.

        Raises:
            VoiceFailed: it cannot speak, or not with the voice asked for.
        """


def engine_for(manner: Manner) -> Engine:
    """Return an engine that speaks in `manner`; nothing is started yet."""
    match manner.engine:
        case "pyttsx3":
            return Pyttsx3Engine(manner.voice, manner.rate, manner.pitch_range, language=manner.language)
        case "espeak-ng":
            return EspeakEngine(manner.voice, manner.rate, manner.pitch_range, language=manner.language)
        case "piper":
            return PiperEngine(manner.voice, manner.rate)
