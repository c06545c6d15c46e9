"""The time of a check on the phone: from the last key to the first packet of what answers it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.equal_time.cases import Case, shuffled
from bench.wire import Wire
from hotline.phone import Caller, Ear, NotInTime
from hotline.prompts import compose

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from bench.equal_time.cases import Stage
    from hotline.demo.house import House

KEY_PACE = 0.4
"""Seconds from key to key: unhurried, as a key that comes 45 ms after another may be told twice by Asterisk."""
MOST_VOID = 0.1
"""Part of the calls that may be void before something is wrong with more than a key."""
REACH_SECONDS = 20.0
AFTER_MATCH = "new-password"
AFTER_MISMATCH = "mismatch"


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        case: what the records held.
        phone: who rang.
        words: the prompts heard from the last key on, up to the outcome's first.
        check_began: seconds from the last key to the first packet of the check clip.
        check_ended: seconds from the last key to its last packet.
        outcome: seconds from the last key to the first packet of the outcome.
    """

    case: Case
    phone: str
    words: tuple[str, ...]
    check_began: float
    check_ended: float
    outcome: float


async def calls(
    rooms: House,
    stage: Stage,
    cases: Sequence[Case],
    *,
    times: int,
    phones: int,
    rng: random.Random,
    done: Callable[[], None],
) -> tuple[list[Call], int]:
    """Ring `times` times for each of `cases`, in random order and with `phones` phones at once; `done` after each.

    A call that did not come to its check, for a key lost or told twice, is void and made again.

    Returns:
        The calls, and how many were void.

    Raises:
        NotInTime: too many were.
        NotSeen: a clip that was heard was not seen.
    """
    ear = Ear(rooms.library, rooms.library)
    waiting = shuffled(tuple(cases), times, rng)
    made: list[Call] = []
    void = 0

    async def ring_in_turn(nth: int) -> None:
        nonlocal void
        account = rooms.phones[nth]
        phone = rooms.softphone(account, rooms.folder / f"bench-phone-{nth}", nth)
        async with phone, Caller(phone, ear) as caller:
            while waiting:
                case = waiting.pop(0)
                number = await stage.set_up(case, account.number)
                try:
                    made.append(await _ring(rooms, caller, case, number))
                except NotInTime:
                    await caller.hang_up()
                    void += 1
                    if void > max(1, MOST_VOID * times * len(cases)):
                        raise
                    waiting.append(case)
                    continue
                done()

    async with asyncio.TaskGroup() as group:
        for nth in range(phones):
            group.create_task(ring_in_turn(nth))
    return made, void


async def _ring(rooms: House, caller: Caller, case: Case, number: str) -> Call:
    outcome = AFTER_MATCH if case is Case.MATCH else AFTER_MISMATCH
    await caller.dial(rooms.asterisk.site.number)
    await caller.hears("menu", within=REACH_SECONDS)
    await caller.press("8")
    await caller.hears("ask-number")
    await caller.press(f"{number}#", pace=KEY_PACE)
    await caller.hears("check")
    await caller.hears_end(outcome)
    await caller.hang_up()
    said = caller.said()
    ids = [words.id for words in said]
    answer = said[ids.index("check") : ids.index(outcome) + 1]
    media = caller.witness.signalling.caller_media
    wire = Wire(caller.capture.datagrams, media[1] if media else 0)
    key = wire.last_key()
    check = _audio(rooms, "check")
    check_began, check_ended = wire.began(check, key), wire.ended(check, key)
    return Call(
        case,
        caller.phone.name,
        tuple(words.id if words.complete else f"{words.id} (cut)" for words in answer),
        check_began - key,
        check_ended - key,
        wire.began(_audio(rooms, outcome), check_ended) - key,
    )


def _audio(rooms: House, prompt: str) -> bytes:
    """Return what is sent of `prompt`: its file, or the head of a reading."""
    if prompt != AFTER_MATCH:
        path = rooms.library[prompt].path
        return path.with_name(f"{path.name}.alaw").read_bytes()
    one, other = (compose(rooms.library, prompt, digit, digit_gap=1.0, group_gap=1.0) for digit in "01")
    alike = next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return one[:alike]
