"""Phone changes: who gave a member another phone, and until when it can't be used for a re-issue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from hotline.records.pool import Connection

_COLUMNS = """
    id, member_id, at, old_masked AS old, new_masked AS new, held_until, changed_by, changer, changer_known, why
"""
_HELD = "approved_at IS NULL AND held_until > now()"


@dataclass(frozen=True)
class PhoneChange:
    """A change of a phone that is held.

    Attributes:
        old: masked.
        new: masked.
        held_until: when it counts without anybody's approval.
        changed_by: the name they gave.
        changer: the person behind it.
        changer_known: whether that is one person and not, for example, root.
    """

    id: int
    member_id: int
    at: datetime
    old: str
    new: str
    held_until: datetime
    changed_by: str
    changer: str
    changer_known: bool
    why: str


async def add(
    connection: Connection,
    member_id: int,
    *,
    old: str,
    new: str,
    hold: timedelta,
    by: str,
    person: str,
    known: bool,
    why: str,
) -> None:
    """Note a change, and hold the member's phone for `hold`."""
    held_until = await connection.fetchval(
        """
        INSERT INTO phone_changes (member_id, old_masked, new_masked, held_until, changed_by, changer,
                                   changer_known, why)
        VALUES ($1, $2, $3, now() + $4::interval, $5, $6, $7, $8) RETURNING held_until
        """,
        member_id,
        old,
        new,
        hold,
        by,
        person,
        known,
        why,
    )
    await connection.execute("UPDATE members SET phone_held_until = $2 WHERE id = $1", member_id, held_until)


async def held(connection: Connection) -> list[PhoneChange]:
    """Return the changes still held, oldest first."""
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM phone_changes WHERE {_HELD} ORDER BY id")  # noqa: S608 - ours
    return [PhoneChange(**row) for row in rows]


async def locked(connection: Connection, key: int) -> PhoneChange | None:
    """Return a change that is held, kept from changing until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM phone_changes WHERE id = $1 AND {_HELD} FOR UPDATE",  # noqa: S608 - ours
        key,
    )
    return PhoneChange(**row) if row else None


async def approve(connection: Connection, change: PhoneChange, *, by: str, person: str) -> None:
    """Note who approved a change, and let the phone be used unless a later change holds it.

    The table itself refuses an approver who is not known to be a second person (db/migrations/0014).
    """
    await connection.execute(
        "UPDATE phone_changes SET approved_at = now(), approved_by = $2, approver = $3 WHERE id = $1",
        change.id,
        by,
        person,
    )
    await connection.execute(
        f"""
        UPDATE members SET phone_held_until = (
            SELECT max(held_until) FROM phone_changes WHERE member_id = $1 AND id > $2 AND {_HELD}
        ) WHERE id = $1
        """,  # noqa: S608 - ours
        change.member_id,
        change.id,
    )
