"""What can go wrong with the records."""

from __future__ import annotations


class RecordsUnavailable(Exception):
    """The database can't be reached, is not ready or was too slow; nothing is known of what was being done."""


class AlreadyRead(Exception):
    """Another password was read in this call, and a call has one."""


class MigrationFailed(Exception):
    """A migration could not be applied; the message names it and what Postgres said."""
