"""Renewing hashes: a sign-in is the one moment at which a password is there to be hashed with the current pepper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from hotline.desk.errors import Overloaded
from hotline.records import RecordsUnavailable, hashes

if TYPE_CHECKING:
    from hotline.desk.secret import SecretDigits
    from hotline.desk.vault import Vault
    from hotline.records import Database
    from hotline.records.passwords import Stored

log = structlog.get_logger()


async def renew(database: Database, vault: Vault, password: SecretDigits, member_id: int, stored: Stored) -> None:
    """Hash a password that was just verified anew if its hash is outdated; if that can't be done now, next time."""
    if not vault.outdated(stored.hash, stored.key_id):
        return
    try:
        hashed = await vault.hash(password, member_id)
        async with database.transaction() as connection:
            await hashes.renew(connection, stored.id, before=stored.hash, hashed=hashed, key_id=vault.key_id)
    except (Overloaded, RecordsUnavailable) as reason:
        log.warning("hash_not_renewed", password_id=str(stored.id), reason=type(reason).__name__)
