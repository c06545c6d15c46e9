"""What an admin does with menus: draft, publish, go back. Nothing that can't be used becomes live."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from hotline.menu import text_of
from hotline.publishing.edition import DRAFT
from hotline.publishing.errors import NoDraft, NoSuchVersion, PublishedMeanwhile, RolledBackAlready
from hotline.records import audit, menus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from hotline.desk import Reason
    from hotline.publishing.edition import Edition, Maker
    from hotline.records import Connection, Database
    from hotline.records.attempts import Trace
    from hotline.records.menus import Deed, Draft, Version

FILE_NUMBER: Final = 0
"""The file that a new installation begins with, as a version."""


class Press:
    """Versions and drafts of the menu, for who changes it.

    Args:
        maker: makes an edition of each before it is let in, as the service will.
        file: what callers hear as long as nothing was published.
        proven: called with each edition that can be used, before it is let in.
    """

    def __init__(
        self,
        database: Database,
        maker: Maker,
        file: Path,
        proven: Callable[[Edition], Awaitable[None]] | None = None,
    ) -> None:
        self._on_proven = proven
        self._database = database
        self._maker = maker
        self._file = file

    async def versions(self, *, limit: int) -> list[Version]:
        """Return the newest versions, newest first.

        Raises:
            RecordsUnavailable: the database is away.
        """
        return await self._database.insist(partial(menus.listed, limit=limit))

    async def text(self, number: int | None = None) -> tuple[int, str]:
        """Return a version's number and text: of the live one, or of `number`, 0 being the file.

        Raises:
            NoSuchVersion: none has this number.
            MenuError: the file can't be read.
            RecordsUnavailable: the database is away.
        """
        if number is None:
            newest = await self.versions(limit=1)
            return (newest[0].number, newest[0].body) if newest else (FILE_NUMBER, text_of(self._file))
        if number == FILE_NUMBER:
            return FILE_NUMBER, text_of(self._file)
        found = await self._database.insist(partial(menus.find, number=number))
        if found is None:
            raise NoSuchVersion(f"there is no version {number}: `hotline menu versions` lists them")
        return number, found.body

    async def draft(self) -> Draft:
        """Return the draft.

        Raises:
            NoDraft: there is none.
            RecordsUnavailable: the database is away.
        """
        draft = await self._database.insist(menus.draft)
        if draft is None or draft.body is None:
            raise NoDraft("there is no draft: `hotline menu draft FILE` makes one")
        return draft

    async def make_draft(self, text: str, name: str, reason: Reason, testers: Sequence[Trace] = ()) -> None:
        """Let `testers`, and who rings the test extension, hear a menu; in faults it is called `name`.

        Raises:
            MenuError, PromptsError: it can't be used.
            RecordsUnavailable: the database is away.
        """
        await self._proven(text, name)
        async with self._database.transaction() as connection:
            await menus.lock(connection)
            live, _ = await menus.numbers(connection)
            await menus.add_draft(connection, text, by=reason.by, why=reason.why, based_on=live, testers=testers)
            await _noted(connection, "menu-drafted", reason, based_on=live, testers=[one.masked for one in testers])

    async def discard_draft(self, reason: Reason) -> None:
        """Let everybody hear what is live.

        Raises:
            NoDraft: there is none.
            RecordsUnavailable: the database is away.
        """
        draft = await self.draft()
        async with self._database.transaction() as connection:
            await menus.lock(connection)
            await _end_draft(connection, draft.based_on, reason)
            await _noted(connection, "menu-drafted", reason, discarded=True)

    async def publish_draft(self, reason: Reason) -> int:
        """Publish the draft, which is none afterwards; return the number of the version.

        Raises:
            NoDraft: there is none.
            PublishedMeanwhile: another version went live since it was made, or another draft took its place just now.
            MenuError, PromptsError: it can't be used any more.
            RecordsUnavailable: the database is away; whether it was published is not known.
        """
        draft = await self.draft()
        assert draft.body is not None  # noqa: S101 - it would be no draft
        return await self._publish(draft.body, DRAFT, "publish", reason, base=draft.based_on, draft=draft.number)

    async def publish(self, text: str, name: str, reason: Reason) -> int:
        """Publish a text, which is called `name` in faults; return the number of the version.

        Raises:
            MenuError, PromptsError: it can't be used.
            RecordsUnavailable: the database is away; whether it was published is not known.
        """
        return await self._publish(text, name, "publish", reason)

    async def roll_back(self, to: int | None, reason: Reason) -> tuple[int, int]:
        """Publish the text of an older version again, by default of the one before; return its number and the new one.

        Raises:
            NoSuchVersion: there is none to go back to.
            RolledBackAlready: what is live came by a rollback, and the one before it is what was wrong.
            MenuError, PromptsError: it can't be used any more.
            RecordsUnavailable: the database is away; whether it was published is not known.
        """
        newest = await self.versions(limit=1)
        if not newest:
            raise NoSuchVersion("nothing was published yet, so there is nothing to go back to")
        live = newest[0].number
        if to is None and newest[0].deed == "rollback":
            raise RolledBackAlready(
                f"version {live} is live by a rollback already, and version {live - 1} is what it undid: choose one of "
                "`hotline menu versions`, and `hotline menu rollback NUMBER`"
            )
        older = live - 1 if to is None else to
        _, text = await self.text(older)
        return older, await self._publish(text, f"version {older}", "rollback", reason, base=live)

    async def change(self, edit: Callable[[str], str], deed: Deed, reason: Reason) -> int:
        """Publish what is live with a quick change; return the number of the version.

        Raises:
            NothingToChange: it is that way already.
            PublishedMeanwhile: somebody else was faster.
            MenuError, PromptsError: the outcome can't be used.
            RecordsUnavailable: the database is away; whether it was published is not known.
        """
        live, text = await self.text()
        return await self._publish(edit(text), "the changed menu", deed, reason, base=live)

    async def _publish(
        self, text: str, name: str, deed: Deed, reason: Reason, *, base: int | None = None, draft: int | None = None
    ) -> int:
        await self._proven(text, name)
        async with self._database.transaction() as connection:
            await menus.lock(connection)
            live, newest_draft = await menus.numbers(connection)
            if draft is not None and draft != newest_draft:
                raise PublishedMeanwhile("the draft was changed just now: listen to it, and publish again")
            if base is not None and live != base:
                raise PublishedMeanwhile(
                    f"version {live} was published since: see `hotline menu compare {base} {live}`, take over what "
                    "is in it, and try again"
                )
            number = await menus.add(connection, text, deed=deed, by=reason.by, why=reason.why)
            if draft is not None:
                await _end_draft(connection, number, reason)
            await _noted(connection, "menu-published", reason, version=number, deed=deed)
        return number

    async def _proven(self, text: str, name: str) -> None:
        edition = await asyncio.to_thread(self._maker.make, text, name, name)
        if self._on_proven is not None:
            await self._on_proven(edition)


async def _end_draft(connection: Connection, based_on: int, reason: Reason) -> None:
    await menus.add_draft(connection, None, by=reason.by, why=reason.why, based_on=based_on)


async def _noted(connection: Connection, action: audit.Action, reason: Reason, **detail: object) -> None:
    await audit.add(connection, action, actor="operator", detail=detail | {"by": reason.by, "why": reason.why})
