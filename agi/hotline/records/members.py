"""Members: who has an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from hotline.records.staging import WRITERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from hotline.records.pool import Connection

_COLUMNS = "id, phone, insurance_number, personal_number, full_name, email, phone_held_until, is_sample"


@dataclass(frozen=True, repr=False)
class Account:
    """What is known of the account that an insurance number leads to.

    Attributes:
        member_id: its key.
        insurance_number: the ten-digit one, whichever of its numbers was asked for.
        personal_number: the twelve-digit one, if it is known.
        matches: whether the phone asked with is its registered one, and not held after a change.
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
        SELECT id, insurance_number, personal_number,
               phone = $2 AND coalesce(phone_held_until <= now(), true) AND (is_sample OR NOT $3) AS matches
        FROM members WHERE insurance_number = $1 OR personal_number = $1
        """,
        number,
        phone,
        sample_only,
    )
    if row is None:
        return None
    return Account(row["id"], row["insurance_number"], row["personal_number"], row["matches"])


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


@dataclass(frozen=True, repr=False)
class Member:
    """A member, with whole numbers.

    Attributes:
        phone_held_until: until then the phone matches nobody; None when it counts.
    """

    id: int
    phone: str
    insurance_number: str
    personal_number: str | None
    full_name: str
    email: str | None
    phone_held_until: datetime | None
    is_sample: bool


class NewMember(Protocol):
    """What a member has from the beginning."""

    @property
    def phone(self) -> str: ...  # noqa: D102
    @property
    def insurance_number(self) -> str: ...  # noqa: D102
    @property
    def personal_number(self) -> str | None: ...  # noqa: D102
    @property
    def full_name(self) -> str: ...  # noqa: D102
    @property
    def email(self) -> str | None: ...  # noqa: D102


async def lock(connection: Connection) -> bool:
    """Let nobody else write members until the transaction ends; False when somebody else does."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", WRITERS))


async def with_number(connection: Connection, number: str) -> Member | None:
    """Return the member with insurance or personal `number`."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM members WHERE insurance_number = $1 OR personal_number = $1",  # noqa: S608 - ours
        number,
    )
    return Member(**row) if row else None


async def with_phone(connection: Connection, phone: str) -> list[Member]:
    """Return the members with `phone` (E.164), in the order of their insurance numbers."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM members WHERE phone = $1 ORDER BY insurance_number",  # noqa: S608 - ours
        phone,
    )
    return [Member(**row) for row in rows]


async def add(connection: Connection, member: NewMember) -> int:
    """Add a member and return its key."""
    key: int = await connection.fetchval(
        """
        INSERT INTO members (phone, insurance_number, personal_number, full_name, email)
        VALUES ($1, $2, $3, $4, $5) RETURNING id
        """,
        member.phone,
        member.insurance_number,
        member.personal_number,
        member.full_name,
        member.email,
    )
    return key


async def change(
    connection: Connection,
    member_id: int,
    field: Literal["phone", "full_name", "email", "personal_number"],
    value: str | None,
) -> None:
    """Give a member another value."""
    await connection.execute(f"UPDATE members SET {field} = $2 WHERE id = $1", member_id, value)  # noqa: S608 - ours


async def count(connection: Connection) -> int:
    """Count the members but the invented ones."""
    members: int = await connection.fetchval("SELECT count(*) FROM members WHERE NOT is_sample")
    return members


async def copy_out(connection: Any, write: Callable[[bytes], Awaitable[None]], columns: Sequence[str]) -> None:
    """Hand all members but the invented ones to `write` as CSV, in pieces; `connection` is asyncpg's."""
    await connection.copy_from_query(
        f"SELECT {', '.join(columns)} FROM members WHERE NOT is_sample ORDER BY insurance_number",  # noqa: S608 - ours
        output=write,
        format="csv",
        header=True,
    )
