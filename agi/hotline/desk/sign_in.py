"""What the VssID back end does with passwords: signs in with them, and has them changed."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from hotline.desk.errors import NumberMalformed
from hotline.desk.numbers import InsuranceNumber
from hotline.desk.reissue import activate
from hotline.desk.renewal import renew
from hotline.records import audit, members, passwords

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from hotline.desk.secret import SecretDigits
    from hotline.desk.vault import Vault
    from hotline.records import Connection, Database
    from hotline.records.passwords import Stored


class SignIn(Enum):
    """What becomes of signing in."""

    OK = "ok"
    """Signed in."""
    OK_MUST_CHANGE = "ok, must change the password"
    """Signed in with a re-issued password: nothing else may be done before it is changed."""
    REFUSED = "refused"
    """No such account, or not its password, or no longer."""


async def sign_in(
    database: Database, vault: Vault, number: str, password: SecretDigits, *, first_use: timedelta, valid: timedelta
) -> SignIn:
    """Sign in with insurance or personal `number`.

    A pending password whose reading began within `first_use` becomes active by being used, for `valid`.

    Raises:
        RecordsUnavailable: the database is away; the password may have become active by this use.
    """
    used = await _use(database, vault, number, password, first_use=first_use, valid=valid)
    if used is None:
        return SignIn.REFUSED
    return SignIn.OK if used.changed_at else SignIn.OK_MUST_CHANGE


async def change(
    database: Database,
    vault: Vault,
    number: str,
    password: SecretDigits,
    chosen: SecretDigits,
    *,
    first_use: timedelta,
    valid: timedelta,
) -> bool:
    """Complete the change from `password` to the one the owner has `chosen`; False when they may not sign in with it.

    Only now a re-issued password counts as used. Pending ones end as well: the owner's word is newer.

    Raises:
        RecordsUnavailable: the database is away; one of the two passwords works.
    """
    used = await _use(database, vault, number, password, first_use=first_use, valid=valid)
    if used is None:
        return False
    password_id = uuid4()
    hashed = await vault.hash(chosen, used.member_id)

    async def replace(connection: Connection) -> bool:
        if not await passwords.own(connection, password_id, current=used, hashed=hashed, key_id=vault.key_id):
            # It is there already if an earlier try was committed after all.
            return await passwords.is_active(connection, password_id)
        await audit.add(connection, "password-changed", actor="sign-in", member_id=used.member_id)
        return True

    return await database.insist(replace)


async def _use(
    database: Database, vault: Vault, number: str, password: SecretDigits, *, first_use: timedelta, valid: timedelta
) -> Stored | None:
    """Return the password that was presented, by now the active one; None when it opens nothing."""
    try:
        digits = InsuranceNumber.parse(number).digits
    except NumberMalformed:
        digits = ""

    async def find(connection: Connection) -> Sequence[Stored]:
        member_id = await members.by_number(connection, digits)
        return [] if member_id is None else await passwords.usable(connection, member_id, pending=first_use)

    candidates = await database.insist(find)
    if not candidates:
        await vault.verify_nothing(password)
        return None
    for candidate in candidates:
        if await vault.verify(password, candidate.member_id, candidate.hash, candidate.key_id):
            break
    else:
        return None
    await renew(database, vault, password, candidate.member_id, candidate)
    if candidate.active:
        return candidate
    activated = await database.insist(partial(activate, password_id=candidate.id, valid=valid, actor="sign-in"))
    return candidate if activated else None
