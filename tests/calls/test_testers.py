"""What testers have besides the hotline itself: accounts, a call by script, an echo, a check of keys."""

import asyncio
import io
from types import SimpleNamespace

import pytest
from rich.console import Console as Terminal

from hotline.cli.switchboard import Switchboard
from hotline.demo.card import Card
from hotline.demo.ring import Line, ring
from hotline.phone import scripted
from hotline.phone.rtp import read_packet
from hotline.service import serving

PCMA = 8

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def switchboard(house):
    """The house's, as the commands see it that are told of a run."""
    site, pbx = house.asterisk.site, house.asterisk
    card = Card(house.server, site.number, pbx.run_dir, pbx.root, house.settings.voice.sounds, {})
    return Switchboard(card.site, card)


@pytest.fixture
def dial(house, switchboard, monkeypatch):
    """Have an account make a call by script; return whether it was answered, and the story that was printed."""
    monkeypatch.setattr(scripted, "NOTHING", 1.5)

    async def made(account, number, *keys):
        told = io.StringIO()
        host, port = switchboard.server("")
        line = Line(host, port, account.name, account.password, number, switchboard.sounds)
        answered = await ring(line, keys, Terminal(file=told, width=200), pace=0.3, ahead=True)
        return SimpleNamespace(answered=answered, story=told.getvalue())

    return made


async def test_a_new_account_calls_by_script_and_a_removed_one_is_refused(house, door, patience, switchboard, dial):
    """The running Asterisk takes both in; keys are read back by the application, of either door; sound comes back."""
    account = switchboard.file.add(f"lan-{door}", house.phones[0].number)
    try:
        await switchboard.reload(account.name)
        async with serving(house.settings):
            checked = await dial(account, "601", "70*", "0071#")
        assert checked.answered
        for words in ("keys ", "“Phím *.", "Quý khách đã nhập:", " 0071 ", "ended by the caller"):
            assert words in checked.story
        assert "70*0071" not in house.asterisk.log.read_text()
    finally:
        switchboard.file.remove(account.name)
        await switchboard.reload(account.name, there=False)
    refused = await dial(account, "601")
    assert not refused.answered
    assert "refused: 401" in refused.story


async def test_the_echo_needs_no_application(ring):
    """Sound that a phone sends comes back to it, and so does a key."""
    tester = await ring()
    await tester.caller.dial("600")
    await tester.caller.answered()
    await tester.caller.press("5")
    await asyncio.sleep(0.6)
    await tester.caller.hang_up()
    first, last = tester.caller.phone.rtp_ports
    back = [
        packet
        for datagram in tester.caller.capture.datagrams
        if first <= datagram.target[1] <= last and (packet := read_packet(datagram.payload))
    ]
    assert sum(packet.payload_type == PCMA for packet in back) > 10
    assert {packet.payload[0] for packet in back if packet.payload_type != PCMA} == {5}
