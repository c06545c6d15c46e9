"""A caller who follows a script: each run of keys once the hotline has been heard out."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hotline.phone.caller import Caller

REACTION: Final = 1.2
"""Seconds of silence after a prompt from which on it is the caller's turn."""
NOTHING: Final = 4.0
"""Seconds of silence from which on nothing more is coming: pauses within a reading are half as long."""
LOOK: Final = 0.2


async def follow(caller: Caller, runs: Sequence[str], *, pace: float, ahead: bool = False) -> None:
    """Key `runs` in a call that has begun, listen to what is said then, and hang up.

    Args:
        caller: who has dialled.
        runs: keys, each run for one question.
        pace: seconds from key to key.
        ahead: key everything from the answer on, and hear no question out.

    Raises:
        NotInTime, CallClosed: there was no answer.
    """
    await caller.answered()
    for keys in ["".join(runs)] if ahead else runs:
        if not ahead:
            await _heard_out(caller, REACTION)
        if not caller.phone.in_call:
            break
        await caller.press(keys, pace)
    await _heard_out(caller, NOTHING)
    await caller.hang_up()


async def _heard_out(caller: Caller, quiet: float) -> None:
    """Wait for `quiet` seconds of silence after a prompt, or NOTHING after digits and where nothing was said."""
    began = _now(caller)
    while caller.phone.in_call:
        said = [one for one in caller.said() if one.ends > began]
        silent = _now(caller) - max([began, *(one.ends for one in said)])
        if silent >= (quiet if said and said[-1].kind != "digit" else NOTHING):
            return
        await asyncio.sleep(LOOK)


def _now(caller: Caller) -> float:
    """Return the seconds since the answer, also while no packet comes."""
    return caller.witness.seconds(time.time())
