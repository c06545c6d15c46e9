"""What the VssID back end does with passwords, as its contract has it (docs/sign-in.md): signs in, has them changed."""

from __future__ import annotations

import secrets
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from hotline.desk.errors import NumberMalformed, PasswordUnchanged
from hotline.desk.numbers import InsuranceNumber
from hotline.desk.renewal import renew
from hotline.records import sign_ins

if TYPE_CHECKING:
    from hotline.desk.secret import SecretDigits
    from hotline.desk.vault import Vault
    from hotline.records import Database


class SignIn(Enum):
    """What becomes of signing in."""

    OK = "ok"
    """Signed in."""
    OK_MUST_CHANGE = "ok, must change the password"
    """Signed in with a re-issued password: nothing else may be done before it is changed."""
    REFUSED = "refused"
    """No such account, or not its password, or no longer."""
    LOCKED = "locked"
    """Too many wrong passwords: not even the right one is looked at for some minutes. Also of numbers of nobody."""


TRIES: Final = 3
"""How often a password is hashed again because its salt was replaced meanwhile."""

_OUTCOMES: Final = {
    "ok": SignIn.OK,
    "must-change": SignIn.OK_MUST_CHANGE,
    "refused": SignIn.REFUSED,
    "locked": SignIn.LOCKED,
}


async def sign_in(database: Database, vault: Vault, number: str, password: SecretDigits) -> SignIn:
    """Sign in with insurance or personal `number`.

    A pending password becomes active by being used.

    Raises:
        Overloaded: more hashes are waiting than anybody should wait for.
        RecordsUnavailable: the database is away; the password may have become active by this use.
    """
    return await _attempt(database, vault, number, password)


async def change(database: Database, vault: Vault, number: str, password: SecretDigits, chosen: SecretDigits) -> bool:
    """Complete the change from `password` to the one the owner has `chosen`; False when they may not sign in with it.

    Only now a re-issued password counts as used. Pending ones end as well: the owner's word is newer.

    Raises:
        PasswordUnchanged: both are the same, and one that was said on the phone must not become one for good.
        Overloaded: more hashes are waiting than anybody should wait for.
        RecordsUnavailable: the database is away; one of the two passwords works.
    """
    if secrets.compare_digest(password.reveal().encode(), chosen.reveal().encode()):
        raise PasswordUnchanged("choose another password than the one to be changed")
    return await _attempt(database, vault, number, password, chosen) is SignIn.OK


async def _attempt(
    database: Database, vault: Vault, number: str, password: SecretDigits, chosen: SecretDigits | None = None
) -> SignIn:
    try:
        digits = InsuranceNumber.parse(number).digits
    except NumberMalformed:
        digits = ""
    for _ in range(TRIES):
        salts = await database.insist(partial(sign_ins.salts, number=digits))
        if not salts:
            return SignIn.LOCKED
        proofs = [await vault.proof(password, salt.member_id, salt.text, salt.key_id) for salt in salts]
        attempt = uuid4()
        present = partial(sign_ins.present, attempt=attempt, number=digits, proofs=proofs)
        if chosen is not None:
            hashed = await vault.hash(chosen, salts[0].member_id)
            present = partial(present, purpose="change", hashed=hashed, key_id=vault.key_id)
        await database.insist(present)
        # Told in another transaction only.
        outcome = await database.insist(partial(sign_ins.outcome, attempt=attempt))
        if outcome != "again":
            break
    else:
        return SignIn.REFUSED
    became = _OUTCOMES[outcome]
    outdated = any(vault.outdated(proof, salt.key_id) for proof, salt in zip(proofs, salts, strict=True))
    if outdated and chosen is None and became in {SignIn.OK, SignIn.OK_MUST_CHANGE}:
        await renew(database, vault, digits, password)
    return became
