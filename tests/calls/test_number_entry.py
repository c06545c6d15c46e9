"""Number entry with real calls and real keys: what is keyed well, and what a bad line makes of it."""

import asyncio
from dataclasses import replace

import pytest

from hotline.demo.house import TRUNK
from hotline.phone import HandmadePhone

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG = "9876543210"
DOUBLES = 3
"""The sample member whose number, 0000000123, has zeros to lose and to double."""


@pytest.fixture
def attempts(records):
    """Count the attempts so far."""

    async def count():
        return await records.fetchval("SELECT count(*) FROM attempts")

    return count


async def test_twelve_digits_lead_to_the_same_account(house, service, ring, outcomes):
    """The number of the citizen's card, leading zeros and all, gets the password as well, with # or without."""
    ringer = await ring(0)
    await ringer.enter(house.members[0].personal_number)
    await ringer.caller.hears("new-password")
    await ringer.caller.hears("repeat-password", within=20)
    await ringer.caller.hang_up()
    assert await outcomes() == ["reissued"]


async def test_the_star_clears_and_then_goes_back(service, ring, attempts):
    """* after digits asks again, * on nothing leads to the menu; nothing is counted."""
    before = await attempts()
    ringer = await ring(4)
    await ringer.enter("5555*")
    await ringer.caller.hears("ask-number")
    await ringer.caller.press("*")
    await ringer.caller.hears("menu-help")
    await ringer.caller.hang_up()
    assert await attempts() == before


async def test_a_card_number_hears_the_whole_hint_and_costs_nothing(service, ring, attempts):
    """Fifteen digits and #: one hint, to its end, and no attempt is counted."""
    before = await attempts()
    ringer = await ring(5)
    await ringer.enter("401234567890123#", pace=0.25)
    hint = await ringer.caller.hears_end("card-hint")
    assert hint.complete
    await asyncio.sleep(1.0)
    assert ringer.caller.said()[-1].id == "card-hint"
    await ringer.caller.hang_up()
    assert await attempts() == before


async def test_digits_during_the_check_are_added(hasty_service, ring, attempts, outcomes):
    """Who pauses after ten digits of twelve: the look-up is void, uncounted, and the twelve are looked up."""
    before = await attempts()
    ringer = await ring(6)
    await ringer.enter("001300112233"[:10])
    await ringer.caller.hears("check")
    await ringer.caller.press("33#")
    assert (await ringer.caller.hears_end("check")).complete
    await ringer.caller.hears("check")
    await ringer.caller.hears("repeat-password", within=20)
    await ringer.caller.hang_up()
    assert await outcomes() == ["reissued"]
    assert await attempts() == before + 1


async def test_a_late_end_key_cuts_nothing(service, ring):
    """# long after twelve digits: the sentence is heard to its end, and the question after it too."""
    ringer = await ring(7)
    await ringer.enter("999999999999")
    await ringer.caller.hears("mismatch")
    await ringer.caller.press("#")
    assert (await ringer.caller.hears_end("mismatch")).complete
    assert (await ringer.caller.hears_end("ask-number")).complete
    await ringer.caller.hang_up()


async def test_three_numbers_a_call(service, ring, outcomes, attempts):
    """The second and third number are read back; after the third the caller hears the other ways, not a hang-up."""
    before = await attempts()
    ringer = await ring(8)
    await ringer.enter(WRONG + "#")
    for _ in range(2):
        await ringer.caller.hears("mismatch")
        await ringer.caller.hears("ask-number")
        await ringer.caller.press(WRONG + "#")
        assert await ringer.caller.hears_digits(10) == WRONG
        await ringer.caller.hears("read-back-ask")
        await ringer.caller.press("1")
    await ringer.caller.hears("mismatch")
    await ringer.caller.hears("other-ways")
    await ringer.caller.press("0")
    assert (await ringer.caller.hears_end("goodbye")).complete
    assert not (await ringer.caller.closed()).by_us
    assert await outcomes() == ["mismatch"]
    assert await attempts() == before + 3


# --- What lines do to keys -------------------------------------------------------------------------------------------


def whole(packets):
    """A good line."""
    return packets


def doubled(packets):
    """Every packet of a key comes twice."""
    return [copy for packet in packets for copy in ([packet] if packet.key is None else [packet, packet])]


def swapped(packets):
    """Each two packets of a key change places, the first of them with the one before it too."""
    sent = list(packets)
    for place in range(0, len(sent) - 1, 2):
        one, other = sent[place], sent[place + 1]
        if one.key is not None and one.key == other.key:
            sent[place], sent[place + 1] = replace(other, tick=one.tick), replace(one, tick=other.tick)
    return sent


