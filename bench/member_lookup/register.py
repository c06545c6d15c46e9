"""Filling the table of members: without its indexes, which are then built as the migrations made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.member_lookup.invented import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 100_000
"""Members a statement."""

_CONSTRAINTS = """
    SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid = 'members'::regclass AND contype = 'u'
"""
_INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
    WHERE indrelid = 'members'::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


async def fill(connection: Any, members: int, *, filled: Callable[[int], None], indexed: Callable[[str], None]) -> None:
    """Add so many invented members, and have the table as it is after a good night: indexed, vacuumed, analysed.

    Args:
        connection: asyncpg's, of the table's owner, in no transaction.
        members: how many.
        filled: is told how many were just added.
        indexed: is told what is being built.
    """
    constraints, indexes = await connection.fetch(_CONSTRAINTS), await connection.fetch(_INDEXES)
    for one in constraints:
        await connection.execute(f"ALTER TABLE members DROP CONSTRAINT {one['name']}")
    for one in indexes:
        await connection.execute(f"DROP INDEX {one['name']}")
    add = f"INSERT INTO members (phone, insurance_number, personal_number, full_name) {ROWS}"
    for first in range(0, members, BATCH):
        last = min(first + BATCH, members) - 1
        await connection.execute(add, first, last)
        filled(last - first + 1)
    await connection.execute("SET maintenance_work_mem = '256MB'")
    for one in constraints:
        indexed(one["name"])
        await connection.execute(f"ALTER TABLE members ADD CONSTRAINT {one['name']} {one['definition']}")
    for one in indexes:
        indexed(one["name"])
        await connection.execute(one["definition"])
    indexed("statistics")
    await connection.execute("VACUUM ANALYZE members")


async def gigabytes(connection: Any) -> float:
    """Return how large the table is, with its indexes."""
    size: int = await connection.fetchval("SELECT pg_total_relation_size('members')")
    return size / 1e9
