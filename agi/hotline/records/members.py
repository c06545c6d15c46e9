"""Members: who has an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotline.records.pool import Connection


@dataclass(frozen=True, repr=False)
class Account:
    """What is known of the account that an insurance number leads to.

    Attributes:
        member_id: its key.
        insurance_number: the ten-digit one, whichever of its numbers was asked for.
        personal_number: the twelve-digit one, if it is known.
        matches: whether the phone asked with is its registered one.
    """

    member_id: int
    insurance_number: str
    personal_number: str | None
    matches: bool


async def find(connection: Connection, number: str, *, phone: str, sample_only: bool) -> Account | None:
    """Return the account of insurance or personal `number`, and whether `phone` (E.164) belongs to it.

    With `sample_only` no real member is matched.
    """
    row = await connection.fetchrow(
        """
        SELECT id, insurance_number, personal_number, phone = $2 AND (is_sample OR NOT $3) AS matches
        FROM members WHERE insurance_number = $1 OR personal_number = $1
        """,
        number,
        phone,
        sample_only,
    )
    if row is None:
        return None
    return Account(row["id"], row["insurance_number"], row["personal_number"], row["matches"])


async def by_number(connection: Connection, number: str) -> int | None:
    """Return the key of the member with insurance or personal `number`."""
    found: int | None = await connection.fetchval(
        "SELECT id FROM members WHERE insurance_number = $1 OR personal_number = $1", number
    )
    return found


async def add_sample(
    connection: Connection,
    *,
    phone: str,
    insurance_number: str,
    personal_number: str | None,
    full_name: str,
    email: str | None,
) -> int | None:
    """Add an invented member and return its key; None when one with that insurance number is there already."""
    key: int | None = await connection.fetchval(
        """
        INSERT INTO members (phone, insurance_number, personal_number, full_name, email, is_sample)
        VALUES ($1, $2, $3, $4, $5, true) ON CONFLICT (insurance_number) DO NOTHING RETURNING id
        """,
        phone,
        insurance_number,
        personal_number,
        full_name,
        email,
    )
    return key


async def remove_samples(connection: Connection) -> None:
    """Remove every invented member, with their passwords."""
    await connection.execute("DELETE FROM members WHERE is_sample")
