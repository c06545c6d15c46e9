"""What a voice can be given to say: words of its language, and nothing else.

An engine reads a figure, an acronym or a bare letter in a way nobody chose, and a Vietnamese voice says
English letters where a word has letters that Vietnamese lacks; so each is refused, and the script says it in words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import product
from string import ascii_lowercase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_TONES = ["", *map(unicodedata.lookup, ("COMBINING GRAVE ACCENT", "COMBINING ACUTE ACCENT", "COMBINING HOOK ABOVE"))]
_TONES += map(unicodedata.lookup, ("COMBINING TILDE", "COMBINING DOT BELOW"))
_PUNCTUATION = frozenset(".,:;?!")


@dataclass(frozen=True)
class _Alphabet:
    """The small letters of a language, and those without which there is no syllable."""

    language: str
    letters: frozenset[str]
    vowels: frozenset[str]


_VOWELS = frozenset(unicodedata.normalize("NFC", vowel + tone) for vowel, tone in product("aăâeêioôơuưy", _TONES))
_VIETNAMESE: Final = _Alphabet("a Vietnamese", _VOWELS | frozenset("bcdđghklmnpqrstvx"), _VOWELS)
_ENGLISH: Final = _Alphabet("an English", frozenset(ascii_lowercase), frozenset("aeiouy"))


def vietnamese(spoken: str) -> Iterator[str]:
    """Yield a sentence for each thing in `spoken` (NFC) that is not a Vietnamese word or plain punctuation."""
    return _faults(spoken, _VIETNAMESE)


def english(spoken: str) -> Iterator[str]:
    """Yield a sentence for each thing in `spoken` (NFC) that is not an English word or plain punctuation."""
    return _faults(spoken, _ENGLISH)


def _faults(spoken: str, alphabet: _Alphabet) -> Iterator[str]:
    if not spoken.strip(" .,:;?!"):
        yield "nothing to say"
    for token in spoken.split():
        fault = _fault(token, alphabet)
        if fault:
            yield f"“{token}” cannot be spoken: {fault}"


def _fault(token: str, alphabet: _Alphabet) -> str | None:
    if any(mark.isdecimal() for mark in token):
        return "write the figure in words"
    if strange := [mark for mark in token if not mark.isalpha() and mark not in _PUNCTUATION]:
        return f"write “{strange[0]}” in words"
    for word in re.split(r"[.,:;?!]+", token):
        if word[1:] != word[1:].lower():
            return "write the acronym as it is said"
        if foreign := [letter for letter in word.lower() if letter not in alphabet.letters]:
            return f"“{foreign[0]}” is not {alphabet.language} letter; write the word as it is said"
        if word and not alphabet.vowels & set(word.lower()):
            return "write the letter as it is said"
    return None
