"""A real softphone calls a made-up PBX over the loopback interface, and a real capture listens."""

import asyncio
import contextlib
import hashlib
import re
import shutil
import socket
import struct
import time

import pytest

from hotline.pbx import Ports
from hotline.phone import CallClosed, Caller, Capture, Closing, Ear, NotInTime, PhoneFailed, Softphone

HERE = "127.0.0.1"
PROMPTS = {"notice": 0.4, "menu": 1.0, "lead": 0.3}


def _may_capture():
    with contextlib.suppress(PermissionError), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0):
        return True
    return False


pytestmark = [
    pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed"),
    pytest.mark.skipif(not _may_capture(), reason="packets cannot be captured here"),
]


class FakePbx(asyncio.DatagramProtocol):
    """A SIP server that says what it is told to; `challenge` makes it ask for credentials first."""

    def __init__(self, library, ports, *, challenge=False):
        """Listen on the SIP port and the first media port of `ports`."""
        self.library = library
        self.ports = ports
        self.challenge = challenge
        self.invite = ""
        self.invited = asyncio.Event()
        self.sequence = 0
        self.timestamp = 1000

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self.sip, _ = await loop.create_datagram_endpoint(lambda: self, (HERE, self.ports.sip))
        self.media, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, (HERE, self.ports.rtp_first))
        return self

    async def __aexit__(self, *_):
        self.sip.close()
        self.media.close()

    def datagram_received(self, data, address):
        """Answer what a caller sends."""
        text = data.decode()
        if text.startswith("INVITE"):
            self.invite, self.caller = text, address
            if self.challenge and "Authorization:" not in text:
                self.respond(401, 'WWW-Authenticate: Digest realm="test", nonce="n", algorithm=MD5\r\n')
            else:
                self.invited.set()
        elif text.startswith(("BYE", "CANCEL")):
            self.sip.sendto(self.response(text, 200), address)
            if text.startswith("CANCEL"):
                self.respond(487)

    def response(self, request, code, more="", body=""):
        """Return a response to a request."""
        copied = [line for line in request.split("\r\n") if line.split(":")[0] in {"Via", "From", "Call-ID", "CSeq"}]
        to = next(line for line in request.split("\r\n") if line.startswith("To:")).split(";tag")[0] + ";tag=pbx"
        head = "\r\n".join([f"SIP/2.0 {code} So", *copied, to, f"Contact: <sip:{HERE}:{self.ports.sip}>"])
        return f"{head}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def respond(self, code, more="", *, media=False):
        """Respond to the INVITE."""
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {HERE}\r\ns=-\r\nc=IN IP4 {HERE}\r\nt=0 0\r\n"
            f"m=audio {self.ports.rtp_first} RTP/AVP 8 101\r\n"
            "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        )
        kind = "Content-Type: application/sdp\r\n" if media else ""
        self.sip.sendto(self.response(self.invite, code, more + kind, body if media else ""), self.caller)

    def hang_up(self):
        """Send BYE."""
        field = {line.split(":")[0]: line.partition(": ")[2] for line in self.invite.split("\r\n")}
        contact = re.search("<(.*?)>", field["Contact"])[1]
        via = f"Via: SIP/2.0/UDP {HERE}:{self.ports.sip};branch=z9hG4bKbye"
        people = f"From: {field['To']};tag=pbx\r\nTo: {field['From']}"
        bye = f"BYE {contact} SIP/2.0\r\n{via}\r\n{people}\r\nCall-ID: {field['Call-ID']}\r\nCSeq: 9 BYE\r\n\r\n"
        self.sip.sendto(bye.encode(), self.caller)

    async def says(self, *names):
        """Play clips one after another, at the pace of speech."""
        audio = b"".join(self.library.audio(name) for name in names)
        target = HERE, int(re.search(r"m=audio (\d+)", self.invite)[1])
        loop = asyncio.get_running_loop()
        due = loop.time()
        for place in range(0, len(audio), 160):
            head = struct.pack("!BBHII", 0x80, 8, self.sequence, self.timestamp, 5)
            self.media.sendto(head + audio[place : place + 160], target)
            self.sequence, self.timestamp = self.sequence + 1, self.timestamp + 160
            due += 0.02
            await asyncio.sleep(due - loop.time())


@pytest.fixture(scope="module")
def library(noise_library):
    """A small library."""
    return noise_library(PROMPTS, digit_seconds=0.2)


@pytest.fixture(scope="module")
def ear(library):
    """An ear that knows it."""
    return Ear(library, PROMPTS)


@pytest.fixture
def ports():
    """A block of ports for the PBX."""
    with Ports.claim() as ports:
        yield ports


@pytest.fixture
async def pbx(library, ports):
    """A PBX that lets everybody in."""
    async with FakePbx(library, ports) as pbx:
        yield pbx


