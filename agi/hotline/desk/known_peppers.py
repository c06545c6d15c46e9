"""Whether our secrets are those that the database is used with: with others nothing is found, and nobody knows why."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hotline.records import peppers
from hotline.settings import SettingsError

if TYPE_CHECKING:
    from hotline.desk.vault import Vault
    from hotline.records import Database


async def note_peppers(database: Database, vault: Vault) -> None:
    """Make sure that each pepper is the one that its name stood for before; a new name stands for it from now on.

    The key that numbers are counted under is noted as well; another than before is no error here, as it may be meant.

    Raises:
        SettingsError: one is another: passwords made with the former would open nothing, and nobody would know why.
        RecordsUnavailable: the database is away.
    """
    noting = partial(peppers.note, fingerprints=vault.fingerprints, trace=vault.trace_fingerprint)
    if others := await database.insist(noting):
        raise SettingsError(
            f"the pepper named {others[0]!r} (HOTLINE_PASSWORD__PEPPER_KEY_ID or FORMER_PEPPERS) is not the one that "
            "had this name before, and what that one made would open nothing: give that one back, or give the new one "
            "a new name (docs/admin.md, “The pepper”)"
        )


async def require_known_trace_key(database: Database, vault: Vault) -> None:
    """Make sure that numbers were ever counted under our key, if any were: for who looks for somebody's.

    Raises:
        SettingsError: none was: nobody would be found, and that would be taken for an answer.
        RecordsUnavailable: the database is away.
        NotPermitted: the database's user may not see which keys there are.
    """
    known = await database.insist(peppers.trace_keys)
    if known and vault.trace_fingerprint not in known:
        raise SettingsError(
            "HOTLINE_PASSWORD__TRACE_KEY_FILE, or the pepper where that is not set, is none that the service has "
            "counted numbers under, so nobody would be found: take the service's own (docs/admin.md, “The pepper”)"
        )
