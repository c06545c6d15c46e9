"""Where something stands in a TOML text: its parser keeps no lines, and a fault is worth little without one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAME: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_PATH: Final = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER: Final = re.compile(rf"\s*\[\s*({_PATH})\s*\]\s*(?:#.*)?")
_SETTING: Final = re.compile(rf"\s*({_PATH})\s*=(.*)")
_TEXT: Final = re.compile(r"""\"(?:\\.|[^"\\])*"|'[^']*'""")
_IN_LINE: Final = re.compile(rf"[{{,]\s*({_NAME})\s*=")


class Lines:
    """The lines of a text, by the names of what stands on them: tables, settings, and the names of an inline table.

    Attributes:
        twice: the lines with a name that was there before.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, ...], int] = {}
        self.twice: list[int] = []
        for line, path in _named(text):
            if path in self._lines:
                self.twice.append(line)
            self._lines.setdefault(path, line)

    def of(self, *path: str) -> int:
        """Return the line of `path`, or of the nearest thing around it that has one; 1 for the text as a whole."""
        for length in range(len(path), 0, -1):
            if line := self._lines.get(tuple(path[:length])):
                return line
            # A table may have no header of its own, only tables in it.
            if inside := [line for name, line in self._lines.items() if name[:length] == tuple(path[:length])]:
                return min(inside)
        return 1


def _named(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    table: tuple[str, ...] = ()
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        if depth == 0 and (header := _HEADER.fullmatch(line)):
            table = _parts(header[1])
            yield number, table
        elif depth == 0 and (setting := _SETTING.match(line)):
            path = table + _parts(setting[1])
            yield number, path
            # A quoted name in an inline table is a name, any other quoted text may hold brackets and commas.
            value = setting[2]
            for name in _IN_LINE.finditer(_without_texts(value, but_names=True)):
                yield number, path + _parts(name[1])
            depth = _opened(value)
        elif depth:
            depth += _opened(line)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_NAME, path))


def _without_texts(value: str, *, but_names: bool) -> str:
    """Return `value` without what is quoted in it, and without a comment."""

    def blank(text: re.Match[str]) -> str:
        named = but_names and re.match(r"\s*=", value[text.end() :])
        return text[0] if named else ""

    return _TEXT.sub(blank, value).partition("#")[0]


def _opened(value: str) -> int:
    """Return how many brackets of a value are still open at its line's end."""
    bare: Sequence[str] = _without_texts(value, but_names=False)
    return sum(bare.count(bracket) for bracket in "[{") - sum(bare.count(bracket) for bracket in "]}")
