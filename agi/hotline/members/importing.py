"""Importing members from a file: as a whole or not at all, and the same again when it is repeated (SPEC §7)."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from hotline.desk.alarms import Sighting, raised
from hotline.members.csv_file import MembersFile
from hotline.members.errors import ImportUnderWay, RowMalformed, RowsRefused, writing
from hotline.records import audit
from hotline.records.attempts import Trace
from hotline.records.bulk import bulk_transaction
from hotline.records.staging import Staging

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import timedelta
    from pathlib import Path
    from typing import Self, TextIO

    from hotline.desk import Reason
    from hotline.records.staging import Merged, Staged
    from hotline.settings import DatabaseSettings

READING = 0.6
"""The part of an import that reading the file is, for the progress bar; the rest is the database's."""
KEPT = 100
"""Refused rows that are remembered beside their file."""
EVERY = 1000
"""Rows between two moves of the bar."""


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        rows: in the file, empty lines apart.
        refused: of them not imported; each is in the file of refused rows, with line and reason.
        merged: what became of the others.
    """

    rows: int
    refused: int
    merged: Merged


class Refused:
    """The list of refused rows: a CSV file of line and reason, made when the first one comes. It holds no number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: TextIO | None = None
        self._kept: list[tuple[int, str]] = []

    def __enter__(self) -> Self:
        with writing(self.path):
            self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with writing(self.path):
                self._file.close()

    def add(self, line: int, reason: str) -> None:
        """Note a row. Raises: FileUnwritable."""
        with writing(self.path):
            if self._file is None:
                self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="")
                csv.writer(self._file).writerow(("line", "reason"))
            csv.writer(self._file).writerow((line, reason))
        self.count += 1
        if len(self._kept) < KEPT:
            self._kept.append((line, reason))

    def first(self, count: int) -> Sequence[tuple[int, str]]:
        """Return line and reason of the first `count` refused rows, of at most 100."""
        return self._kept[:count]


async def import_members(
    database: DatabaseSettings,
    path: Path,
    reason: Reason,
    *,
    refused: Refused,
    hold: timedelta,
    strict: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> Imported:
    """Add the members of a file that are new and change those that differ; no member is removed.

    All in one transaction: an import that ends in the middle, however, leaves nothing behind. The same file again
    changes nothing. Calls go on meanwhile: none of their locks meets one of an import. A phone that differs is held for
    `hold` and raises an alarm.

    Args:
        database: where the members are.
        path: the file; see `MembersFile`.
        reason: who imports it, and why.
        refused: takes the rows that are not as they must be.
        hold: how long a changed phone can't be used for a re-issue.
        strict: import nothing if any row is refused.
        progress: is told how much is done, from 0.0 to 1.0.

    Raises:
        FileMalformed: it is no list of members.
        FileUnwritable: a refused row can't be listed; nothing was imported.
        RowsRefused: with `strict`; nothing was imported.
        ImportUnderWay: somebody else writes members just now; nothing was imported.
        RecordsUnavailable: the database is away; nothing was imported unless it was lost in the very last moment.
    """
    with MembersFile(path) as file:
        async with bulk_transaction(database) as connection:
            staging = Staging(connection)
            reading = _Reading(file, refused, progress)
            await staging.fill(reading.rows())
            if not await staging.lock():
                raise ImportUnderWay("somebody else imports or changes members just now: try again when that is done")
            async for line, why in staging.refuse():
                refused.add(line, why)
            if strict and refused.count:
                raise RowsRefused(f"{refused.count} of {reading.count} rows were refused, so none was imported")
            progress((1 + READING) / 2)
            merged = await staging.merge(
                by=reason.by, person=reason.person, known=not reason.doubt, why=reason.why, hold=hold
            )
            this = uuid4()
            await audit.add(
                connection,
                "members-imported",
                actor="operator",
                detail={
                    "import": str(this),
                    "by": reason.by,
                    "why": reason.why,
                    "rows": reading.count,
                    "refused": refused.count,
                    "added": merged.added,
                    "changed": merged.changed,
                    "phones": merged.phones,
                },
            )
            alarm = None
            if merged.phones:
                # A subject of its own: what was said of another import says nothing of this one.
                subject = Trace(f"import {str(this)[:8]}", this.bytes)
                alarm = await raised(
                    connection, Sighting("phones-changed", subject, merged.phones, causer=reason.person)
                )
        if alarm:
            alarm.tell()
        progress(1.0)
        return Imported(rows=reading.count, refused=refused.count, merged=merged)


class _Reading:
    """Reads the file for the database, and keeps what is refused out of it."""

    def __init__(self, file: MembersFile, refused: Refused, progress: Callable[[float], None]) -> None:
        self.count = 0
        self._file = file
        self._refused = refused
        self._progress = progress

    async def rows(self) -> AsyncIterator[Staged]:
        """Yield the rows that are well formed."""
        for line, row in self._file.rows():
            self.count += 1
            if self.count % EVERY == 0:
                self._progress(READING * self._file.read / max(self._file.size, 1))
            if isinstance(row, RowMalformed):
                self._refused.add(line, str(row))
            else:
                yield (line, *row)
