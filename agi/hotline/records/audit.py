"""The audit trail: rows are only ever added, and hold no number and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hotline.records.pool import Connection

Action = Literal["password-pending", "password-active", "password-limit", "number-limit"]
Actor = Literal["caller", "sign-in", "operator"]


async def add(
    connection: Connection, action: Action, *, actor: Actor, member_id: int, call_id: str | None = None
) -> None:
    """Add an entry; it stands or falls with the transaction it tells of."""
    await connection.execute(
        "INSERT INTO audit (actor, action, member_id, call_id) VALUES ($1, $2, $3, $4)",
        actor,
        action,
        member_id,
        call_id,
    )
