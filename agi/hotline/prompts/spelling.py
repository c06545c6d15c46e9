"""Spelling, by hunspell's list of Vietnamese syllables.

Vietnamese words are not inflected, so the list has no rules of affixes, and is read as what it is: a word a line. A
list with rules, of another language, would need hunspell itself.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotline.prompts.errors import WordListMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hotline.prompts.language import Language

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class WordList:
    """Words that are spelt right, in small letters."""

    words: frozenset[str]

    @classmethod
    def load(cls, language: Language) -> WordList:
        """Read the word list of `language`; takes some milliseconds.

        Raises:
            WordListMissing: it is not installed, or there is none; the message says what to do.
        """
        if language.word_list is None:
            raise WordListMissing(f"there is no word list to check {language.name} spelling by: --no-spelling")
        try:
            text = language.word_list.read_text(encoding="utf-8")
        except OSError as error:
            raise WordListMissing(
                f"spelling can't be checked, {language.word_list}: {error.strerror}; install it with `apt-get install"
                f" {language.package}`, or check without: --no-spelling"
            ) from None
        # The first line is the count; what follows a slash are flags.
        lines = unicodedata.normalize("NFC", text).splitlines()[1:]
        return cls(frozenset(line.partition("/")[0].strip().lower() for line in lines))

    def faults(self, text: str, accepted: frozenset[str]) -> Iterator[str]:
        """Yield a sentence for each word of `text` (NFC) that is in neither the list nor `accepted`.

        Acronyms and names like VssID are passed over: they have no spelling, and can't be spoken text.
        """
        known = self.words | accepted
        for word in dict.fromkeys(_WORD.findall(text)):
            if word[1:] != word[1:].lower() or len(word) == 1 or word.lower() in known:
                continue
            near = difflib.get_close_matches(word.lower(), self.words, n=3, cutoff=0.5)
            instead = f" (is it {' or '.join(near)}?)" if near else ""
            yield f"“{word}” is in no word list{instead}: correct it, or add it to “accepted”"
