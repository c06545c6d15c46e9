"""Brings a database to the schema of this version: plain SQL files, applied once and in order by yoyo."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import psycopg
import yoyo

from hotline.records.errors import MigrationFailed, RecordsUnavailable
from hotline.settings import SHARE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIGRATIONS = SHARE / "db" / "migrations"
LOCK = 0x_484F_544C_494E_45
"""Key of the advisory lock under which migrations are applied ("HOTLINE" in ASCII)."""
LOCK_TIMEOUT: Final = "5s"
"""How long a migration waits for a table in use: everybody who wants the table then waits behind it."""


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
    return await asyncio.to_thread(_apply, dsn, folder, applied)


def names(folder: Path = MIGRATIONS) -> list[str]:
    """Return the names of the migrations in `folder`, in their order."""
    return sorted(path.stem for path in folder.glob("*.sql"))


def _apply(dsn: str, folder: Path, applied: Callable[[str], None]) -> list[str]:
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
