"""Names of peppers: which pepper each name stands for, told by a fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hotline.records.pool import Connection


async def note(connection: Connection, fingerprints: Mapping[str, bytes]) -> list[str]:
    """Note the fingerprint of each name not seen before; return the names that stood for another pepper before."""
    given = list(fingerprints), list(fingerprints.values())
    await connection.execute(
        """
        INSERT INTO peppers (key_id, fingerprint) SELECT * FROM unnest($1::text[], $2::bytea[])
        ON CONFLICT (key_id) DO NOTHING
        """,
        *given,
    )
    rows = await connection.fetch(
        """
        SELECT key_id FROM peppers JOIN unnest($1::text[], $2::bytea[]) AS given (key_id, fingerprint) USING (key_id)
        WHERE peppers.fingerprint <> given.fingerprint ORDER BY key_id
        """,
        *given,
    )
    return [row["key_id"] for row in rows]
