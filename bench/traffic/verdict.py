"""Whether calls went right, by what their callers heard and by what the database holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotline.demo.house import back_end
from hotline.desk import SignIn
from hotline.phone.sip import Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.traffic.carrier import Call
    from bench.traffic.ground import Member
    from bench.traffic.hearing import Hearing
    from hotline.demo.house import House
    from hotline.desk import Desk

AT_ONCE = 4
"""Sign-ins under way at a time."""
READINGS = 2


@dataclass(frozen=True)
class Verdict:
    """Of one reference call.

    Attributes:
        call: as its caller made it.
        hearing: what the caller heard; None where nothing of it passed.
        wrong: what went wrong, in words without a digit; empty if nothing did.
        void: our own fault: the keys that passed are not those planned.
    """

    call: Call
    hearing: Hearing | None
    wrong: str = ""
    void: bool = False


async def verdicts(
    rooms: House,
    calls: Sequence[tuple[Call, Member]],
    heard: Mapping[str, Hearing],
    done: Callable[[int], None] = lambda _count: None,
) -> list[Verdict]:
    """Judge reference calls: two equal readings of a password that signs in. Each costs a hash, 32 ms of a core."""
    judged: list[Verdict] = []
    turn = asyncio.Semaphore(AT_ONCE)
    async with back_end(rooms.settings) as desk:

        async def judge(call: Call, member: Member) -> None:
            hearing = heard.get(call.id)
            async with turn:
                judged.append(await _judge(desk, rooms.settings.password.length, call, member, hearing))
                done(len(judged))

        await asyncio.gather(*(judge(call, member) for call, member in calls))
    return judged


async def _judge(desk: Desk, length: int, call: Call, member: Member, hearing: Hearing | None) -> Verdict:
    if not call.answered:
        return Verdict(call, hearing, f"not answered: {call.status or 'no final answer'}")
    if hearing is None:
        return Verdict(call, None, "nothing heard")
    planned = "".join(keys for _, keys in call.plan.keys)
    if hearing.keyed != planned and not call.cut:
        return Verdict(call, hearing, "other keys passed than were planned", void=True)
    wrong = _misheard(hearing, length)
    if not wrong and await desk.sign_in(member.number, hearing.readings[0]) is not SignIn.OK_MUST_CHANGE:
        wrong = "the digits heard do not sign in"
    if not wrong and hearing.witness.signalling.ended_by is not Side.CALLER:
        wrong = "ended by the hotline"
    return Verdict(call, hearing, wrong)


def _misheard(hearing: Hearing, length: int) -> str:
    """Return what is wrong with what was read."""
    if any(one.kind == "unknown" for one in hearing.said):
        return "a sound in no known prompt"
    if len(hearing.readings) != READINGS:
        said = ", ".join(dict.fromkeys(one.id for one in hearing.said if one.kind == "prompt"))
        return f"{len(hearing.readings)} readings; heard: {said or 'nothing'}"
    if any(len(reading) != length for reading in hearing.readings):
        return "digits missing or too many"
    if len(set(hearing.readings)) != 1:
        return "the two readings differ"
    if not all(one.complete for one in hearing.said if one.kind == "digit"):
        return "a digit not heard in full"
    return ""
