"""Members from a file: first in a table of their own, then compared with those that are there, then merged.

All of it is done on one connection in one transaction (`bulk_transaction`), so it is done as a whole or not at all. No
call waits for it: what it locks are rows of `members`, against others who write members. A password refers to its
member, which waits only for a change of a column that a foreign key could refer to, and none of those changes
(db/migrations/0014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import timedelta

WRITERS = 0x_4D45_4D42_4552_5300
"""Key of the advisory lock that whoever writes members holds ("MEMBERS" in ASCII)."""

Staged = tuple[int, str, str, str | None, str, str | None]
"""Line, phone, insurance number, personal number, full name, e-mail."""

_COLUMNS = ("line", "phone", "insurance_number", "personal_number", "full_name", "email")

_REFUSALS = (
    # Of rows that are the same member, the first one counts.
    """
    SELECT line, format('insurance_number: is also in line %s', first) FROM (
        SELECT line, first_value(line) OVER (PARTITION BY insurance_number ORDER BY line) AS first FROM staged
    ) AS twins WHERE line <> first
    """,
    """
    SELECT line, format('personal_number: is also in line %s', first) FROM (
        SELECT line, first_value(line) OVER (PARTITION BY personal_number ORDER BY line) AS first
        FROM staged WHERE personal_number IS NOT NULL
    ) AS twins WHERE line <> first
    """,
    """
    SELECT line, 'personal_number: belongs to another member' FROM staged AS s JOIN members AS m
    ON m.personal_number = s.personal_number AND m.insurance_number <> s.insurance_number
    """,
    """
    SELECT line, 'personal_number: the member has another one; change it by hand if that one is wrong'
    FROM staged AS s JOIN members AS m USING (insurance_number) WHERE m.personal_number <> s.personal_number
    """,
    """
    SELECT line, 'insurance_number: belongs to an invented member of the sample'
    FROM staged AS s JOIN members AS m USING (insurance_number) WHERE m.is_sample
    """,
)


@dataclass(frozen=True)
class Merged:
    """How many members an import touched.

    Attributes:
        added: were not there.
        changed: had other values; those whose phone changed are among them.
        phones: had another phone.
        same: were there just so.
    """

    added: int
    changed: int
    phones: int
    same: int


class Staging:
    """The rows of one import.

    Args:
        connection: asyncpg's, in a transaction.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fill(self, rows: AsyncIterator[Staged]) -> None:
        """Take the rows in; they are not kept in memory."""
        await self._connection.execute(
            """
            CREATE TEMPORARY TABLE staged (line bigint NOT NULL, phone text NOT NULL, insurance_number text NOT NULL,
                personal_number text, full_name text NOT NULL, email text) ON COMMIT DROP
            """
        )
        await self._connection.copy_records_to_table("staged", records=rows, columns=_COLUMNS)

    async def lock(self) -> bool:
        """Keep everybody else from writing members until the end; False when somebody else does."""
        return bool(await self._connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", WRITERS))

    async def refuse(self) -> AsyncIterator[tuple[int, str]]:
        """Take out the rows that contradict each other or the members; yield the line and reason of each."""
        await self._connection.execute("CREATE UNIQUE INDEX ON staged (line); ANALYZE staged")
        await self._connection.execute("CREATE TEMPORARY TABLE refused (line bigint, reason text) ON COMMIT DROP")
        for refusal in _REFUSALS:
            await self._connection.execute(f"INSERT INTO refused (line, reason) {refusal}")
            await self._connection.execute("DELETE FROM staged USING refused WHERE staged.line = refused.line")
        async for row in self._connection.cursor("SELECT line, reason FROM refused ORDER BY line"):
            yield row["line"], row["reason"]

    async def merge(self, *, by: str, person: str, known: bool, why: str, hold: timedelta) -> Merged:
        """Add the members that are new, change those that differ, and put each change into the audit trail.

        An empty personal number or e-mail leaves what is there. A changed phone is held for `hold`.
        """
        await self._connection.execute(
            """
            CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
            SELECT m.id AS member_id, m.phone AS old_phone, s.*, array_remove(ARRAY[
                CASE WHEN m.phone <> s.phone THEN 'phone' END,
                CASE WHEN m.full_name <> s.full_name THEN 'full_name' END,
                CASE WHEN m.email IS DISTINCT FROM coalesce(s.email, m.email) THEN 'email' END,
                CASE WHEN m.personal_number IS NULL AND s.personal_number IS NOT NULL THEN 'personal_number' END
            ], NULL) AS fields
            FROM staged AS s JOIN members AS m USING (insurance_number)
            """
        )
        there = await self._count("SELECT count(*) FROM touched")
        await self._connection.execute("DELETE FROM touched WHERE fields = '{}'")
        changed = await self._count("SELECT count(*) FROM touched")
        added = _affected(
            await self._connection.execute(
                """
                INSERT INTO members (phone, insurance_number, personal_number, full_name, email)
                SELECT phone, insurance_number, personal_number, full_name, email FROM staged AS s
                WHERE NOT EXISTS (SELECT FROM members AS m WHERE m.insurance_number = s.insurance_number)
                """
            )
        )
        await self._connection.execute(
            """
            UPDATE members AS m SET
                phone = t.phone, full_name = t.full_name, email = coalesce(t.email, m.email),
                personal_number = coalesce(m.personal_number, t.personal_number),
                phone_held_until = CASE WHEN 'phone' = ANY (t.fields) THEN now() + $1::interval
                                        ELSE m.phone_held_until END
            FROM touched AS t WHERE m.id = t.member_id
            """,
            hold,
        )
        phones = _affected(
            await self._connection.execute(
                """
                INSERT INTO phone_changes (member_id, old_masked, new_masked, held_until, changed_by, changer,
                                           changer_known, why)
                SELECT member_id, '*******' || right(old_phone, 3), '*******' || right(phone, 3),
                       now() + $1::interval, $2, $3, $4, $5
                FROM touched WHERE 'phone' = ANY (fields) ORDER BY line
                """,
                hold,
                by,
                person,
                known,
                why,
            )
        )
        await self._connection.execute(
            """
            INSERT INTO audit (actor, action, member_id, detail)
            SELECT 'operator', 'member-changed', member_id,
                   jsonb_build_object('fields', fields, 'by', $1::text, 'why', $2::text) FROM touched
            """,
            by,
            why,
        )
        return Merged(added=added, changed=changed, phones=phones, same=there - changed)

    async def _count(self, query: str) -> int:
        count: int = await self._connection.fetchval(query)
        return count


def _affected(tag: str) -> int:
    """Return the rows that a statement changed, from its command tag."""
    return int(tag.rpartition(" ")[2])
