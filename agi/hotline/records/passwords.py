"""Passwords: one row is one password's life, from pending to active to replaced (db/migrations/0002)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from hotline.records.errors import AlreadyRead

if TYPE_CHECKING:
    from datetime import timedelta
    from uuid import UUID

    from hotline.records.pool import Connection


@dataclass(frozen=True)
class Issued:
    """What one account was issued in the last 24 hours.

    Attributes:
        active: passwords that became active.
        in_hand: those that may be being read at this moment, and become active next.
        begun: all that were issued.
        read_in_call: whether one was already read in the call asked for.
    """

    active: int
    in_hand: int
    begun: int
    read_in_call: bool


async def issued(connection: Connection, member_id: int, call_id: str, *, reading: timedelta) -> Issued:
    """Count the passwords the account was issued in the last 24 hours; one is read for no longer than `reading`."""
    (row,) = await connection.fetch(
        """
        SELECT count(*) FILTER (WHERE activated_at > now() - interval '1 day') AS active,
               count(*) FILTER (WHERE state = 'pending'
                                  AND coalesce(reading_began_at, created_at) > now() - $3::interval) AS in_hand,
               count(*) FILTER (WHERE created_at > now() - interval '1 day') AS begun,
               EXISTS (SELECT FROM passwords WHERE call_id = $2 AND reading_began_at IS NOT NULL) AS read_in_call
        FROM passwords
        WHERE member_id = $1 AND call_id IS NOT NULL AND created_at > now() - interval '2 days'
        """,
        member_id,
        call_id,
        reading,
    )
    return Issued(**row)


async def add_pending(
    connection: Connection,
    password_id: UUID,
    *,
    member_id: int,
    call_id: str,
    hashed: str,
    key_id: str,
    first_use: timedelta,
    valid: timedelta,
) -> None:
    """Add a password that nobody has heard yet.

    Args:
        connection: in a transaction.
        password_id: drawn by us.
        member_id: whose.
        call_id: the call it is issued in.
        hashed: its hash.
        key_id: name of the pepper it was made with.
        first_use: how long after its reading began a first sign-in makes it active.
        valid: how long it is valid once it is active.
    """
    await _hold(connection, member_id)
    await connection.execute(
        """
        INSERT INTO passwords (id, member_id, call_id, state, hash, key_id, first_use, valid)
        VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7)
        """,
        password_id,
        member_id,
        call_id,
        hashed,
        key_id,
        first_use,
        valid,
    )


async def add_owned(connection: Connection, password_id: UUID, *, member_id: int, hashed: str, key_id: str) -> None:
    """Add an active password that its owner chose: it was not issued and does not expire."""
    await connection.execute(
        """
        INSERT INTO passwords (id, member_id, state, hash, key_id, activated_at, changed_at)
        VALUES ($1, $2, 'active', $3, $4, now(), now())
        """,
        password_id,
        member_id,
        hashed,
        key_id,
    )


async def began(connection: Connection, password_id: UUID) -> bool:
    """Note that its reading begins; False when a newer one became active meanwhile. Repeating it changes nothing.

    Raises:
        AlreadyRead: the unique index on the call lets only one password be read in a call.
    """
    try:
        return bool(
            await connection.fetchval(
                """
                UPDATE passwords SET reading_began_at = coalesce(reading_began_at, now())
                WHERE id = $1 AND state <> 'replaced' RETURNING true
                """,
                password_id,
            )
        )
    except asyncpg.UniqueViolationError:
        raise AlreadyRead from None


async def activate(connection: Connection, password_id: UUID) -> int | None:
    """Make a pending password the active one and replace the older ones of its account; return the account's key.

    None when nothing changed: it is active already, or a newer one is. A first sign-in does the same
    (db/migrations/0012).
    """
    await _hold(connection, await connection.fetchval("SELECT member_id FROM passwords WHERE id = $1", password_id))
    await connection.execute(
        """
        UPDATE passwords AS old SET state = 'replaced', replaced_at = now()
        FROM passwords AS new
        WHERE new.id = $1 AND new.state = 'pending' AND old.member_id = new.member_id
          AND old.ordinal < new.ordinal AND old.state <> 'replaced'
        """,
        password_id,
    )
    activated: int | None = await connection.fetchval(
        """
        UPDATE passwords SET state = 'active', activated_at = now(), expires_at = now() + valid
        WHERE id = $1 AND state = 'pending' RETURNING member_id
        """,
        password_id,
    )
    return activated


async def withdraw(connection: Connection, password_id: UUID) -> int | None:
    """End a pending password, so that it opens nothing; return the account's key, None when it was not pending."""
    await _hold(connection, await connection.fetchval("SELECT member_id FROM passwords WHERE id = $1", password_id))
    withdrawn: int | None = await connection.fetchval(
        """
        UPDATE passwords SET state = 'replaced', replaced_at = now()
        WHERE id = $1 AND state = 'pending' RETURNING member_id
        """,
        password_id,
    )
    return withdrawn


async def is_active(connection: Connection, password_id: UUID) -> bool:
    """Return whether it is the active password of its account."""
    return bool(await connection.fetchval("SELECT state = 'active' FROM passwords WHERE id = $1", password_id))


async def _hold(connection: Connection, member_id: int | None) -> None:
    """Let nobody else issue, activate or change a password of this account until the transaction ends.

    So ordinals are in the order of the commits, and what another one did while we waited is seen by what we do next.
    Not the member's row: whoever changes many members holds theirs for long, and no call may wait for them.
    A sign-in takes the same lock (db/migrations/0012).
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('passwords of ' || $1::bigint, 0))", member_id
    )