@pytest.fixture
async def phone(ports, tmp_path):
    """A running softphone."""
    with Ports.claim() as own:
        async with new_phone(ports, own, tmp_path / "phone") as phone:
            yield phone


def new_phone(pbx_ports, own, run_dir):
    """Return a softphone with an account at the PBX, not started."""
    server = f"{HERE}:{pbx_ports.sip}"
    media = own.rtp_first, own.rtp_first + 9
    return Softphone("tester", "word", server, run_dir=run_dir, sip_port=own.sip, rtp_ports=media, longest_call=20)


@pytest.fixture
async def caller(pbx, phone, ear):
    """A caller with that phone; the PBX outlives it, to answer its BYE."""
    async with Caller(phone, ear) as caller:
        yield caller


async def connected(caller, pbx):
    """Make a call that is answered at once."""
    pbx.invited.clear()
    await caller.dial("19009068")
    await pbx.invited.wait()
    pbx.respond(200, media=True)
    await caller.answered(within=5)


async def test_a_whole_call_is_heard_as_it_was(caller, pbx, phone, ear):
    """Early media, a prompt cut off by a key, a pause, a reading: words, digits, keys and seconds are all told."""
    await caller.dial("19009068")
    await asyncio.wait_for(pbx.invited.wait(), 5)
    pbx.respond(183, media=True)
    await phone.early(within=5)
    await pbx.says("notice")
    pbx.respond(200, media=True)
    await caller.answered(within=5)
    await asyncio.sleep(0.3)
    saying = asyncio.create_task(pbx.says("menu"))
    menu = await caller.hears("menu", within=3)
    assert menu.starts < 0.5
    await saying
    assert (await caller.hears_end("menu", within=3)).complete
    await caller.press("8*#", pace=0.25)
    await asyncio.sleep(1.0)
    saying = asyncio.create_task(pbx.says("lead", *"590143"))
    assert await caller.hears_digits(6, within=5) == "590143"
    await saying
    await caller.hang_up()
    assert [one.id for one in caller.said()] == ["notice", "menu", "lead", *"590143"]
    assert all(one.complete for one in caller.said())
    assert caller.said()[0].ends < 0.1 < caller.said()[1].starts < 1.0
    assert caller.digits() == ["590143"]
    assert "".join(key.key for key in caller.witness.keys) == "8*#"
    pause = max(caller.witness.silences(0.5), key=lambda silence: silence.seconds)
    assert 1.0 < pause.seconds < 3.0
    assert [(entry.who, entry.text) for entry in caller.timeline()] == [
        ("line", "calls"),
        ("line", "early media"),
        ("hotline", "Lời notice."),
        ("line", "answered"),
        ("hotline", "Lời menu."),
        ("caller", "8*#"),
        ("hotline", "Lời lead."),
        ("hotline", "590143"),
        ("line", "ended by the caller"),
    ]
    assert (caller.capture.dropped, caller.witness.lost) == (0, 0)
    assert phone.closing == Closing(None, "Connection reset by user", by_us=True)
    (dump,) = phone.dumps
    assert [one.id for one in ear.listen_wav(dump)] == ["notice", "menu", "lead", *"590143"]


async def test_the_hotline_hangs_up(caller, pbx, phone):
    """An end the caller did not make is told as the hotline's, and ends every waiting."""
    await connected(caller, pbx)
    waiting = asyncio.create_task(caller.hears("menu", within=10))
    await pbx.says("notice")
    pbx.hang_up()
    with pytest.raises(NotInTime, match=r"not heard until the call ended: 'menu'; heard: notice at -?\d\.\d"):
        await waiting
    assert not (await phone.closed(within=1)).by_us
    assert caller.timeline()[-1].text == "ended by the hotline"


async def test_digits_stay_out_of_messages(caller, pbx):
    """What was read is not in the message of an error, which may end up in a log."""
    await connected(caller, pbx)
    await pbx.says("lead", *"5901")
    with pytest.raises(NotInTime, match=r"^not heard within 0\.5 s: 5 digits; heard: lead at -?\d\.\d(, digit){4}$"):
        await caller.hears_digits(5, within=0.5)


async def test_a_refused_call_tells_the_status(caller, pbx, phone):
    """Whoever waits for the answer of a refused call learns why at once, and the phone can call again."""
    await caller.dial("19009068")
    await asyncio.wait_for(pbx.invited.wait(), 5)
    pbx.respond(180)
    await phone.ringing(within=5)
    pbx.respond(486)
    with pytest.raises(CallClosed, match="486"):
        await caller.answered(within=5)
    assert phone.closing.code == 486
    await connected(caller, pbx)
    assert phone.closing is None


async def test_a_call_never_answered_is_cancelled(caller, pbx):
    """Hanging up while it rings ends the call, by the caller."""
    await caller.dial("19009068")
    await asyncio.wait_for(pbx.invited.wait(), 5)
    pbx.respond(180)
    with pytest.raises(NotInTime, match=r"not answered within 0\.2 s"):
        await caller.answered(within=0.2)
    await caller.hang_up()
    assert caller.timeline()[-1].text == "ended by the caller"


