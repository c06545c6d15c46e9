"""A script as text: its TOML, the lines of what it says, and the faults found in it."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from hotline.prompts.errors import ScriptError

if TYPE_CHECKING:
    from pathlib import Path

_HEADER: Final = re.compile(r"""\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?""")


class Source:
    """The text of a script with its line numbers, which the TOML parser does not keep, and the faults found so far."""

    def __init__(self, path: Path) -> None:
        """Read the script at `path`; its text is normalised to NFC.

        Raises:
            ScriptError: it cannot be read, or is not UTF-8.
        """
        self._path = path
        self._faults: list[tuple[int, str]] = []
        try:
            raw = path.read_bytes()
            self._text = unicodedata.normalize("NFC", raw.decode("utf-8-sig"))
        except OSError as error:
            raise ScriptError(f"{path}: {error.strerror}") from None
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise ScriptError(f"{path}:{line}: not UTF-8") from None
        self._lines = self._text.splitlines()

    def tables(self) -> dict[str, Any]:
        """Return what the text says.

        Raises:
            ScriptError: it is not TOML.
        """
        try:
            return tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
            line = int(place[1]) if place and place[1] else len(self._lines)
            sentence = str(error)[: place.start()] if place else str(error)
            raise ScriptError(f"{self._path}:{line}: {sentence}") from None

    def table(self, value: object, name: str) -> dict[str, object]:
        """Return `value` if it is a table; else note the fault and return an empty one."""
        if isinstance(value, dict):
            return value
        self.fault(self.line_of_table(name) or self.line_of_key(name), f"needs a table [{name}]")
        return {}

    def line_of_table(self, name: str) -> int:
        """Return the line of the header `[name]`, 0 if the table is written in another way."""
        for number, line in enumerate(self._lines, 1):
            header = _HEADER.fullmatch(line)
            if header and re.sub(r"""["'\s]""", "", header[1]) == name:
                return number
        return 0

    def line_of_key(self, key: str, table: int = 0) -> int:
        """Return the line of `key` in the table whose header is on line `table`; that line itself if there is none."""
        pattern = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
        for number, line in enumerate(self._lines[table:], table + 1):
            if pattern.match(line):
                return number
            if table and _HEADER.fullmatch(line):
                break
        return table or 1

    def fault(self, line: int, sentence: str) -> None:
        """Note a fault."""
        self._faults.append((line, sentence))

    def raise_faults(self) -> None:
        """End with all faults found so far, if there are any.

        Raises:
            ScriptError: there are.
        """
        if self._faults:
            raise ScriptError("\n".join(f"{self._path}:{line}: {sentence}" for line, sentence in sorted(self._faults)))
