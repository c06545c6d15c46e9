"""Where the voice of a call from the trunk goes: a password is said to the carrier or not at all."""

import asyncio

import pytest
import pytest_asyncio

from hotline.service import serving
from hotline.settings import EVERYWHERE

pytestmark = pytest.mark.asyncio(loop_scope="session")

ELSEWHERE = "127.0.0.9"
"""An address in none of the carrier's networks."""
NUMBER = "0123456789"
IDENTITY = "P-Asserted-Identity: <sip:+84912345678@carrier.example>"


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


async def test_a_caller_of_the_carrier_hears_the_password(service, udp_caller, outcomes):
    """With the carrier's signalling, media and keys the whole password is read, twice."""
    caller = udp_caller()
    caller.invite(IDENTITY)
    assert await caller.status(200) == 200
    caller.ack()
    await caller.press(f"8{NUMBER}#")
    await caller.hears("after-reading", within=60)
    caller.bye()
    read = digits(caller)
    assert read[:9] == read[9:]
    assert len(read) == 18
    assert await outcomes() == ["reissued"]


@pytest.mark.parametrize("press", [by_rtp, by_info])
async def test_a_forged_call_hears_no_password(service, udp_caller, outcomes, attempts, press):
    """An INVITE in the carrier's name whose media goes elsewhere, and that is never acknowledged, gets a polite no.

    Nothing is counted against whose number it bears, no digit is sent to the third address, and the call ends.
    """
    caller = udp_caller(media=ELSEWHERE)
    caller.invite(IDENTITY)
    assert await caller.status(200) == 200
    await press(caller, f"8{NUMBER}#")
    await caller.hears("goodbye")
    assert await outcomes() == ["line-unsafe"]
    assert prompts(caller)[-2:] == ["line-unsafe", "goodbye"]
    assert digits(caller) == []
    assert await attempts() == 0
    assert await nothing_more_is_sent_to(caller)


async def test_a_password_read_to_a_dead_phone_does_not_count(service, udp_caller, outcomes, records):
    """A phone whose battery dies before the reading, without a BYE, leaves its owner the old password."""
    caller = udp_caller()
    caller.invite(IDENTITY)
    assert await caller.status(200) == 200
    caller.ack()
    await caller.press(f"8{NUMBER}#")
    await caller.hears("check")
    caller.speaks = False
    await caller.hears("not-activated", within=40)
    caller.bye()
    assert await outcomes() == ["not-activated"]
    assert await records.fetchval("SELECT state FROM passwords ORDER BY ordinal DESC LIMIT 1") == "pending"


async def test_a_call_without_media_of_its_own_gets_none(service, udp_caller, outcomes, attempts):
    """A forger who names the carrier's own media gateway and presses keys by SIP INFO changes no password unheard."""
    caller = udp_caller()
    caller.invite(IDENTITY)
    assert await caller.status(200) == 200
    await by_info(caller, f"8{NUMBER}#")
    await caller.hears("line-unsafe")
    caller.bye()
    assert await outcomes() == ["line-unsafe"]
    assert digits(caller) == []
    assert await attempts() == 0


async def test_media_that_moves_away_later_is_noticed(service, udp_caller, outcomes, attempts):
    """A re-INVITE that sends the media elsewhere once branch 8 was chosen ends it, before anything is counted."""
    caller, third = udp_caller(), udp_caller(ELSEWHERE)
    caller.invite(IDENTITY)
    assert await caller.status(200) == 200
    caller.ack()
    await caller.press("8" + NUMBER)
    caller.invite(media=third)
    assert await caller.status(200) == 200
    caller.ack()
    await caller.press("#")
    await third.hears("line-unsafe")
    caller.bye()
    assert await outcomes() == ["line-unsafe"]
    assert digits(caller) == digits(third) == []
    assert await attempts() == 0


async def moved(caller, third, prompt):
    """Have the media sent to `third` once `prompt` has begun; `third` hears it out."""
    caller.invite(IDENTITY)
    assert await caller.status(200) == 200
    caller.ack()
    await caller.press(f"8{NUMBER}#")
    await caller.hears(prompt, within=30)
    caller.invite(media=third)
    assert await caller.status(200) == 200
    caller.ack()
    await third.hears("line-unsafe", within=20)
    caller.bye()


async def test_a_first_reading_that_went_elsewhere_makes_no_password_active(service, udp_caller, outcomes, records):
    """The old one stays in force, who heard the new one can't use it, no second reading follows, an alarm is raised."""
    caller, third = udp_caller(), udp_caller(ELSEWHERE)
    await moved(caller, third, "new-password")
    assert "repeat-password" not in prompts(third)
    assert len(digits(caller) + digits(third)) <= 9
    assert await outcomes() == ["line-unsafe"]
    assert await records.fetchval("SELECT state FROM passwords ORDER BY ordinal DESC LIMIT 1") == "replaced"
    alarm = "SELECT count(*) FROM alarms WHERE kind = 'line-unsafe' AND subject_masked = '*******678'"
    async with asyncio.timeout(5):
        while not await records.fetchval(alarm):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("door", ["ari"], indirect=True)
@pytest.mark.parametrize("reading", ["new-password", "repeat-password"])
async def test_a_reading_stops_when_its_media_moves_away(service, udp_caller, reading):
    """Within a second or so, in the middle of the digits; FastAGI can be asked at the end only."""
    caller, third = udp_caller(), udp_caller(ELSEWHERE)
    await moved(caller, third, reading)
    assert len(digits(third)) < 5


async def test_an_operator_may_trust_every_network(trusting_service, udp_caller, outcomes):
    """With `any` network and no need of anything in return, as on a private interconnect, the SDP is believed."""
    caller = udp_caller(media=ELSEWHERE)
    caller.invite(IDENTITY)
    assert await caller.status(200) == 200
    caller.ack()
    await by_info(caller, f"8{NUMBER}#")
    await caller.hears("new-password", within=20)
    caller.bye()
    assert await outcomes() == ["hung-up"]
