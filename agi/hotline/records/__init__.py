"""Everything in Postgres: the connections, the schema and every query. The rules are the desk's."""

from hotline.records.bulk import bulk_transaction
from hotline.records.embedded import EmbeddedPostgres
from hotline.records.errors import (
    AlreadyRead,
    MigrationFailed,
    NotPermitted,
    RecordsUnavailable,
    SchemaNewer,
    SchemaOutdated,
    SchemaUnfit,
)
from hotline.records.migrations import migrate
from hotline.records.pool import Connection, Database

__all__ = [
    "AlreadyRead",
    "Connection",
    "Database",
    "EmbeddedPostgres",
    "MigrationFailed",
    "NotPermitted",
    "RecordsUnavailable",
    "SchemaNewer",
    "SchemaOutdated",
    "SchemaUnfit",
    "bulk_transaction",
    "migrate",
]
