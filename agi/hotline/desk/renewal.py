"""Renewing hashes: a sign-in is the one moment at which a password is there to be hashed with the current pepper."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from hotline.desk.errors import Overloaded
from hotline.records import RecordsUnavailable, sign_ins

if TYPE_CHECKING:
    from hotline.desk.secret import SecretDigits
    from hotline.desk.vault import Vault
    from hotline.records import Database

log = structlog.get_logger()


async def renew(database: Database, vault: Vault, number: str, password: SecretDigits) -> None:
    """Hash a password that has just signed in anew if its hash is outdated; if that can't be done now, next time.

    Nor is it while another one is pending: by then nobody could tell which of them it is.
    """
    try:
        salts = await database.insist(partial(sign_ins.salts, number=number))
        if len(salts) != 1:
            return
        (salt,) = salts
        proof = await vault.proof(password, salt.member_id, salt.text, salt.key_id)
        if not vault.outdated(proof, salt.key_id):
            return
        hashed = await vault.hash(password, salt.member_id)
        async with database.transaction() as connection:
            await sign_ins.present(
                connection, uuid4(), number, [proof], purpose="renew", hashed=hashed, key_id=vault.key_id
            )
    except (Overloaded, RecordsUnavailable) as reason:
        log.warning("hash_not_renewed", reason=type(reason).__name__)
