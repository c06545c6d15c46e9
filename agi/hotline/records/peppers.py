"""Which secret is which, told by a fingerprint: peppers by their names, and keys that numbers were counted under."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hotline.records.pool import Connection

_TRACE = "trace-"
"""Begins the name of a key of numbers; no pepper can have such a name, for its dash."""


async def note(connection: Connection, fingerprints: Mapping[str, bytes], trace: bytes) -> list[str]:
    """Note the fingerprint of each pepper's name not seen before, and that of a key of numbers.

    Returns:
        The names that stood for another pepper before.
    """
    ours = {**fingerprints, f"{_TRACE}{trace.hex()}": trace}
    await connection.execute(
        """
        INSERT INTO peppers (key_id, fingerprint) SELECT * FROM unnest($1::text[], $2::bytea[])
        ON CONFLICT (key_id) DO NOTHING
        """,
        list(ours),
        list(ours.values()),
    )
    rows = await connection.fetch(
        """
        SELECT key_id FROM peppers JOIN unnest($1::text[], $2::bytea[]) AS given (key_id, fingerprint) USING (key_id)
        WHERE peppers.fingerprint <> given.fingerprint ORDER BY key_id
        """,
        list(fingerprints),
        list(fingerprints.values()),
    )
    return [row["key_id"] for row in rows]


async def trace_keys(connection: Connection) -> set[bytes]:
    """Return the fingerprints of all keys that numbers were ever counted under."""
    rows = await connection.fetch("SELECT fingerprint FROM peppers WHERE starts_with(key_id, $1)", _TRACE)
    return {bytes(row["fingerprint"]) for row in rows}
