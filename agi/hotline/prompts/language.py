"""The languages a script can be in, and what is particular to each.

A second one is a second entry here, a script `sounds/<code>.toml`, and an engine with a voice for it.
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
        code: two letters, the folder of its sounds.
        faults: yields a sentence for each thing in a spoken text that a voice can't be given.
        word_list: hunspell's list of its words.
        package: the Debian package the list comes with.
    """

    code: str
    faults: Callable[[str], Iterator[str]]
    word_list: Path
    package: str


LANGUAGES: Final[Mapping[str, Language]] = {
    "vi": Language("vi", wording.faults, Path("/usr/share/hunspell/vi_VN.dic"), "hunspell-vi"),
}
DEFAULT: Final = LANGUAGES["vi"]
