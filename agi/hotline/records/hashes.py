"""The hashes of passwords in force: which peppers they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