async def test_signs_in_when_it_is_asked_to(library, ports, phone, ear):
    """A challenge is answered with the account's name and password, and does not count as a refusal."""
    async with FakePbx(library, ports, challenge=True) as pbx, Caller(phone, ear) as caller:
        await connected(caller, pbx)
        field = dict(re.findall(r'(\w+)="(.*?)"', pbx.invite))
        one = hashlib.md5(b"tester:test:word").hexdigest()
        two = hashlib.md5(f"INVITE:{field['uri']}".encode()).hexdigest()
        assert field["response"] == hashlib.md5(f"{one}:n:{two}".encode()).hexdigest()
        await caller.hang_up()
        assert caller.witness.signalling.refused is None


async def test_keys_come_at_the_pace_asked_for(caller, pbx):
    """Keys are sent in order, that many seconds apart, each once."""
    await connected(caller, pbx)
    await pbx.says("notice")
    await caller.press("0011223#", pace=0.3)
    await asyncio.sleep(0.3)
    await caller.hang_up()
    caller.timeline()
    keys = caller.witness.keys
    assert "".join(key.key for key in keys) == "0011223#"
    assert 2.0 < keys[-1].at - keys[0].at < 4.0


async def test_keys_that_are_too_fast_wait_in_line(caller, pbx):
    """Keys given all at once are all sent, in order, each once."""
    await connected(caller, pbx)
    await caller.press("0123#", pace=0.0)
    await asyncio.sleep(1.6)
    await caller.hang_up()
    assert caller.timeline()[-2].text == "0123#"


async def test_a_trunk_calls_from_an_address_of_its_own(pbx, ports, ear, tmp_path):
    """A phone without an account speaks from the address it is given, and is heard all the same."""
    async with contextlib.AsyncExitStack() as stack:
        own = stack.enter_context(Ports.claim())
        media = own.rtp_first, own.rtp_first + 9
        trunk = Softphone(
            "+84912345678",
            None,
            f"{HERE}:{ports.sip}",
            run_dir=tmp_path / "trunk",
            sip_port=own.sip,
            rtp_ports=media,
            address="127.0.0.2",
        )
        caller = Caller(await stack.enter_async_context(trunk), ear)
        await stack.enter_async_context(caller)
        await connected(caller, pbx)
        assert pbx.caller == ("127.0.0.2", own.sip)
        assert "From: <sip:+84912345678@" in pbx.invite
        await caller.press("8")
        await pbx.says("menu")
        await caller.hears_end("menu")
        assert [key.key for key in caller.witness.keys] == ["8"]


async def test_what_is_no_key_is_refused(phone):
    """A letter is the caller's mistake; a key without a call is the phone's."""
    with pytest.raises(ValueError, match="can be keyed"):
        await phone.press("8a")
    with pytest.raises(PhoneFailed, match="sndcode refused"):
        await phone.press("8")


async def test_one_call_at_a_time(caller, pbx, phone):
    """Dialling during a call is refused."""
    await connected(caller, pbx)
    with pytest.raises(PhoneFailed, match="in a call already"):
        await phone.dial("1")


async def test_a_taken_port_is_told_at_once(phone, ports, tmp_path):
    """A phone that cannot start says so, with the last words of its log."""
    second = Softphone(
        "second",
        None,
        f"{HERE}:{ports.sip}",
        run_dir=tmp_path / "x",
        sip_port=phone.sip_port,
        rtp_ports=phone.rtp_ports,
    )
    began = time.monotonic()
    with pytest.raises(PhoneFailed, match=r"second did not start: .*Address already in use"):
        await second.__aenter__()
    assert time.monotonic() - began < 3


async def test_a_phone_that_dies_ends_the_call(caller, pbx, phone):
    """When the softphone goes away nobody waits for it for ever."""
    await connected(caller, pbx)
    await phone._child.stop()
    assert (await phone.closed(within=2)).reason == "the softphone ended"
    with pytest.raises(PhoneFailed, match="the softphone ended"):
        await phone.press("1")


async def test_the_capture_hears_its_ports_once_each():
    """Every datagram of the ports asked for is there once, with the time it passed, and no other."""
    with contextlib.ExitStack() as stack:
        a, b, c = (stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3))
        for each in (a, b, c):
            each.bind((HERE, 0))
        port = a.getsockname()[1]
        async with Capture([(port, port)]) as capture:
            before = time.time()
            b.sendto(b"to", a.getsockname())
            a.sendto(b"from", b.getsockname())
            b.sendto(b"beside", c.getsockname())
            capture.read()
            after = time.time()
    assert [datagram.payload for datagram in capture.datagrams] == [b"to", b"from"]
    assert all(before - 0.01 <= datagram.at <= after + 0.01 for datagram in capture.datagrams)
    assert capture.dropped == 0
