"""The languages a script can be in, and what is particular to each.

Vietnamese is the one that is delivered. Another one is an entry here, a script `sounds/<code>.toml`, and an engine with
a voice for it; the entry for English is there, its script is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hotline.prompts import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Language:
    """One language.

    Attributes:
        code: two letters, the name of its script and the folder of its sounds.
        name: as people know it.
        espeak: what the identifiers of espeak-ng's voices begin with, whatever the accent.
        faults: yields a sentence for each thing in a spoken text that a voice can't be given.
        word_list: hunspell's list of its words, where it is a plain list; None where spelling can't be checked.
        package: the Debian package the list comes with.
    """

    code: str
    name: str
    espeak: str
    faults: Callable[[str], Iterator[str]]
    word_list: Path | None = None
    package: str = ""


LANGUAGES: Final[Mapping[str, Language]] = {
    "vi": Language(
        "vi", "Vietnamese", "aav/vi", wording.vietnamese, Path("/usr/share/hunspell/vi_VN.dic"), "hunspell-vi"
    ),
    "en": Language("en", "English", "gmw/en", wording.english),
}
DEFAULT: Final = LANGUAGES["vi"]
