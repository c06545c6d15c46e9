"""The audit trail: rows are only ever added, and hold no whole number and no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hotline.records.pool import Connection

# The functions of the sign-in add entries as well, by the actor "sign-in" (db/migrations/0012).
Action = Literal[
    "password-pending",
    "password-active",
    "password-withdrawn",
    "password-limit",
    "number-limit",
    "limit-lifted",
    "alarm-acknowledged",
    "member-added",
    "member-changed",
    "members-imported",
    "members-exported",
    "phone-approved",
    "menu-drafted",
    "menu-published",
]
Actor = Literal["caller", "operator"]


async def add(
    connection: Connection,
    action: Action,
    *,
    actor: Actor,
    member_id: int | None = None,
    call_id: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Add an entry; it stands or falls with the transaction it tells of. `detail` becomes JSON."""
    await connection.execute(
        "INSERT INTO audit (actor, action, member_id, call_id, detail) VALUES ($1, $2, $3, $4, $5::jsonb)",
        actor,
        action,
        member_id,
        call_id,
        json.dumps(detail or {}),
    )
