"""Exporting the members to a file that `import_members` takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hotline.members.errors import writing
from hotline.members.row import COLUMNS
from hotline.records import audit, members
from hotline.records.bulk import bulk_transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hotline.desk import Reason
    from hotline.settings import DatabaseSettings


async def export_members(
    database: DatabaseSettings, path: Path, reason: Reason, *, progress: Callable[[float], None] = lambda _: None
) -> int:
    """Write all members but the invented ones to a new file, which only its owner may read; return how many.

    Passwords are not among it: nobody reads those. The file is whole or it is not there.

    Raises:
        FileExistsError: there is such a file.
        FileUnwritable: it can't be written, for a disk that is full; nothing of it is left.
        RecordsUnavailable: the database is away.
    """
    part = path.with_name(path.name + ".part")
    if path.exists():  # noqa: ASYNC240 - a command at a terminal, nobody waits
        raise FileExistsError(f"{path}: is there already")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            async with bulk_transaction(database) as connection:
                count = await members.count(connection)
                written = 0

                async def write(data: bytes) -> None:
                    nonlocal written
                    with writing(part):
                        file.write(data)
                    written += data.count(b"\n")
                    progress(min(1.0, written / max(count, 1)))

                await members.copy_out(connection, write, COLUMNS)
                await audit.add(
                    connection,
                    "members-exported",
                    actor="operator",
                    detail={"by": reason.by, "why": reason.why, "members": count},
                )
            with writing(part):
                file.flush()
                os.fsync(file.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return count
