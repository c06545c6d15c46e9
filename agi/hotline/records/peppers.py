"""Names of peppers: which pepper each name stands for, told by a fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hotline.records.pool import Connection


async def note(connection: Connection, fingerprints: Mapping[str, bytes]) -> list[str]:
    """Note the fingerprint of each name not seen before; return the names that stood for another pepper before."""
    await connection.execute(
        """
        INSERT INTO peppers (key_id, fingerprint) SELECT * FROM unnest($1::text[], $2::bytea[])
        ON CONFLICT (key_id) DO NOTHING
        """,
        list(fingerprints),
        list(fingerprints.values()),
    )
    known = await noted(connection)
    return sorted(name for name, fingerprint in fingerprints.items() if known[name] != fingerprint)


async def noted(connection: Connection) -> dict[str, bytes]:
    """Return the fingerprint of each name seen so far."""
    rows = await connection.fetch("SELECT key_id, fingerprint FROM peppers")
    return {row["key_id"]: bytes(row["fingerprint"]) for row in rows}
