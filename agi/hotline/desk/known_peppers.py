"""Whether our peppers are those that the database is used with: with others nothing is found, and nobody knows why."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hotline.records import peppers
from hotline.settings import SettingsError

if TYPE_CHECKING:
    from hotline.desk.vault import Vault
    from hotline.records import Database

ADVICE = "(docs/admin.md, “The pepper”)"


async def note_peppers(database: Database, vault: Vault) -> None:
    """Make sure that each pepper is the one that its name stood for before; a new name stands for it from now on.

    Raises:
        SettingsError: one is another: passwords made with the former would open nothing, and nobody would know why.
        RecordsUnavailable: the database is away.
    """
    if others := await database.insist(partial(peppers.note, fingerprints=vault.fingerprints)):
        raise SettingsError(
            f"the pepper named {others[0]!r} (HOTLINE_PASSWORD__PEPPER_KEY_ID or FORMER_PEPPERS) is not the one that "
            "had this name before, and what that one made would open nothing: give that one back, or give the new one "
            f"a new name {ADVICE}"
        )


async def require_known_pepper(database: Database, vault: Vault) -> None:
    """Make sure that our current pepper is one the service has used, if it was ever up; note nothing.

    Numbers are counted under it, or beside it: who looks for them with another finds nobody, and takes that for an
    answer.

    Raises:
        SettingsError: it is none of them.
        RecordsUnavailable: the database is away.
        NotPermitted: the database's user may not see which there are.
    """
    known = await database.insist(peppers.noted)
    if known and known.get(vault.key_id) != vault.fingerprints[vault.key_id]:
        raise SettingsError(
            f"the pepper named {vault.key_id!r} (HOTLINE_PASSWORD__PEPPER_KEY_ID) is none that the service has used "
            f"with this database, and nobody would be found with it: take the service's own {ADVICE}"
        )
