"""What a script says of one prompt's voice, where it is not to be the voice of the settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast, get_args

from hotline.settings.voice import PIPER_VOICE, EngineName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hotline.prompts.source import Source

KEYS: Final = frozenset({"engine", "voice", "rate", "phonemes"})
"""Of a prompt's table."""
RATES: Final = "words a minute, 80 to 260"
_RATES = range(80, 261)
_PHONEMES = re.compile(r"[A-Za-z0-9@:#'^_,;~?*!-]+( [A-Za-z0-9@:#'^_,;~?*!-]+)*")
_ESPEAK_VOICE = re.compile(r"[a-z][A-Za-z0-9/_-]*(\+[A-Za-z0-9_-]+)?")


@dataclass(frozen=True)
class Override:
    """How one prompt is said otherwise than the settings have it; what is None is as in the settings.

    Attributes:
        engine: by which engine; together with the voice.
        voice: one of that engine's.
        rate: words a minute.
        phonemes: for some of its words, how espeak-ng is to say them, in its own notation.
    """

    engine: EngineName | None = None
    voice: str | None = None
    rate: int | None = None
    phonemes: Mapping[str, str] = field(default_factory=dict)

    def marked(self, spoken: str) -> str:
        """Return `spoken` with the phonemes in place of their words, in espeak-ng's brackets."""
        return _words(self.phonemes).sub(lambda word: bracketed(self.phonemes[word[0].lower()]), spoken)


def bracketed(phonemes: str) -> str:
    """Return phonemes as espeak-ng knows them among words."""
    return f"[[{phonemes}]]"


def is_rate(value: object) -> bool:
    """Whether `value` is a rate that espeak-ng can speak at."""
    return type(value) is int and value in _RATES


def is_phonemes(value: object) -> bool:
    """Whether `value` is phonemes in the notation of espeak-ng, as in "S'aU3"."""
    return isinstance(value, str) and _PHONEMES.fullmatch(value) is not None


def read(source: Source, header: int, table: Mapping[str, object], *, prompt: str, spoken: str) -> Override:
    """Return what `table`, the one of a `prompt` whose header is on line `header`, overrides; faults go to `source`."""
    found = [
        *_voice_faults(table),
        *_rate_faults(table),
        *_phoneme_faults(table, spoken),
    ]
    for key, sentence in found:
        source.fault(source.line_of_key(key, header), f"prompt “{prompt}”: {sentence}")
    if found:
        return Override()
    phonemes = cast("dict[str, str]", table.get("phonemes", {}))
    return Override(
        cast("EngineName | None", table.get("engine")),
        cast("str | None", table.get("voice")),
        cast("int | None", table.get("rate")),
        MappingProxyType({word.lower(): said for word, said in phonemes.items()}),
    )


def _voice_faults(table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the key and the sentence of each fault in engine and voice."""
    engine, voice = table.get("engine"), table.get("voice")
    if engine is None and voice is None:
        return
    if table.get("before_digits"):
        yield "engine" if voice is None else "voice", "digits follow, whose voice says it: give it none of its own"
    elif engine is None or voice is None:
        missing, there = ("engine", "voice") if engine is None else ("voice", "engine")
        yield there, f"a voice is one of an engine: give the {missing} too"
    elif engine not in get_args(EngineName):
        yield "engine", f"engine must be one of {', '.join(get_args(EngineName))}"
    elif engine == "piper":
        if not (isinstance(voice, str) and voice.endswith(PIPER_VOICE) and Path(voice).is_absolute()):
            yield "voice", f"a voice of Piper is the whole path of a file *{PIPER_VOICE}"
    elif not (isinstance(voice, str) and _ESPEAK_VOICE.fullmatch(voice)):
        yield "voice", 'not a voice of espeak-ng, as in "vi" or "vi+f3"'


def _rate_faults(table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    if "rate" in table and not is_rate(table["rate"]):
        yield "rate", f"rate needs {RATES}"


def _phoneme_faults(table: Mapping[str, object], spoken: str) -> Iterator[tuple[str, str]]:
    phonemes = table.get("phonemes", {})
    if not isinstance(phonemes, dict):
        yield "phonemes", 'phonemes needs words with their phonemes, as in { "sáu" = "S\'aU3" }'
        return
    if phonemes and table.get("engine") == "piper":
        yield "phonemes", "Piper takes no phonemes of espeak-ng"
    for word, said in phonemes.items():
        if not is_phonemes(said):
            yield "phonemes", f'“{word}” needs phonemes of espeak-ng, as in "S\'aU3"'
        elif not _words([word]).search(spoken):
            yield "phonemes", f"“{word}” is not among the words that are spoken"


def _words(words: Mapping[str, str] | list[str]) -> re.Pattern[str]:
    """Return what finds any of `words` as whole words, the longest first; nothing where there are none."""
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first) or '(?!)'})(?!\w)", re.IGNORECASE)
