"""Where the voice of a call from the trunk goes: a password is said to the carrier or not at all."""

import asyncio

import pytest
import pytest_asyncio

from hotline.service import serving
from hotline.settings import EVERYWHERE

pytestmark = pytest.mark.asyncio(loop_scope="session")

ELSEWHERE = "127.0.0.9"
"""An address in none of the carrier's networks."""


def prompts(caller):
    """Return the ids of what was said to `caller`, in order."""
    return [one.id for one in caller.heard()]


def digits(caller):
    """Return the digits that were read to `caller`."""
    return [one.id for one in caller.heard() if one.kind == "digit"]


async def nothing_more_is_sent_to(caller):
    """Whether the stream to `caller` has ended."""
    before = caller.received
    await asyncio.sleep(0.5)
    return caller.received == before


async def by_rtp(caller, keys):
    """Press keys as RTP events."""
    await caller.press(keys)


async def by_info(caller, keys):
    """Press keys as SIP INFO."""
    for key in keys:
        caller.info(key)
        await caller.status(200, "INFO")
        await asyncio.sleep(0.05)


@pytest_asyncio.fixture(loop_scope="session")
async def trusting_service(house):
    """A service that believes every network, and asks for nothing to come back."""
    settings = house.settings.model_copy(deep=True)
    settings.call.media_networks = EVERYWHERE
    settings.call.media_both_ways = False
    async with serving(settings) as task:
        yield task


@pytest.fixture
def rings(udp_caller):
    """Have a caller of bare sockets ring in the name of a member; return them when the hotline has answered."""

    async def ringing(member, media=None):
        caller = udp_caller(media=media)
        caller.invite(f"P-Asserted-Identity: <sip:{member.phone}@carrier.example>")
        assert await caller.status(200) == 200
        return caller

    return ringing


async def heard_by_the_carrier(rings, member, written):
    """With the carrier's signalling, media and keys the whole password is read, twice."""
    caller = await rings(member)
    caller.ack()
    await caller.press(f"8{member.insurance_number}#")
    await caller.hears("after-reading", within=60)
    caller.bye()
    read = digits(caller)
    assert read[:9] == read[9:]
    assert len(read) == 18
    assert await written.outcome(member.phone) == "reissued"


async def forged(rings, member, written, press):
    """An INVITE in the carrier's name whose media goes elsewhere, and that is never acknowledged, gets a polite no.

    Nothing is counted against whose number it bears, no digit is sent to the third address, and the call ends.
    """
    caller = await rings(member, media=ELSEWHERE)
    await press(caller, f"8{member.insurance_number}#")
    await caller.hears("goodbye")
    assert await written.outcome(member.phone) == "line-unsafe"
    assert prompts(caller)[-2:] == ["line-unsafe", "goodbye"]
    assert digits(caller) == []
    assert await written.attempts(member.phone) == 0
    assert await nothing_more_is_sent_to(caller)


async def silent_forger(rings, member, written):
    """A forger who names the carrier's own media gateway and presses keys by SIP INFO changes no password unheard."""
    caller = await rings(member)
    await by_info(caller, f"8{member.insurance_number}#")
    await caller.hears("line-unsafe")
    caller.bye()
    assert await written.outcome(member.phone) == "line-unsafe"
    assert digits(caller) == []
    assert await written.attempts(member.phone) == 0


async def moved_before_the_check(rings, third, member, written):
    """A re-INVITE that sends the media elsewhere once branch 8 was chosen ends it, before anything is counted."""
    caller = await rings(member)
    caller.ack()
    await caller.press("8" + member.insurance_number)
    caller.invite(media=third)
    assert await caller.status(200) == 200
    caller.ack()
    await caller.press("#")
    await third.hears("line-unsafe")
    caller.bye()
    assert await written.outcome(member.phone) == "line-unsafe"
    assert digits(caller) == digits(third) == []
    assert await written.attempts(member.phone) == 0


async def dead_phone(rings, member, written):
    """A phone whose battery dies before the reading, without a BYE, leaves its owner the old password."""
    caller = await rings(member)
    caller.ack()
    await caller.press(f"8{member.insurance_number}#")
    await caller.hears("check")
    caller.speaks = False
    await caller.hears("not-activated", within=40)
    caller.bye()
    assert await written.outcome(member.phone) == "not-activated"
    assert await written.password(member.phone) == "pending"


async def moved(rings, third, member, prompt):
    """Have the media sent to `third` once `prompt` has begun; `third` hears it out. Return the caller."""
    caller = await rings(member)
    caller.ack()
    await caller.press(f"8{member.insurance_number}#")
    await caller.hears(prompt, within=30)
    caller.invite(media=third)
    assert await caller.status(200) == 200
    caller.ack()
    await third.hears("line-unsafe", within=20)
    caller.bye()
    return caller


async def first_reading_moved(rings, third, member, written):
    """The old one stays in force, who heard the new one can't use it, no second reading follows, an alarm is raised."""
    caller = await moved(rings, third, member, "new-password")
    assert "repeat-password" not in prompts(third)
    assert len(digits(caller) + digits(third)) <= 9
    assert await written.outcome(member.phone) == "line-unsafe"
    assert await written.password(member.phone) == "replaced"
    alarm = "SELECT count(*) FROM alarms WHERE kind = 'line-unsafe' AND subject_masked = $1"
    async with asyncio.timeout(5):
        while not await written.records.fetchval(alarm, written.vault.trace(member.phone).masked):
            await asyncio.sleep(0.05)


async def reading_stops(rings, third, member, prompt):
    """A reading whose media moves away stops within two seconds or so, in the middle of the digits."""
    await moved(rings, third, member, prompt)
    assert len(digits(third)) < 6


@pytest.mark.usefixtures("service")
async def test_a_password_is_said_to_the_carrier_or_does_not_count(
    house, rings, udp_caller, written, side_by_side, *, door
):
    """One caller is the carrier's; the others' media is elsewhere, moves away, or comes from nowhere, or a phone dies.

    By ARI a reading stops when its media moves; FastAGI can be asked at its end only.
    """
    honest, by_events, by_requests, silent, moving = (house.members[nth] for nth in (0, 9, 3, 4, 5))
    dying, moved_in_first, in_first, in_second = (house.members[nth] for nth in (6, 7, 8, 2))
    calls = [
        heard_by_the_carrier(rings, honest, written),
        forged(rings, by_events, written, by_rtp),
        forged(rings, by_requests, written, by_info),
        silent_forger(rings, silent, written),
        moved_before_the_check(rings, udp_caller(ELSEWHERE), moving, written),
        dead_phone(rings, dying, written),
        first_reading_moved(rings, udp_caller(ELSEWHERE), moved_in_first, written),
    ]
    if door == "ari":
        calls += [
            reading_stops(rings, udp_caller(ELSEWHERE), in_first, "new-password"),
            reading_stops(rings, udp_caller(ELSEWHERE), in_second, "repeat-password"),
        ]
    await side_by_side(*calls)


async def test_an_operator_may_trust_every_network(house, trusting_service, rings, outcomes):
    """With `any` network and no need of anything in return, as on a private interconnect, the SDP is believed."""
    member = house.members[0]
    caller = await rings(member, media=ELSEWHERE)
    caller.ack()
    await by_info(caller, f"8{member.insurance_number}#")
    await caller.hears("new-password", within=20)
    caller.bye()
    assert await outcomes() == ["hung-up"]
