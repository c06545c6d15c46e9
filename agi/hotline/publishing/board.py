"""What callers of this process hear: the newest published menu, a second after it was published at the latest.

Postgres tells every process of a new version. One that was not told, as its connection was lost at that moment, looks
all the same, when it is back and every ten seconds. A version that can't be used here is an alarm, and the one before
goes on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from hotline.desk import dialled
from hotline.menu import MenuError
from hotline.prompts import PromptsError
from hotline.publishing.edition import DRAFT
from hotline.records import RecordsUnavailable, menus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hotline.desk import CallerNumber, Desk, Vault
    from hotline.publishing.edition import Edition, Maker
    from hotline.records import Connection, Database
    from hotline.records.listening import Listener

log = structlog.get_logger()

POLL: Final = 10.0
"""Seconds after which we look without having been told."""
OLDER: Final = 10
"""Versions that are tried at the start, the newest first, before the file is what callers hear."""


@dataclass(frozen=True)
class _Tried:
    """A draft, and who hears it."""

    edition: Edition
    testers: Collection[bytes]


class Board:
    """The menus that callers of this process get.

    Args:
        first: what they hear until something published is known.
        maker: of editions.
        on_live: called with each edition that becomes the live one, `first` not included.

    Attributes:
        live: what a caller hears who calls now.
    """

    def __init__(
        self,
        first: Edition,
        maker: Maker,
        database: Database,
        desk: Desk,
        vault: Vault,
        *,
        on_live: Callable[[Edition], None] = lambda _: None,
    ) -> None:
        self.live = first
        self._maker = maker
        self._database = database
        self._desk = desk
        self._vault = vault
        self._on_live = on_live
        self._version = 0
        self._refused = 0
        self._draft_number = 0
        self._draft: _Tried | None = None

    def edition_for(self, arguments: Sequence[str], caller: CallerNumber | None) -> Edition:
        """Return what a caller hears: the draft for its testers, and who rang the test extension; else what is live."""
        draft = self._draft
        if draft is not None and caller is not None and self._tests(draft, arguments, caller):
            return draft.edition
        return self.live

    def _tests(self, draft: _Tried, arguments: Sequence[str], caller: CallerNumber) -> bool:
        if dialled(arguments) == DRAFT:
            return True
        return bool(draft.testers) and self._vault.trace(caller.e164).hmac in draft.testers

    async def run(self, listener: Listener) -> None:
        """Look whenever `listener` is told something, and now and then, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(POLL):
                    await listener.told.wait()
            except TimeoutError:
                pass
            listener.told.clear()
            try:
                await self.look()
            except RecordsUnavailable:
                pass  # logged where it happened; the listener tells when the database is back
            except Exception:
                log.exception("menu_watch_failed")

    async def look(self) -> None:
        """Have what was published or drafted last.

        Raises:
            RecordsUnavailable: the database is away.
        """
        version, draft = await self._database.insist(menus.numbers)
        if version != self._version:
            await self._look_at_versions()
        if draft != self._draft_number:
            await self._look_at_draft()

    async def _look_at_versions(self) -> None:
        limit = 1 if self._version else OLDER

        async def newest(connection: Connection) -> list[menus.Version]:
            return await menus.listed(connection, limit=limit)

        for version in await self._database.insist(newest):
            if version.number == self._version:
                return
            if edition := await self._made(version.body, str(version.number), version.number):
                self.live, self._version = edition, version.number
                log.info("menu_live", version=version.number)
                self._on_live(edition)
                return

    async def _look_at_draft(self) -> None:
        draft = await self._database.insist(menus.draft)
        self._draft = None
        if draft is None:
            return
        self._draft_number = draft.number
        if draft.body is not None and (edition := await self._made(draft.body, DRAFT)):
            self._draft = _Tried(edition, frozenset(draft.testers_hmac))
            log.info("menu_draft", draft=draft.number, testers=len(draft.testers_hmac))

    async def _made(self, body: str, name: str, number: int = 0) -> Edition | None:
        """Return the edition of a text; None when it can't be used here."""
        try:
            return await asyncio.to_thread(self._maker.make, body, name)
        except (MenuError, PromptsError) as fault:
            # Tried again at each look: a prompt may still be built. Told once.
            if not number or number > self._refused:
                log.error("menu_refused", menu=name, reason=str(fault), live=self.live.name)  # noqa: TRY400 - it says all
            if number > self._refused:
                self._refused = number
                self._desk.menu_refused(number)
            return None
