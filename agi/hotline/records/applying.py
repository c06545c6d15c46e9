"""Migrations applied once and in order by yoyo, in a thread of their own: yoyo and psycopg wait for what they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import psycopg
import yoyo

from hotline.records.errors import MigrationFailed, RecordsUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOCK = 0x_484F_544C_494E_45
"""Key of the advisory lock under which migrations are applied ("HOTLINE" in ASCII)."""
LOCK_TIMEOUT: Final = "5s"
"""How long a migration waits for a table in use: everybody who wants the table then waits behind it."""


def apply(dsn: str, folder: Path, applied: Callable[[str], None]) -> list[str]:
    """Apply what is missing, as `migrate` says.

    Raises:
        RecordsUnavailable: the database can't be reached.
        MigrationFailed: a migration is wrong, may not be applied by this role, or waits for a table in use.
    """
    scheme, _, rest = dsn.partition("://")
    if scheme not in {"postgres", "postgresql"}:
        raise MigrationFailed("a database address begins with postgresql://")
    # A session lock and not yoyo's lock table, whose row outlives a killed process and blocks all later ones.
    try:
        with psycopg.connect(dsn, autocommit=True) as guard:
            guard.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            return _apply_missing(f"postgresql+psycopg://{rest}", folder, applied)
    except psycopg.OperationalError as error:
        raise RecordsUnavailable("the database can't be reached") from error


def _apply_missing(address: str, folder: Path, applied: Callable[[str], None]) -> list[str]:
    done: list[str] = []
    with yoyo.get_backend(_impatient(address)) as backend:
        missing = backend.to_apply(yoyo.read_migrations(str(folder)))
        for migration in missing:
            try:
                backend.apply_one(migration)
            except psycopg.errors.LockNotAvailable as error:
                raise MigrationFailed(
                    f"{migration.id}: a table is in use for longer than {LOCK_TIMEOUT}; try again when it is not"
                ) from error
            except psycopg.OperationalError:
                raise
            except psycopg.errors.InsufficientPrivilege as error:
                raise MigrationFailed(
                    f"{migration.id}: {error.diag.message_primary}; what the migrator may do is in docs/operator.md"
                ) from error
            except psycopg.Error as error:
                raise MigrationFailed(f"{migration.id}: {error}") from error
            done.append(migration.id)
            applied(migration.id)
    return done


def _impatient(address: str) -> str:
    """Return `address` with the time limit for locks: yoyo opens a connection for each migration."""
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    query["options"] = [" ".join([*query.get("options", []), f"-c lock_timeout={LOCK_TIMEOUT}"])]
    return parts._replace(query=urlencode(query, doseq=True, quote_via=quote)).geturl()
