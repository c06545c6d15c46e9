"""What can go wrong with the records."""

from __future__ import annotations


class RecordsUnavailable(Exception):
    """The database can't be reached, is not ready or was too slow; nothing is known of what was being done."""


class NotPermitted(Exception):
    """The database's user may not do this; the message says what, and where to look."""


class AlreadyRead(Exception):
    """Another password was read in this call, and a call has one."""


class MigrationFailed(Exception):
    """A migration could not be applied; the message names it and what Postgres said."""


class SchemaUnfit(Exception):
    """The database does not have the schema of this version."""


class SchemaOutdated(SchemaUnfit):
    """Migrations are due; the message names them, and the command."""


class SchemaNewer(SchemaUnfit):
    """A newer version has migrated the database; the message names what is not known here."""
