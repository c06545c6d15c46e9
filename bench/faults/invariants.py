"""What must hold after each fault, whatever it was (PROOF.md, "Invariants, always")."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotline.demo.house import back_end
from hotline.desk import SignIn
from hotline.pbx import PbxUnavailable
from hotline.records import Database

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from bench.faults.scene import Scene
    from bench.traffic.hearing import Hearing
    from hotline.demo.house import House

QUIET_SECONDS = 40.0
"""Time in which every call has to be over once its caller has gone: a BYE that Asterisk lost ends by `rtp_timeout`."""
AT_ONCE = 4
LISTENING = 1
"""Connections of a process beside its pool: it hears by one what is published."""
_ISSUED = """
SELECT m.insurance_number AS number, p.state, p.call_id, p.reading_began_at
FROM passwords AS p JOIN members AS m ON m.id = p.member_id
WHERE m.insurance_number = ANY($1) AND p.call_id IS NOT NULL
"""


@dataclass(frozen=True, repr=False)
class Issue:
    """A re-issued password in the records."""

    state: str
    call: str
    reading_began: bool


async def issues(rooms: House, numbers: Sequence[str]) -> dict[str, list[Issue]]:
    """Return the re-issued passwords of members, by insurance number."""
    found: dict[str, list[Issue]] = {number: [] for number in numbers}
    async with Database(rooms.settings.database) as database, database.transaction() as connection:
        for row in await connection.fetch(_ISSUED, list(numbers)):
            issue = Issue(row["state"], row["call_id"], row["reading_began_at"] is not None)
            found[row["number"]].append(issue)
    return found


def read_in_full(hearing: Hearing | None, length: int) -> str:
    """Return the digits of the first reading, if it was heard to its end; else nothing."""
    if hearing is None:
        return ""
    digits = [one for one in hearing.said if one.kind == "digit"][:length]
    whole = len(digits) == length and all(one.complete for one in digits)
    return "".join(one.id for one in digits) if whole else ""


async def broken(
    rooms: House, heard: Mapping[str, Hearing | None], held: Mapping[str, list[Issue]], owners: Collection[str] = ()
) -> list[str]:
    """Return which invariants of the password do not hold, each as often as it does not.

    Args:
        rooms: the house.
        heard: what each member heard, by insurance number; one call each.
        held: what the records held of them before anybody signed in.
        owners: those who had the house's old password before they rang: it must work until a new one was heard in full,
            and not afterwards.
    """
    length = rooms.settings.password.length
    wrong: list[str] = []
    turn = asyncio.Semaphore(AT_ONCE)
    async with back_end(rooms.settings) as desk:

        async def try_passwords(number: str, digits: str) -> None:
            async with turn:
                if digits and await desk.sign_in(number, digits) is not SignIn.OK_MUST_CHANGE:
                    wrong.append("a password heard in full does not work")
                if number in owners:
                    old = await desk.sign_in(number, rooms.old_password.reveal())
                    if digits and old is not SignIn.REFUSED:
                        wrong.append("an old password works after a new one was heard in full")
                    if not digits and old is not SignIn.OK:
                        wrong.append("an old password does not work, and no new one was heard in full")

        async with asyncio.TaskGroup() as group:
            for number, hearing in heard.items():
                full = read_in_full(hearing, length)
                wrong += _belied(hearing, held[number], full=bool(full))
                if full or number in owners:
                    group.create_task(try_passwords(number, full))
    return wrong


def _belied(hearing: Hearing | None, issued: Sequence[Issue], *, full: bool) -> Iterator[str]:
    """Yield what the records say of a caller's passwords against what the caller heard, in `full` or not."""
    spoken = hearing is not None and any(
        before.id in {"new-password", "repeat-password"} and one.kind == "digit"
        for before, one in zip(hearing.said, hearing.said[1:], strict=False)
    )
    if spoken and not any(issue.reading_began for issue in issued):
        yield "digits spoken that were not committed"
    calls = [issue.call for issue in issued]
    if len(calls) != len(set(calls)):
        yield "two passwords issued for one call"
    if not full and any(issue.state == "active" for issue in issued):
        yield "a password became active that was not read in full"


async def left_over(scene: Scene) -> list[str]:
    """Return what is left of calls that are over: channels, connections, processes."""
    left: list[str] = []
    began = time.monotonic()
    channels = -1
    while channels and time.monotonic() - began < QUIET_SECONDS:
        try:
            listed = await scene.rooms.asterisk.console("core show channels concise")
        except PbxUnavailable as trouble:
            return [str(trouble).splitlines()[0]]
        channels = sum("!" in line for line in listed.splitlines())
        if channels:
            await asyncio.sleep(0.2)
    if channels:
        left.append(f"{channels} channels {QUIET_SECONDS:g} s after the last call")
    most = (scene.rooms.settings.database.pool_max + LISTENING) * max(1, len(scene.processes))
    if scene.wire.open_connections > most:
        left.append(f"{scene.wire.open_connections} connections to the database, more than {most}")
    return left
