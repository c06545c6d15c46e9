"""Whether a database has the schema that this version works with: no migration less, and none it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.records.errors import SchemaNewer, SchemaOutdated
from hotline.records.migrations import MIGRATIONS, names

if TYPE_CHECKING:
    from pathlib import Path

    from hotline.records.pool import Connection, Database


async def due(connection: Connection, folder: Path = MIGRATIONS) -> list[str]:
    """Return the names of the migrations that the database does not have yet.

    Raises:
        SchemaNewer: it has some that this version does not know.
    """
    applied: set[str] = set()
    if await connection.fetchval("SELECT to_regclass('_yoyo_migration') IS NOT NULL"):
        applied = {row["migration_id"] for row in await connection.fetch("SELECT migration_id FROM _yoyo_migration")}
    known = names(folder)
    if newer := applied.difference(known):
        raise SchemaNewer(
            f"the database's schema is newer than this version: it has {', '.join(sorted(newer))}; "
            "install the version that brought it"
        )
    return [name for name in known if name not in applied]


async def require_current(database: Database) -> None:
    """Make sure that the database has the schema of this version.

    Raises:
        SchemaOutdated: a migration is due.
        SchemaNewer: it has one that this version does not know.
        RecordsUnavailable: the database is away.
    """
    missing = await database.insist(due)
    if missing:
        raise SchemaOutdated(
            f"the database's schema is older than this version: {', '.join(missing)} not applied; "
            "run `hotline records migrate` as the migrator (docs/operator.md)"
        )
