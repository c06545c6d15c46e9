"""Number entry with real calls and real keys: what is keyed well, and what a bad line makes of it."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from hotline.demo.house import TRUNK
from hotline.phone import HandmadePhone

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOUBLES = [3, 6, 4, 7, 8]
"""Sample members whose numbers, 0000000123 the first, have equal neighbours: to lose one, or to take another for one.

Several, as one account has so many passwords at a time.
"""


async def twelve_digits(ringer, card, written):
    """The number of the citizen's card, leading zeros and all, gets the password as well, with # or without."""
    await ringer.enter(card)
    await ringer.caller.hears("new-password")
    await ringer.caller.hears("repeat-password", within=20)
    await ringer.caller.hang_up()
    assert await written.outcome(ringer.phone) == "reissued"


async def the_star(ringer, written):
    """* after digits asks again, * on nothing leads to the menu; nothing is counted."""
    await ringer.enter("5555*")
    await ringer.caller.hears("ask-number")
    await ringer.caller.press("*")
    await ringer.caller.hears("menu-help")
    await ringer.caller.hang_up()
    await written.outcome(ringer.phone)
    assert await written.attempts(ringer.phone) == 0


async def a_health_card(ringer, written):
    """Fifteen digits and #: one hint, to its end, and no attempt is counted."""
    await ringer.enter("401234567890123#", pace=0.25)
    hint = await ringer.caller.hears_end("card-hint")
    assert hint.complete
    await asyncio.sleep(1.0)
    assert ringer.caller.said()[-1].id == "card-hint"
    await ringer.caller.hang_up()
    await written.outcome(ringer.phone)
    assert await written.attempts(ringer.phone) == 0


async def a_late_end_key(ringer):
    """# long after twelve digits: the sentence is heard to its end, and the question after it too."""
    await ringer.enter("999999999999")
    await ringer.caller.hears("mismatch")
    await ringer.caller.press("#")
    assert (await ringer.caller.hears_end("mismatch")).complete
    assert (await ringer.caller.hears_end("ask-number")).complete


async def test_what_is_keyed_is_understood(house, service, ring, written, side_by_side):
    """Four callers side by side: who keys the number of a card, the star, too many digits, or the end key too late."""
    card, star, health_card, late = [await ring(member) for member in (0, 4, 5, 7)]
    await side_by_side(
        twelve_digits(card, house.members[0].personal_number, written),
        the_star(star, written),
        a_health_card(health_card, written),
        a_late_end_key(late),
    )


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


async def keyed_when_asked(phone, house, member, **how):
    """Key the number once it is asked for, and hear the password begin."""
    async with phone:
        await phone.dial(house.asterisk.site.number)
        await phone.hears("menu")
        await phone.press("8", tone=0.1)
        await phone.hears("ask-number")
        await phone.press(house.members[member].insurance_number + "#", **how)
        await phone.hears("new-password", within=10)


async def keyed_before_the_answer(phone, house, member):
    """Keys in early media and across the answer are kept: who knows the way keys it all during the first words."""
    async with phone:
        dialling = asyncio.create_task(phone.dial(house.asterisk.site.number))
        await phone.hears("notice")
        await phone.press("8" + house.members[member].insurance_number + "#", tone=0.1, gap=0.15)
        await dialling
        await phone.hears("new-password", within=10)


async def test_every_digit_arrives_once(house, service, handmade, side_by_side):
    """Whatever a line does to the packets of the keys, the number keyed is the number checked: callers side by side."""
    ways = {
        name: keyed_when_asked(handmade(member), house, member, disturb=disturb, **how)
        for member, (name, (disturb, how)) in zip(itertools.cycle(DOUBLES), LINES.items(), strict=False)
    }
    # A key that never ends is over when another begins; two of the same would be one, so this number has none.
    ways["no end of any key"] = keyed_when_asked(handmade(0), house, 0, disturb=without_ends)
    # A phone that offers no telephone events keys by SIP INFO.
    ways["SIP INFO"] = keyed_when_asked(handmade(DOUBLES[0], "info"), house, DOUBLES[0], tone=0.1, gap=0.05)
    ways["before the answer"] = keyed_before_the_answer(handmade(DOUBLES[1]), house, DOUBLES[1])
    await side_by_side(*ways.values(), names=ways)
