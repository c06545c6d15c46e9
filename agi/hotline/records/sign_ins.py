"""Sign-ins, through the functions that the VssID back end has and no others (docs/sign-in.md, db/migrations/0012)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from hotline.records.pool import Connection

Outcome = Literal["ok", "must-change", "refused", "locked", "again"]
Purpose = Literal["sign-in", "renew", "change"]


@dataclass(frozen=True, repr=False)
class Salt:
    """With what to hash a password that is presented.

    Attributes:
        member_id: whose it may be; 0 of nobody.
        text: an argon2id hash in its standard form without the last field.
        key_id: name of the pepper.
    """

    member_id: int
    text: str
    key_id: str


async def salts(connection: Connection, number: str) -> list[Salt]:
    """Return the salts for a sign-in with insurance or personal `number`, one at least; none when it is locked."""
    rows = await connection.fetch("SELECT member_id, salt, key_id FROM vssid_sign_in_salts($1)", number)
    return [Salt(row["member_id"], row["salt"], row["key_id"]) for row in rows]


async def present(
    connection: Connection,
    attempt: UUID,
    number: str,
    proofs: Sequence[str],
    *,
    purpose: Purpose = "sign-in",
    hashed: str | None = None,
    key_id: str | None = None,
) -> None:
    """Present one hash for each salt. Repeating it with the same `attempt` changes nothing.

    Args:
        connection: in a transaction that has done nothing else, and will not.
        attempt: its id, drawn by us.
        number: as for the salts.
        proofs: a hash for each salt.
        purpose: to sign in; or on top to put another hash of the same password in its place, or of another password.
        hashed: that hash.
        key_id: name of the pepper it was made with.
    """
    await connection.execute(
        "SELECT vssid_sign_in_present($1, $2, $3, $4, $5, $6)", attempt, number, list(proofs), purpose, hashed, key_id
    )


async def outcome(connection: Connection, attempt: UUID) -> Outcome:
    """Return what became of an attempt that was presented and committed."""
    told: Outcome = await connection.fetchval("SELECT vssid_sign_in_outcome($1)", attempt)
    return told
