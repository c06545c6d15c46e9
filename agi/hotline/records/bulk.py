"""Long work on the database: one connection of its own, in one transaction, with no time limit.

For a person at a terminal; a caller's work goes through `Database`, which has limits.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import asyncpg

from hotline.records.errors import RecordsUnavailable
from hotline.records.pool import DRIVER_ERRORS, not_permitted, speaks_of_the_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hotline.settings import DatabaseSettings


@contextlib.asynccontextmanager
async def bulk_transaction(settings: DatabaseSettings) -> AsyncIterator[Any]:
    """Yield asyncpg's connection in a transaction: committed at the end of the block, undone when it raises.

    When the process or the connection dies in the middle, Postgres undoes it.

    Raises:
        RecordsUnavailable: the database is away. Unless it was lost while committing, nothing was done.
        NotPermitted: the database's user may not do it; nothing was done.
    """
    connection: Any = None
    try:
        connection = await asyncpg.connect(
            settings.dsn.get_secret_value(), server_settings={"application_name": "hotline-bulk", "jit": "off"}
        )
        async with connection.transaction():
            yield connection
    except asyncpg.InsufficientPrivilegeError as error:
        raise not_permitted(error) from error
    except DRIVER_ERRORS as error:
        if not speaks_of_the_server(error):
            raise
        raise RecordsUnavailable(type(error).__name__) from error
    finally:
        if connection is not None:
            connection.terminate()
