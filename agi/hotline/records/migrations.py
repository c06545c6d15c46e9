"""Brings a database to the schema of this version: plain SQL files, applied once and in order by yoyo."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hotline.settings import SHARE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIGRATIONS = SHARE / "db" / "migrations"


async def migrate(dsn: str, folder: Path = MIGRATIONS, *, applied: Callable[[str], None] = lambda _: None) -> list[str]:
    """Apply the migrations of `folder` that the database does not have yet; return their names.

    Safe to run by several processes at once: one applies, the others wait for it.

    Args:
        dsn: of the role that owns the schema (docs/operator.md).
        folder: where the migrations are.
        applied: is told the name of each as soon as it is applied, from another thread.

    Raises:
        RecordsUnavailable: the database can't be reached.
        MigrationFailed: a migration is wrong, may not be applied by this role, or waits for a table in use; those
            before it stay applied.
    """
    # Only who migrates pays for the import of a second driver.
    from hotline.records.applying import apply  # noqa: PLC0415

    return await asyncio.to_thread(apply, dsn, folder, applied)


def names(folder: Path = MIGRATIONS) -> list[str]:
    """Return the names of the migrations in `folder`, in their order."""
    return sorted(path.stem for path in folder.glob("*.sql"))
