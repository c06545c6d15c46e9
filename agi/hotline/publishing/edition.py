"""An edition: a menu together with the sounds of all it says, both whole, so that a call can keep them to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hotline.menu import read
from hotline.prompts import Library, Script

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from hotline.menu import Menu

FILE: Final = "file"
"""Name of the edition of the file that a new installation begins with."""
DRAFT: Final = "draft"
"""Name of that of the draft; also what the dialplan says of a call by the test extension."""


@dataclass(frozen=True)
class Edition:
    """A menu and its sounds.

    Attributes:
        name: as the records of calls have it: the version's number, `file` or `draft`.
        menu: what callers hear.
        library: with every prompt that it names.
    """

    name: str
    menu: Menu
    library: Library


@dataclass(frozen=True)
class Maker:
    """Makes editions out of texts, with the script and the sounds as they are at that moment.

    Attributes:
        script: file with the words.
        sounds: folder with the built prompts.
        required: ids of the prompts that the hotline says whatever the menu.
    """

    script: Path
    sounds: Path
    required: Collection[str]

    def make(self, text: str, name: str, called: str = "") -> Edition:
        """Return the edition `name` of a text; in faults it is `called` so. It reads some 200 files.

        Raises:
            MenuError: the menu has a fault.
            PromptsError: the script has one, or a prompt is not built.
        """
        script = Script.load(self.script, required=self.required)
        menu = read(text, called or f"menu {name}", script.prompts)
        return Edition(name, menu, Library.open(self.sounds, script))
