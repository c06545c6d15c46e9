"""The cases a caller must not be able to tell apart, and the records set up for each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hotline.records import members

if TYPE_CHECKING:
    import random

    from hotline.desk import Vault
    from hotline.records import Connection, Database
    from hotline.settings import LimitSettings

BYSTANDERS: Final = 10_000
"""Members who have nothing to do with it, so that the tables are not empty."""


class Case(StrEnum):
    """What the records hold of the pair a caller brings."""

    NUMBER_UNKNOWN = "phone known, number unknown"
    PHONE_WRONG = "number known, phone of another"
    BOTH_UNKNOWN = "both unknown"
    SILENCED = "pair right, number refused silently"
    MATCH = "pair right"


REFUSED: Final = (Case.NUMBER_UNKNOWN, Case.PHONE_WRONG, Case.BOTH_UNKNOWN, Case.SILENCED)
"""The cases that get the mismatch sentence."""


class Stage:
    """Sets the records up for one check at a time, so that every phone can be in every case.

    All in a database of our own, with invented members only.

    Args:
        database: with the schema, and nothing to lose.
        vault: of the desk to be asked.
        limits: of that desk.
        rng: for the numbers.
    """

    def __init__(self, database: Database, vault: Vault, limits: LimitSettings, rng: random.Random) -> None:
        self._database = database
        self._vault = vault
        self._limits = limits
        self._rng = rng
        self._taken: set[str] = set()

    async def fill(self) -> None:
        """Add the bystanders."""
        async with self._database.transaction() as connection:
            await connection.execute(
                """
                INSERT INTO members (phone, insurance_number, full_name, is_sample)
                SELECT '+8435' || right(number, 7), number, 'Người Mẫu', true FROM unnest($1::text[]) AS number
                """,
                [self.number() for _ in range(BYSTANDERS)],
            )

    def number(self) -> str:
        """Return an insurance number that was not there before."""
        while (number := f"{self._rng.randrange(10**10):010}") in self._taken:
            pass
        self._taken.add(number)
        return number

    async def set_up(self, case: Case, phone: str) -> str:
        """Have the records so that `phone` (E.164), without a past, is in `case` with the number returned."""
        number = self.number()
        async with self._database.transaction() as connection:
            await self._forget(connection, phone)
            if case is Case.NUMBER_UNKNOWN:
                await _add(connection, phone, self.number())
            elif case is Case.PHONE_WRONG:
                await _add(connection, phone, self.number())
                await _add(connection, f"+8436{number[-7:]}", number)
            elif case in {Case.SILENCED, Case.MATCH}:
                await _add(connection, phone, number)
            if case is Case.SILENCED:
                await self._fail_often(connection, number)
        return number

    async def _forget(self, connection: Connection, phone: str) -> None:
        await connection.execute("DELETE FROM members WHERE phone = $1", phone)
        await connection.execute("DELETE FROM attempts WHERE caller_hmac = $1", self._vault.trace(phone).hmac)

    async def _fail_often(self, connection: Connection, number: str) -> None:
        strangers = [self._vault.trace(f"+84371{stranger:06}") for stranger in range(self._limits.number_failures_day)]
        trace = self._vault.trace(number)
        await connection.execute(
            """
            INSERT INTO attempts (call_id, caller_masked, caller_hmac, number_masked, number_hmac, outcome)
            SELECT 'earlier', $1, caller, $2, $3, 'mismatched' FROM unnest($4::bytea[]) AS caller
            """,
            strangers[0].masked,
            trace.masked,
            trace.hmac,
            [stranger.hmac for stranger in strangers],
        )


async def _add(connection: Connection, phone: str, number: str) -> None:
    await members.add_sample(
        connection, phone=phone, insurance_number=number, personal_number=None, full_name="Người Mẫu", email=None
    )


def shuffled(cases: tuple[Case, ...], times: int, rng: random.Random) -> list[Case]:
    """Return each of `cases` `times` times: in rounds of all of them, each round in an order of its own."""
    return [case for _ in range(times) for case in rng.sample(cases, len(cases))]
