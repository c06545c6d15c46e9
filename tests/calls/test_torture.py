"""Malformed and unwanted SIP beside a good call (RFC 4475): the call does not notice, and Asterisk outlives it."""

import asyncio
import socket

import pytest

from bench.faults.torture import MESSAGES

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRANGER = "127.0.0.3"
TIMES = 5


@pytest.mark.parametrize("door", ["ari"], indirect=True)
async def test_a_call_goes_on_beside_malformed_messages(house, service, ring):
    """Every message comes five times while a caller chooses; the menu and the question are heard, and another call."""
    site = house.asterisk.site
    ringer, other = await ring(1), await ring(2)
    await ringer.reach()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((STRANGER, 0))
        for nth in range(TIMES * len(MESSAGES)):
            message = MESSAGES[nth % len(MESSAGES)](site.address, site.sip_port, STRANGER, nth)
            line.sendto(message, (site.address, site.sip_port))
            await asyncio.sleep(0.005)
    await ringer.caller.press("8")
    assert (await ringer.caller.hears("ask-number")).missing == 0
    await other.reach()
    assert house.asterisk.running
