"""Signing in, as the VssID app does: the other way for a password to become active."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hotline.desk.errors import NumberMalformed
from hotline.desk.numbers import InsuranceNumber
from hotline.desk.reissue import activate
from hotline.desk.renewal import renew
from hotline.records import members, passwords

if TYPE_CHECKING:
    from datetime import timedelta

    from hotline.desk.secret import SecretDigits
    from hotline.desk.vault import Vault
    from hotline.records import Database
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
        RecordsUnavailable: the database is away.
    """
    try:
        digits = InsuranceNumber.parse(number).digits
    except NumberMalformed:
        digits = ""
    async with database.transaction() as connection:
        member_id = await members.by_number(connection, digits)
        candidates = await passwords.usable(connection, member_id or 0, pending=first_use)
    if member_id is None or not candidates:
        await vault.verify_nothing(password)
        return SignIn.REFUSED
    found = await _presented(vault, member_id, password, candidates)
    if found is None:
        return SignIn.REFUSED
    await renew(database, vault, password, member_id, found)
    if found.active:
        return SignIn.OK if found.changed_at else SignIn.OK_MUST_CHANGE
    active = await activate(database, found.id, valid=valid, actor="sign-in")
    return SignIn.OK_MUST_CHANGE if active else SignIn.REFUSED


async def _presented(vault: Vault, member_id: int, password: SecretDigits, candidates: list[Stored]) -> Stored | None:
    """Return which of the passwords it is that was presented."""
    for candidate in candidates:
        if await vault.verify(password, member_id, candidate.hash, candidate.key_id):
            return candidate
    return None
