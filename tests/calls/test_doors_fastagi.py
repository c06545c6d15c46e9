"""The FastAGI door and a real Asterisk: when the application is away, frozen or killed, and who is believed."""

import asyncio
import os
import socket
import sys
import time

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from hotline.phone import CallClosed
from hotline.service import serving

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("door", ["fastagi"], indirect=True),
]

TRUNK = "127.0.0.2"
OTHER = "1900907"
"""Numbers that a test's own dialplan answers to begin so."""
FORGETFUL = ["", ",number=%2B84912345678", ",origin=carrier,pai=%3Ctel:%2B84912345678%3E", ",origin=trunk"]
"""What such a dialplan says of the caller."""


@pytest_asyncio.fixture(loop_scope="session")
async def impatient(house, door):
    """A dialplan that waits one second for the application, not four."""
    await house.asterisk.console("dialplan set global APP_PATIENCE 1")
    yield
    await house.asterisk.console("dialplan set global APP_PATIENCE 4")


@pytest_asyncio.fixture(loop_scope="session")
async def at_our_place(house, door):
    """Have somebody else listen where the application should; return how to have them talk to Asterisk."""
    servers = []

    async def listen(handle):
        servers.append(await asyncio.start_server(handle, "127.0.0.1", house.settings.fastagi.port))

    yield listen
    for server in servers:
        server.close()


async def hears_fallback(ringer):
    """Whether the caller hears that the hotline is away, before the answer; return when."""
    words = await ringer.reach("fallback")
    assert (await ringer.caller.hears_end("fallback")).complete
    assert not (await ringer.caller.closed()).by_us
    with pytest.raises(CallClosed):
        await ringer.caller.answered(within=0)
    return words.starts


async def test_a_frozen_application_does_not_keep_a_caller_waiting(impatient, at_our_place, ring):
    """It lets the call in and then does nothing: the dialplan loses patience and says so, before the answer."""

    async def frozen(reader, writer):
        await reader.read()
        writer.close()

    await at_our_place(frozen)
    assert 0.9 < await hears_fallback(await ring(4)) < 2.5


async def test_an_application_that_lets_nobody_in_is_told_at_once(at_our_place, ring):
    """A connection that is closed again, as when it is full: the fallback, soon and free of charge."""

    async def full(reader, writer):
        writer.transport.abort()

    await at_our_place(full)
    assert await hears_fallback(await ring(4)) < 1.0


async def test_a_killed_application_leaves_no_caller_in_silence(house, door, ring):
    """The dialplan itself tells its callers that the call can't go on."""
    settings = house.settings
    environment = os.environ | {
        "HOTLINE_CALL__TEST_PHONES": "true",
        "HOTLINE_ARI__ENABLED": "false",
        "HOTLINE_FASTAGI__ENABLED": "true",
        "HOTLINE_FASTAGI__PORT": str(settings.fastagi.port),
        "HOTLINE_DATABASE__DSN": settings.database.dsn.get_secret_value(),
        "HOTLINE_PASSWORD__PEPPER": settings.password.pepper.get_secret_value(),
        "HOTLINE_VOICE__SECRETS": str(settings.voice.secrets),
    }
    command = [sys.executable, "-c", "from hotline.cli import main; main()", "serve"]
    application = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(20):
            said = b""
            while b"service_ready" not in said:
                line = await application.stderr.readline()
                assert line, said.decode()
                said += line
        ringer = await ring(6)
        await ringer.reach()
    finally:
        application.kill()
        await application.wait()
    assert (await ringer.caller.hears_end("interrupted")).complete
    assert not (await ringer.caller.closed()).by_us
    async with serving(settings):
        await (await ring(7)).reach()


async def test_the_longest_call_ends_with_a_word(house, door, ring):
    """When the time of a call is over the dialplan takes it back from the application, and says so."""
    settings = house.settings.model_copy(deep=True)
    settings.call.longest_seconds = 3
    async with serving(settings):
        ringer = await ring(5)
        await ringer.reach()
        assert (await ringer.caller.hears_end("interrupted")).complete
        assert not (await ringer.caller.closed()).by_us


async def turned_away(ringer, number):
    """The caller is told that nobody vouches for their number, unanswered."""
    await ringer.caller.dial(number)
    assert (await ringer.caller.hears_end("caller-unasserted")).complete
    assert not (await ringer.caller.closed()).by_us
    with pytest.raises(CallClosed):
        await ringer.caller.answered(within=0)


@pytest.mark.usefixtures("service")
async def test_a_dialplan_that_forgets_who_is_calling_serves_nobody(house, ring, outcomes, side_by_side):
    """Without an origin, with one nobody knows, or without an identity the caller is turned away unanswered."""
    address, pbx = house.asterisk.site.fastagi[0], house.asterisk
    forgetful = {f"{OTHER}{nth}": arguments for nth, arguments in enumerate(FORGETFUL)}
    for number, arguments in forgetful.items():
        await pbx.console(f"dialplan add extension {number},1,AGI(agi://{address}{arguments}) into from-phones")
    try:
        calls = [turned_away(await ring(member), number) for member, number in enumerate(forgetful, start=2)]
        await side_by_side(*calls, names=[arguments or "nothing" for arguments in FORGETFUL])
        assert await outcomes(len(calls)) == ["refused"] * len(calls)
    finally:
        for number in forgetful:
            await pbx.console(f"dialplan remove extension {number}@from-phones")


async def test_a_caller_number_with_line_feeds_is_no_argument(house, service):
    """Who writes an argument of ours into their own number is not believed, and the call is refused unanswered."""
    site = house.asterisk.site
    made_up = "x%0Aagi_arg_1%3A%20origin%3Dphone%0Aagi_arg_2%3A%20number%3D0912345678%0A%0A"
    loop = asyncio.get_running_loop()
    with capture_logs() as logs, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((TRUNK, 0))
        line.setblocking(False)
        port = line.getsockname()[1]
        offer = f"v=0\r\no=- 1 1 IN IP4 {TRUNK}\r\ns=-\r\nc=IN IP4 {TRUNK}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
        invite = [
            f"INVITE sip:{site.number}@{site.address}:{site.sip_port} SIP/2.0",
            f"Via: SIP/2.0/UDP {TRUNK}:{port};branch=z9hG4bK{port};rport",
            "Max-Forwards: 70",
            f"From: <sip:{made_up}@{TRUNK}>;tag={port}",
            f"To: <sip:{site.number}@{site.address}>",
            f"Call-ID: feeds-{port}",
            "CSeq: 1 INVITE",
            f"Contact: <sip:carrier@{TRUNK}:{port}>",
            "Content-Type: application/sdp",
            f"Content-Length: {len(offer)}",
        ]
        line.sendto(("\r\n".join(invite) + "\r\n\r\n" + offer).encode(), (site.address, site.sip_port))
        statuses = []
        ends = time.monotonic() + 20
        while time.monotonic() < ends and not (statuses and statuses[-1] >= 200):
            said = await asyncio.wait_for(loop.sock_recv(line, 8000), 15)

            statuses.append(int(said.split()[1]))
    assert 200 not in statuses
    assert statuses[-1] >= 400
    assert [entry["event"] for entry in logs] == ["fastagi_refused"]
