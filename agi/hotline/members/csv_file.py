"""A file of members: CSV (RFC 4180) in UTF-8, a header, one member a line.

Each line is read by itself, so a stray quote spoils one row and not the rest of the file; a value can therefore hold no
line break. Columns may come in any order; the separator is the comma, the semicolon or the tab, as the header has it.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Self

from hotline.members.errors import FileMalformed, RowMalformed
from hotline.members.row import COLUMNS, REQUIRED, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

    from hotline.members.row import MemberRow

LONGEST_LINE = 4096
"""Bytes; the longest honest row has some 800."""

_SEPARATORS = ",;\t"
_BOM = b"\xef\xbb\xbf"


class MembersFile:
    """An open file of members, read row by row with bounded memory.

    Attributes:
        size: bytes in all.
        read: bytes read so far.

    Raises:
        FileMalformed: it can't be opened, or its first line is no header.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file: BinaryIO = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise FileMalformed(f"{path}: can't be read: {error.strerror}") from None
        self.read = 0
        try:
            self._columns, self._separator = self._header(path)
        except FileMalformed:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def rows(self) -> Iterator[tuple[int, MemberRow | RowMalformed]]:
        """Yield the line number of each row with the member, or with what is wrong; empty lines are passed over."""
        number = 1
        while line := self._line():
            number += 1
            if line.strip():
                yield number, self._row(line)

    def _header(self, path: Path) -> tuple[list[str], str]:
        line = self._line()
        if line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise FileMalformed(f"{path}: is UTF-16; save it as “CSV UTF-8”")
        try:
            header = line.removeprefix(_BOM).decode()
        except UnicodeDecodeError:
            raise FileMalformed(f"{path}:1: is not UTF-8; save it as “CSV UTF-8”") from None
        separator = max(_SEPARATORS, key=header.count)
        columns = [column.strip().lower() for column in _split(header, separator) or []]
        wanted = f"the columns are {', '.join(COLUMNS)}; personal_number and email may be left out"
        if unknown := [column for column in columns if column not in COLUMNS]:
            raise FileMalformed(f"{path}:1: no column is called {_shown(unknown[0])}: {wanted}")
        if len(set(columns)) < len(columns):
            raise FileMalformed(f"{path}:1: a column is there twice: {wanted}")
        if missing := REQUIRED - set(columns):
            raise FileMalformed(f"{path}:1: no column {min(missing)}: {wanted}")
        return columns, separator

    def _row(self, line: bytes) -> MemberRow | RowMalformed:
        if len(line) > LONGEST_LINE:
            return RowMalformed(f"is longer than {LONGEST_LINE} bytes")
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return RowMalformed("is not UTF-8")
        values = _split(text, self._separator)
        if values is None:
            return RowMalformed("its quotes do not match")
        if len(values) != len(self._columns):
            return RowMalformed(f"has {len(values)} values, the header {len(self._columns)}")
        try:
            return parsed(dict(zip(self._columns, values, strict=True)))
        except RowMalformed as fault:
            return fault

    def _line(self) -> bytes:
        """Return the next line, empty at the end; of one too long only the beginning, which is too long as well."""
        line = rest = self._file.readline(LONGEST_LINE + 1)
        self.read += len(line)
        while rest and not rest.endswith(b"\n"):
            rest = self._file.readline(LONGEST_LINE)
            self.read += len(rest)
        return line


def _split(line: str, separator: str) -> list[str] | None:
    """Return the values of a line; None when its quotes do not match, or a control character is in it."""
    line = line.rstrip("\r\n")
    if "\0" in line or "\r" in line:
        return None
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return None


def _shown(column: str) -> str:
    """Return the name of an unknown column as far as it may be shown: a file without header has a number there."""
    return f"“{column}”" if column.isidentifier() and len(column) <= 40 else "that (is the header missing?)"
