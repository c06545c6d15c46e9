"""What a Vietnamese voice can be given to say: words, and nothing else.

The engine reads a figure, an acronym or a bare letter in a way nobody chose, and says English letters where a word has
letters that Vietnamese lacks; so each is refused, and the script says it in words.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TONES = ["", *map(unicodedata.lookup, ("COMBINING GRAVE ACCENT", "COMBINING ACUTE ACCENT", "COMBINING HOOK ABOVE"))]
_TONES += map(unicodedata.lookup, ("COMBINING TILDE", "COMBINING DOT BELOW"))
_VOWELS = frozenset(unicodedata.normalize("NFC", vowel + tone) for vowel, tone in product("aăâeêioôơuưy", _TONES))
_LETTERS = _VOWELS | frozenset("bcdđghklmnpqrstvx")
_PUNCTUATION = frozenset(".,:;?!")


def faults(spoken: str) -> Iterator[str]:
    """Yield a sentence for each thing in `spoken` (NFC) that is not a Vietnamese word or plain punctuation."""
    if not spoken.strip(" .,:;?!"):
        yield "nothing to say"
    for token in spoken.split():
        fault = _fault(token)
        if fault:
            yield f"“{token}” cannot be spoken: {fault}"


def _fault(token: str) -> str | None:
    if any(mark.isdecimal() for mark in token):
        return "write the figure in words"
    if strange := [mark for mark in token if not mark.isalpha() and mark not in _PUNCTUATION]:
        return f"write “{strange[0]}” in words"
    for word in re.split(r"[.,:;?!]+", token):
        if word[1:] != word[1:].lower():
            return "write the acronym as it is said"
        if foreign := [letter for letter in word.lower() if letter not in _LETTERS]:
            return f"“{foreign[0]}” is not a Vietnamese letter; write the word as it is said"
        if word and not _VOWELS & set(word.lower()):
            return "write the letter as it is said"
    return None