def late_update(packets):
    """The last update of a key comes after its end."""
    sent, held = [], None
    for packet in packets:
        if packet.key is not None and packet.end and held is None and sent and sent[-1].key == packet.key:
            held = sent.pop()
        sent.append(packet)
        if held is not None and packet.tick > held.tick + 1:
            sent.append(replace(held, tick=packet.tick))
            held = None
    return sent


def without_beginnings(packets):
    """The first packet of every key, the one with the marker, is lost."""
    return [packet for packet in packets if not packet.marker]


def with_one_end(packets):
    """Of the three ends of a key only the last arrives."""
    sent = list(packets)
    last = {packet.key: place for place, packet in enumerate(sent) if packet.end}
    return [packet for place, packet in enumerate(sent) if not packet.end or place == last[packet.key]]


def without_ends(packets):
    """No end of any key arrives: the line was gone for a moment."""
    return [packet for packet in packets if not packet.end]


def one_in_fifty_lost(packets):
    """Two per cent of all packets are lost."""
    return [packet for place, packet in enumerate(packets) if place % 50 != 7]


SHORTEST = {"tone": 0.04, "gap": 0.04}
"""Of the keys that a switchboard must take (ITU-T Q.24)."""
LINES = {
    "a good line": (whole, {}),
    "a key a second, long": (whole, {"tone": 0.6, "gap": 0.4}),
    "40 ms keys, 40 ms apart": (whole, SHORTEST),
    "short taps of a mobile phone (3GPP TS 23.014)": (whole, {"tone": 0.07, "gap": 0.065}),
    "every packet twice": (doubled, {}),
    "packets out of order": (swapped, {}),
    "an update after the end": (late_update, {}),
    "beginnings lost": (without_beginnings, {}),
    "two of three ends lost": (with_one_end, {}),
    "one packet in fifty lost": (one_in_fifty_lost, {}),
    "40 ms keys, every packet twice": (doubled, SHORTEST),
}


@pytest.fixture
def handmade(house, ear):
    """Make a phone of ours behind the carrier, of a sample member."""

    def make(member, keys_by="rfc4733"):
        site = house.asterisk.site
        server = site.address, site.sip_port
        return HandmadePhone(house.members[member].phone, server, ear, keys_by=keys_by, address=TRUNK)

    return make


@pytest.mark.parametrize(("disturb", "how"), LINES.values(), ids=LINES.keys())
async def test_every_digit_arrives_once(house, service, handmade, disturb, how):
    """Whatever the line does to the packets of the keys, the number that was keyed is the number that is checked."""
    async with handmade(DOUBLES) as phone:
        await phone.dial(house.asterisk.site.number)
        await phone.hears("menu")
        await phone.press("8")
        await phone.hears("ask-number")
        await phone.press(house.members[DOUBLES].insurance_number + "#", disturb=disturb, **how)
        await phone.hears("new-password", within=10)


async def test_keys_of_which_no_end_arrives_are_told_by_the_next(house, service, handmade):
    """A key that never ends is over when another begins; two of the same would be one, so this number has none."""
    async with handmade(0) as phone:
        await phone.dial(house.asterisk.site.number)
        await phone.hears("menu")
        await phone.press("8")
        await phone.hears("ask-number")
        await phone.press(house.members[0].insurance_number + "#", disturb=without_ends)
        await phone.hears("new-password", within=10)


async def test_keys_by_sip_info_arrive(house, service, handmade):
    """A phone that offers no telephone events keys by SIP INFO."""
    async with handmade(DOUBLES, "info") as phone:
        await phone.dial(house.asterisk.site.number)
        await phone.hears("menu")
        await phone.press("8", tone=0.1)
        await phone.hears("ask-number")
        await phone.press(house.members[DOUBLES].insurance_number + "#", tone=0.1, gap=0.05)
        await phone.hears("new-password", within=10)


async def test_keys_before_the_answer_arrive(house, service, handmade):
    """Keys in early media and across the answer are kept: who knows the way keys it all during the first words."""
    async with handmade(DOUBLES) as phone:
        dialling = asyncio.create_task(phone.dial(house.asterisk.site.number))
        await phone.hears("notice")
        await phone.press("8" + house.members[DOUBLES].insurance_number + "#", tone=0.1, gap=0.15)
        await dialling
        await phone.hears("new-password", within=10)
