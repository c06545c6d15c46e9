"""The hashes of passwords in force: which peppers they need, and their renewal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from hotline.records.pool import Connection


async def by_pepper(connection: Connection) -> dict[str, int]:
    """Count the passwords in force by the name of the pepper that their hashes were made with."""
    rows = await connection.fetch(
        """
        SELECT key_id, count(*) AS passwords FROM passwords
        WHERE state = 'active' AND coalesce(expires_at > now(), true) GROUP BY key_id ORDER BY key_id
        """
    )
    return {row["key_id"]: row["passwords"] for row in rows}


async def renew(connection: Connection, password_id: UUID, *, before: str, hashed: str, key_id: str) -> None:
    """Put another hash of the same password in the place of `before`, unless that is not its hash any more."""
    await connection.execute(
        "UPDATE passwords SET hash = $3, key_id = $4 WHERE id = $1 AND hash = $2", password_id, before, hashed, key_id
    )
