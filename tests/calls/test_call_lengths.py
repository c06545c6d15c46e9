"""A call with a password fits in one billed minute, in a real call as in the one that is timed (SPEC §2)."""

import asyncio

import pytest

from hotline.dialogue import Timer
from hotline.menu import load

pytestmark = pytest.mark.asyncio(loop_scope="session")

OVERHEAD = 1.0
"""Seconds by which a real call may take longer than its prompts, gaps and keys: line, switchboard, frames."""


async def listen(ringer, number):
    """Hear every prompt to its end and key one key a second after it; return when the last one ended."""
    await ringer.reach()
    await ringer.caller.hears_end("menu")
    await asyncio.sleep(0.9)
    await ringer.caller.press("8")
    await ringer.caller.hears_end("ask-number")
    await asyncio.sleep(0.9)
    await ringer.caller.press(number + "#", pace=1.0)
    await ringer.caller.hears("after-reading", within=40)
    return (await ringer.caller.hears_end("after-reading")).ends


async def key_ahead(ringer, number):
    """Key one key a second from the answer on; return when the last digit of the repeat was read."""
    await ringer.caller.dial("19009068")
    await ringer.caller.answered(15)
    await ringer.caller.press("8" + number + "#", pace=1.0)
    await ringer.caller.hears("after-reading", within=40)
    return [one for one in ringer.caller.said() if one.kind == "digit"][-1].ends


@pytest.mark.parametrize("door", ["ari"], indirect=True)
async def test_calls_are_as_long_as_they_are_timed_and_no_longer_than_they_may_be(house, service, ring):
    """Who hears every prompt is done within 58 s of the answer, and who keys ahead within 35 s, one key a second.

    Side by side, with twelve digits; `hotline sounds time` tells both to the second.
    """
    menu = load(house.settings.menu, set(house.library))
    timer = Timer(menu, house.library, house.settings.password.length, house.settings.call.notice)
    timed = {way.name: way.seconds for way in await timer.all()}
    with_card = {member.phone: nth for nth, member in enumerate(house.members) if member.personal_number}
    first, second = list(with_card.values())[:2]
    listener, ahead = await asyncio.gather(
        listen(await ring(first), house.members[first].personal_number),
        key_ahead(await ring(second), house.members[second].personal_number),
    )
    assert listener <= 58
    assert ahead <= 35
    assert listener == pytest.approx(timed["twelve digits, every prompt heard"], abs=OVERHEAD)
    assert ahead == pytest.approx(timed["twelve digits, keyed ahead"], abs=OVERHEAD)
