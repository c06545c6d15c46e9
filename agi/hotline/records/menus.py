"""Menus: published versions and drafts, with their full text. Rows are only ever added; the newest counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hotline.records.attempts import Trace
    from hotline.records.pool import Connection

CHANNEL: Final = "hotline_menu"
"""Told by Postgres whenever a version or a draft was added (db/migrations/0016)."""
_LOCK: Final = 0x_4D45_4E55
"""Key of the advisory lock under which they are added ("MENU" in ASCII)."""

Deed = Literal["publish", "rollback", "emergency", "branch8"]


@dataclass(frozen=True)
class Version:
    """A published menu.

    Attributes:
        number: counted from 1; the highest is what callers hear.
        deed: what it was published for.
        body: its text.
        sha256: of the text in UTF-8.
    """

    number: int
    at: datetime
    deed: Deed
    published_by: str
    why: str
    body: str
    sha256: bytes


@dataclass(frozen=True)
class Draft:
    """A menu that only testers hear.

    Attributes:
        number: counts up from draft to draft.
        body: its text; None when there is no draft any more.
        based_on: the version that was live when it was made; 0 if none was published.
        testers_masked: whose calls hear it, masked.
        testers_hmac: the same as keyed hashes.
    """

    number: int
    at: datetime
    drafted_by: str
    why: str
    body: str | None
    based_on: int
    testers_masked: Sequence[str]
    testers_hmac: Sequence[bytes]


_VERSION: Final = "SELECT number, at, deed, published_by, why, body, sha256 FROM menu_versions"
_DRAFT: Final = "SELECT number, at, drafted_by, why, body, based_on, testers_masked, testers_hmac FROM menu_drafts"


async def lock(connection: Connection) -> None:
    """Let nobody else add a version or a draft until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def numbers(connection: Connection) -> tuple[int, int]:
    """Return the numbers of the newest version and the newest draft, 0 if there is none."""
    row = await connection.fetchrow(
        """
        SELECT coalesce((SELECT max(number) FROM menu_versions), 0) AS version,
               coalesce((SELECT max(number) FROM menu_drafts), 0) AS draft
        """
    )
    assert row is not None  # noqa: S101 - it has no FROM
    return row["version"], row["draft"]


async def listed(connection: Connection, *, limit: int) -> list[Version]:
    """Return the newest `limit` versions, newest first."""
    rows = await connection.fetch(f"{_VERSION} ORDER BY number DESC LIMIT $1", limit)
    return [Version(**row) for row in rows]


async def find(connection: Connection, number: int) -> Version | None:
    """Return a version."""
    row = await connection.fetchrow(f"{_VERSION} WHERE number = $1", number)
    return Version(**row) if row else None


async def add(connection: Connection, body: str, *, deed: Deed, by: str, why: str) -> int:
    """Add a version under the `lock` and return its number."""
    number: int = await connection.fetchval(
        """
        INSERT INTO menu_versions (number, deed, published_by, why, body)
        SELECT coalesce(max(number), 0) + 1, $1, $2, $3, $4 FROM menu_versions RETURNING number
        """,
        deed,
        by,
        why,
        body,
    )
    return number


async def draft(connection: Connection) -> Draft | None:
    """Return the newest draft, also one without a body."""
    row = await connection.fetchrow(f"{_DRAFT} ORDER BY number DESC LIMIT 1")
    return Draft(**row) if row else None


async def add_draft(
    connection: Connection, body: str | None, *, by: str, why: str, based_on: int, testers: Sequence[Trace] = ()
) -> None:
    """Add a draft for `testers`, or with no body end the one there is."""
    await connection.execute(
        """
        INSERT INTO menu_drafts (drafted_by, why, body, based_on, testers_masked, testers_hmac)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        by,
        why,
        body,
        based_on,
        [tester.masked for tester in testers],
        [tester.hmac for tester in testers],
    )
