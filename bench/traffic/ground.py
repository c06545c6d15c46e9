"""A house with room for hundreds of calls from the carrier, and invented members to make them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.site import NETWORK, roomy
from hotline.demo.house import house
from hotline.records import Database
from hotline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hotline.demo.house import House
    from hotline.pbx import Site


@dataclass(frozen=True, repr=False)
class Member:
    """Who may ring.

    Attributes:
        phone: E.164.
        number: insurance number, ten digits.
    """

    phone: str
    number: str


@contextlib.asynccontextmanager
async def ground(
    progress: Callable[[str, float], None],
    changed: Callable[[Site], Site] = lambda site: site,
    settings: Settings | None = None,
) -> AsyncIterator[House]:
    """Bring a house up whose carrier may make thousands of calls, and take it down after the block.

    It has loopback addresses of its own, as its block of ports is its own: so many calls need more media ports.

    Raises:
        FolderUnsafe, MissingProgram, PbxUnavailable, PromptsError, RecordsUnavailable: something is missing or broken;
            the message says what to do.
    """
    settings = (settings or Settings.load()).model_copy(deep=True)
    settings.call.media_networks = (NETWORK,)
    async with house(settings, progress, changed=lambda site: changed(roomy(site))) as rooms:
        yield rooms


async def invented(rooms: House, count: int) -> list[Member]:
    """Add `count` members with a phone of their own each, and return them.

    What was set up is on the disk then. The kernel would write it half a minute later, in the middle of what is
    measured, and each commit would wait for that: 2 to 3 s, seen.
    """
    rng = random.Random(count)  # noqa: S311 - numbers of nobody
    taken = {member.insurance_number for member in rooms.members}
    numbers: list[str] = []
    while len(numbers) < count:
        number = f"{rng.randrange(10**10):010}"
        if number not in taken:
            taken.add(number)
            numbers.append(number)
    made = [Member(f"+8435{nth:07}", number) for nth, number in enumerate(numbers)]
    async with Database(rooms.settings.database) as database, database.transaction() as connection:
        await connection.execute("DELETE FROM members WHERE phone LIKE '+8435%'")
        await connection.execute(
            """
            INSERT INTO members (phone, insurance_number, full_name, is_sample)
            SELECT phone, number, 'Người Mẫu', true FROM unnest($1::text[], $2::text[]) AS made (phone, number)
            """,
            [member.phone for member in made],
            [member.number for member in made],
        )
    await asyncio.to_thread(os.sync)
    return made
