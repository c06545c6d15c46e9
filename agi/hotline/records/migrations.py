"""Brings a database to the schema of this version: plain SQL files, applied once and in order by yoyo."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import yoyo

from hotline.records.errors import MigrationFailed, RecordsUnavailable
from hotline.settings import SHARE

if TYPE_CHECKING:
    from pathlib import Path

MIGRATIONS = SHARE / "db" / "migrations"
LOCK = 0x_484F_544C_494E_45
"""Key of the advisory lock under which migrations are applied ("HOTLINE" in ASCII)."""


async def migrate(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations of `folder` that the database does not have yet; return their names.

    Safe to run by several processes at once: one applies, the others wait for it.

    Raises:
        RecordsUnavailable: the database can't be reached.
        MigrationFailed: a migration is wrong; those before it stay applied.
    """
    return await asyncio.to_thread(_apply, dsn, folder)


def _apply(dsn: str, folder: Path) -> list[str]:
    scheme, _, rest = dsn.partition("://")
    if scheme not in {"postgres", "postgresql"}:
        raise MigrationFailed("a database address begins with postgresql://")
    # A session lock and not yoyo's lock table, whose row outlives a killed process and blocks all later ones.
    try:
        with psycopg.connect(dsn, autocommit=True) as guard:
            guard.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            return _apply_missing(f"postgresql+psycopg://{rest}", folder)
    except psycopg.OperationalError as error:
        raise RecordsUnavailable("the database can't be reached") from error


def _apply_missing(address: str, folder: Path) -> list[str]:
    names: list[str] = []
    with yoyo.get_backend(address) as backend:
        for migration in backend.to_apply(yoyo.read_migrations(str(folder))):
            try:
                backend.apply_one(migration)
            except psycopg.OperationalError:
                raise
            except psycopg.Error as error:
                raise MigrationFailed(f"{migration.id}: {error}") from error
            names.append(migration.id)
    return names
