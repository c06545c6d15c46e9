"""The script: every sentence the hotline can say in one language, as people edit it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hotline.prompts import override
from hotline.prompts.language import DEFAULT, LANGUAGES
from hotline.prompts.override import Override
from hotline.prompts.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
    from pathlib import Path

    from hotline.prompts.language import Language
    from hotline.prompts.spelling import WordList

MOST_WORDS = 120
"""Words of the longest prompt: about half a billed minute, and nobody keeps more than that in mind."""
_DIGITS = "0123456789"
_KEYS = override.KEYS | {"written", "spoken", "before_digits"}
_ID = re.compile(r"[a-z][a-z0-9-]*")  # it becomes a file name


@dataclass(frozen=True)
class Prompt:
    """One piece of speech.

    Attributes:
        id: its name, and that of its sound files: small letters, digits, hyphens.
        written: the text as people read it.
        spoken: the text as it is said, words only; the same as `written` where the script gives no other.
        line: the line of the script it begins on.
        before_digits: whether digits follow; the voice of the digits says it, as one voice is followed more easily.
        override: what of its voice is not as in the settings.
    """

    id: str
    written: str
    spoken: str
    line: int
    before_digits: bool = False
    override: Override = field(default_factory=Override)


@dataclass(frozen=True)
class Proof:
    """What a script is proofread against, over what it needs to be used at all.

    Attributes:
        used: ids of all prompts that anything can say.
        words: None where spelling is not to be checked.
    """

    used: Collection[str]
    words: WordList | None


@dataclass(frozen=True)
class Script:
    """All prompts of a language and its ten digits.

    Attributes:
        language: two letters, the folder of its sounds.
        prompts: by id, in the order of the script.
        digits: the word for each of `0` to `9`.
        groups: the prompts that belong together, for who records them.
        phonemes: how espeak-ng is to say some of them, in its own notation; it says the word of the others.
        rates: words a minute for some of them, lest they be much longer or shorter than the others; the rate of the
            others is a setting.
    """

    language: str
    prompts: Mapping[str, Prompt]
    digits: Mapping[str, str]
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    phonemes: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, required: Collection[str] = (), proof: Proof | None = None) -> Script:
        """Read and check the script at `path`, which must have the `required` prompts; its text is normalised to NFC.

        With `proof` also its spelling is checked, and whether something says each of its prompts.

        Raises:
            ScriptError: it cannot be read or has faults; all of them are named, each with file and line.
        """
        source = Source(path)
        tables = source.tables()
        language = _language(source, tables.pop("language", None))
        accepted = _accepted(source, tables.pop("accepted", []))
        prompts = _prompts(source, source.table(tables.pop("prompt", None), "prompt"), language)
        digits = _digits(source, source.table(tables.pop("digits", None), "digits"), language)
        groups = _groups(source, source.table(tables.pop("groups", {}), "groups"), prompts)
        phonemes = dict(
            _of_digits(source, tables, "phonemes", override.is_phonemes, 'phonemes of espeak-ng, as in "S\'aU3"')
        )
        rates = dict(_of_digits(source, tables, "rates", override.is_rate, override.RATES))
        for id_ in sorted(set(required) - set(prompts)):
            source.fault(1, f"there is no prompt “{id_}”, which the hotline needs")
        for key in tables:
            source.fault(source.line_of_table(key) or source.line_of_key(key), f"unknown key “{key}”")
        if proof is not None:
            _proofread(source, prompts, accepted, proof)
        source.raise_faults()
        return cls(
            language.code,
            MappingProxyType(prompts),
            MappingProxyType(digits),
            groups=MappingProxyType(groups),
            phonemes=MappingProxyType(phonemes),
            rates=MappingProxyType(rates),
        )


def _language(source: Source, code: object) -> Language:
    if code in LANGUAGES:
        return LANGUAGES[str(code)]
    known = " or ".join(f'"{known}"' for known in LANGUAGES)
    source.fault(source.line_of_key("language"), f"language must be {known}")
    return DEFAULT


def _accepted(source: Source, words: object) -> frozenset[str]:
    """Return the words that are right though no list has them, in small letters."""
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return frozenset(word.lower() for word in words)
    source.fault(source.line_of_key("accepted"), "accepted must be a list of words")
    return frozenset()


def _proofread(source: Source, prompts: Mapping[str, Prompt], accepted: frozenset[str], proof: Proof) -> None:
    for prompt in prompts.values():
        if prompt.id not in proof.used:
            source.fault(prompt.line, f"nothing says prompt “{prompt.id}”: use it in menu.toml, or remove it")
        if proof.words is None:
            continue
        texts = {"written": prompt.written} | ({"spoken": prompt.spoken} if prompt.spoken != prompt.written else {})
        for key, text in texts.items():
            for sentence in proof.words.faults(text, accepted):
                source.fault(source.line_of_key(key, prompt.line), f"prompt “{prompt.id}”: {sentence}")


def _prompts(source: Source, table: dict[str, object], language: Language) -> dict[str, Prompt]:
    prompts = {}
    for name, value in table.items():
        header = source.line_of_table(f"prompt.{name}")
        line = header or source.line_of_key(name)
        if not _ID.fullmatch(name):
            source.fault(line, f"“{name}” is not an id: small letters, digits and hyphens")
        if not isinstance(value, dict):
            source.fault(line, f"prompt “{name}” needs a table [prompt.{name}]")
            continue
        for key in sorted(value.keys() - _KEYS):
            source.fault(source.line_of_key(key, header), f"prompt “{name}” has an unknown key “{key}”")
        written = _text(source, header, name, value, "written")
        spoken = _text(source, header, name, value, "spoken") if "spoken" in value else written
        if not written or not spoken:
            continue
        said_in = "spoken" if "spoken" in value else "written"
        for sentence in [*language.faults(spoken), *_too_long(spoken)]:
            source.fault(source.line_of_key(said_in, header), f"prompt “{name}”: {sentence}")
        before_digits = value.get("before_digits", False)
        if not isinstance(before_digits, bool):
            source.fault(
                source.line_of_key("before_digits", header), f"prompt “{name}”: before_digits is true or false"
            )
        said = override.read(source, header, value, prompt=name, spoken=spoken)
        prompts[name] = Prompt(name, written, spoken, line, before_digits is True, said)
    return prompts


def _too_long(spoken: str) -> Iterator[str]:
    if (words := len(spoken.split())) > MOST_WORDS:
        yield f"{words} words are too many to listen to: {MOST_WORDS} at most"


def _groups(source: Source, table: dict[str, object], prompts: Container[str]) -> dict[str, Sequence[str]]:
    groups: dict[str, Sequence[str]] = {}
    header = source.line_of_table("groups")
    for name, ids in table.items():
        line = source.line_of_key(name, header)
        if not isinstance(ids, list):
            source.fault(line, f"group “{name}” needs a list of prompts")
            continue
        for id_ in ids:
            if id_ not in prompts:
                source.fault(line, f"group “{name}”: there is no prompt “{id_}”")
        groups[name] = ids
    return groups


def _text(source: Source, header: int, name: str, table: dict[str, object], key: str) -> str:
    text = table.get(key)
    if isinstance(text, str) and text.strip():
        return text
    source.fault(source.line_of_key(key, header), f"prompt “{name}” needs a text in “{key}”")
    return ""


def _digits(source: Source, table: dict[str, object], language: Language) -> dict[str, str]:
    header = source.line_of_table("digits")
    words: dict[str, str] = {}
    for key, word in table.items():
        line = source.line_of_key(key, header)
        if key not in _DIGITS or len(key) != 1:
            source.fault(line, f"“{key}” is not a digit")
        elif not isinstance(word, str):
            source.fault(line, f"digit {key} needs a word")
        elif word in words.values():
            source.fault(line, f"digit {key} has the word of another digit")
        else:
            for sentence in language.faults(word):
                source.fault(line, f"digit {key}: {sentence}")
            words[key] = word
    if missing := [digit for digit in _DIGITS if digit not in table]:
        source.fault(header or 1, f"digits without a word: {', '.join(missing)}")
    return {digit: words[digit] for digit in _DIGITS if digit in words}


def _of_digits(
    source: Source, tables: dict[str, Any], name: str, fits: Callable[[object], bool], needs: str
) -> Iterator[tuple[str, Any]]:
    """Yield what the table `name` has for some of the digits; there need be no such table."""
    header = source.line_of_table(name)
    for key, value in source.table(tables.pop(name, {}), name).items():
        if key not in _DIGITS or len(key) != 1:
            source.fault(source.line_of_key(key, header), f"“{key}” is not a digit")
        elif not fits(value):
            source.fault(source.line_of_key(key, header), f"digit {key} needs {needs}")
        else:
            yield key, value
