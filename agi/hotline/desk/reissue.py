"""The life of a new password: committed as pending, begun to be read, heard and so active (SPEC §4)."""

from __future__ import annotations

import asyncio
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from hotline.desk.errors import AlreadyIssued
from hotline.records import AlreadyRead, RecordsUnavailable, audit, passwords

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import timedelta
    from uuid import UUID

    from hotline.desk.secret import SecretDigits
    from hotline.records import Connection, Database

T = TypeVar("T")

log = structlog.get_logger()


class Activation(Enum):
    """What is known of a password that was heard in full."""

    ACTIVE = "active"
    """It is the one in force."""
    OVERTAKEN = "overtaken"
    """A newer one of the account is: of another call, or chosen by its owner."""
    UNKNOWN = "unknown"
    """The database stayed away, so nobody knows; its first use may still make it active."""


class Reissue:
    """A new password, committed and not yet active. Whoever drops it leaves it pending, and the old one in force.

    Attributes:
        password: what to read out.
    """

    def __init__(
        self,
        database: Database,
        *,
        password_id: UUID,
        password: SecretDigits,
        first_use: timedelta,
        under_way: set[asyncio.Task[Any]],
    ) -> None:
        self.password = password
        self._database = database
        self._id = password_id
        self._first_use = first_use
        self._under_way = under_way

    async def began(self) -> bool:
        """Note, before the first reading, that it begins: from now on the password may be used to sign in.

        Returns:
            False when a newer re-issue of the account is active already: this password is dead, don't read it.

        Raises:
            AlreadyIssued: another password was read in this call, so don't read this one.
            RecordsUnavailable: not known to be noted, so don't read it. If it is noted, the account has a password
                that nobody heard, beside the one in force.
        """
        try:
            return await self._database.insist(partial(passwords.began, password_id=self._id))
        except AlreadyRead:
            raise AlreadyIssued("a password was already read in this call") from None

    async def heard(self) -> Activation:
        """Make the password active and end the old one, after the first full reading. Repeating it changes nothing.

        It goes on when its caller is cancelled: a citizen who hangs up right after the last digit has heard it all. A
        database that is away is tried again and again, as long as the password could also become active by being used;
        so whoever has a citizen waiting waits with a time limit, and tells them when it passes.
        """
        return await asyncio.shield(self._started(self._activate()))

    def withdraw(self) -> None:
        """End the password, as somebody else may have heard it: it opens nothing, and the old one stays in force.

        Goes on by itself, and is tried as long as the password could be used. It never ends one that is active.
        """
        self._started(self._withdraw())

    def _started(self, work: Coroutine[None, None, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _withdraw(self) -> None:
        try:
            await self._database.insist(
                partial(withdraw, password_id=self._id), seconds=self._first_use.total_seconds()
            )
        except RecordsUnavailable:
            log.error("password_not_withdrawn", password_id=str(self._id))  # noqa: TRY400 - as below

    async def _activate(self) -> Activation:
        try:
            active = await self._database.insist(
                partial(activate, password_id=self._id),
                seconds=self._first_use.total_seconds(),
            )
        except RecordsUnavailable:
            # Its traceback would say no more than its name.
            log.error("password_not_activated", password_id=str(self._id))  # noqa: TRY400
            return Activation.UNKNOWN
        return Activation.ACTIVE if active else Activation.OVERTAKEN


async def activate(connection: Connection, password_id: UUID) -> bool:
    """Make a pending password active, once; return whether it is the active one of its account."""
    member_id = await passwords.activate(connection, password_id)
    if member_id is None:
        return await passwords.is_active(connection, password_id)
    await audit.add(connection, "password-active", actor="caller", member_id=member_id)
    return True


async def withdraw(connection: Connection, password_id: UUID) -> None:
    """End a pending password, once."""
    member_id = await passwords.withdraw(connection, password_id)
    if member_id is not None:
        await audit.add(connection, "password-withdrawn", actor="caller", member_id=member_id)
