"""Whether the database is one that this process may serve with: its schema, and the peppers it knows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hotline.records import RecordsUnavailable, schema

if TYPE_CHECKING:
    from hotline.desk import Desk
    from hotline.records import Database

LOOK_AGAIN = 1.0
"""Seconds between two tries to ask a database that is away at the start."""


async def require_fit(database: Database, desk: Desk) -> None:
    """Make sure that the database is one that this process may serve with.

    Raises:
        SchemaUnfit: it does not have the schema of this version.
        SettingsError: it knows another pepper by the name of one of ours.
        RecordsUnavailable: it is away.
    """
    await schema.require_current(database)
    await desk.require_known_peppers()


async def when_there(database: Database, desk: Desk) -> None:
    """As `require_fit`, as soon as the database answers.

    Raises:
        SchemaUnfit, SettingsError: it is not fit.
    """
    while True:
        try:
            return await require_fit(database, desk)
        except RecordsUnavailable:
            await asyncio.sleep(LOOK_AGAIN)
