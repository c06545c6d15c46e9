"""Callers made of bare sockets, so that every letter of their SIP and every packet of their media is the test's."""

import asyncio
import contextlib
import hashlib
import itertools
import re
import socket
import struct
import uuid

import pytest_asyncio

from hotline.phone.rtp import Heard, read_packet

TRUNK = "127.0.0.2"
"""The carrier's address, for SIP and for media."""
FRAME = 160
A_LAW_SILENCE = b"\xd5" * FRAME
EVENTS = 96
_COMPACT = {
    "Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Type": "c", "Content-Length": "l",
}  # fmt: skip


class UdpCaller:
    """Rings the hotline over UDP, from `address`, with media at `media`.

    It keeps what a blind forger of an INVITE would not even know, the hotline's tag and media port, and uses it.
    """

    def __init__(self, site, ear, address=TRUNK, media=None):
        self.address = address
        self.received = 0
        self.speaks = False
        self._site = site
        self._listening = ear.listening()
        self._hotline = site.address, site.sip_port
        self._call_id = uuid.uuid4().hex
        self._sequence = 0
        self._from = f"<sip:+84987654321@{address}>"
        self._to_tag = ""
        self._answers = asyncio.Queue()
        self._audio = {}
        self._peer = None
        self._packets = itertools.count(1)
        self._sip, self._rtp = _bound(address), _bound(media or address)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._sip, self._read_sip)
        loop.add_reader(self._rtp, self._read_rtp)

    def close(self):
        """Fall silent."""
        for line in (self._sip, self._rtp):
            asyncio.get_running_loop().remove_reader(line)
            line.close()

    # Signalling.

    def invite(self, *headers, compact=False, media=None):
        """Send an INVITE with these headers besides the usual ones; a From among them replaces ours.

        Args:
            headers: `Name: value` each.
            compact: write the usual headers in their short form.
            media: the caller whose media socket the SDP names, if it is not ours.
        """
        ours = [header for header in headers if not header.lower().startswith("from:")]
        if len(ours) < len(headers):
            self._from = next(header[5:].strip() for header in headers if header not in ours)
        address, port = (media or self)._rtp.getsockname()
        sdp = (
            f"v=0\r\no=- 1 {next(self._packets)} IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8 {EVENTS}\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:{EVENTS} telephone-event/8000\r\n"
        )
        self._send("INVITE", *ours, body=sdp, compact=compact)

    def ack(self):
        """Acknowledge the answer, and speak from now on while something is awaited."""
        self._send("ACK")
        self.speaks = True

    def bye(self):
        """Hang up."""
        self._send("BYE")

    def info(self, key):
        """Press a key by SIP INFO."""
        self._send("INFO", body=f"Signal={key}\r\nDuration=160\r\n", kind="application/dtmf-relay")

    async def status(self, first=180, method="INVITE"):
        """Return the status of the next response to `method` from `first` upwards."""
        return (await self.response(first, method))[0]

    async def response(self, first=180, method="INVITE"):
        """Return status and text of the next response to `method` from `first` upwards."""
        async with asyncio.timeout(30):
            while True:
                status, what, text = await self._answers.get()
                if what == method and status >= first:
                    return status, text

    async def authenticated(self, name, password, *headers):
        """Send an INVITE with a softphone account's credential, as the answer to the challenge."""
        self._from = f"<sip:{name}@{self.address}>"
        self.invite(*headers)
        status, text = await self.response()
        assert status == 401
        realm, nonce = (re.search(rf'{part}="([^"]+)"', text)[1] for part in ("realm", "nonce"))
        proof = _md5(name, realm, password), nonce, "00000001", "c", "auth", _md5("INVITE", self._uri)
        self._to_tag = ""
        self.invite(
            f'Authorization: Digest username="{name}", realm="{realm}", nonce="{nonce}", uri="{self._uri}", '
            f'response="{_md5(*proof)}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c"',
            *headers,
        )

    @property
    def _uri(self):
        return f"sip:{self._site.number}@{self._site.address}:{self._site.sip_port}"

    def _send(self, method, *headers, body="", kind="application/sdp", compact=False):
        self._sequence += method != "ACK"
        address, port = self._sip.getsockname()
        usual = {
            "Via": f"SIP/2.0/UDP {address}:{port};branch=z9hG4bK{self._call_id}{self._sequence}{method};rport",
            "From": f"{self._from};tag={self._call_id}",
            "To": f"<{self._uri}>{self._to_tag}",
            "Call-ID": self._call_id,
            "Contact": f"<sip:carrier@{address}:{port}>",
            "Content-Type": kind,
            "Content-Length": str(len(body.encode())),
        }
        named = {_COMPACT[name] if compact else name: value for name, value in usual.items()}
        lines = [
            f"{method} {self._uri} SIP/2.0",
            f"CSeq: {self._sequence} {method}",
            "Max-Forwards: 70",
            *headers,
            *(f"{name}: {value}" for name, value in named.items()),
        ]
        self._sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(errors="surrogateescape"), self._hotline)

    def _read_sip(self):
        text = self._sip.recv(8000).decode()
        found = re.match(r"SIP/2\.0 (\d+) ", text)
        if found is None:
            return
        status, method = int(found[1]), re.search(r"^CSeq: *\d+ (\w+)", text, re.MULTILINE)[1]
        if tag := re.search(r"^To:.*?(;tag=\S+)", text, re.MULTILINE):
            self._to_tag = tag[1]
        if port := re.search(r"^m=audio (\d+)", text, re.MULTILINE):
            self._peer = self._site.address, int(port[1])
        if method == "INVITE" and status >= 300:
            self._send("ACK")
        self._answers.put_nowait((status, method, text))

    # Media.

    def talk(self, packets=1, line=None):
        """Send packets of silence, by another socket if one is given."""
        for _ in range(packets):
            self._send_rtp(8, A_LAW_SILENCE, line)

    async def press(self, keys, line=None):
        """Press keys by RTP events (RFC 4733), one every 120 ms."""
        for key in keys:
            event, began = "0123456789*#".index(key), next(self._packets) * FRAME
            for duration, flags in ((160, 0), (480, 0), (640, 0x80), (640, 0x80), (640, 0x80)):
                self._send_rtp(EVENTS, struct.pack("!BBH", event, flags | 10, duration), line, began)
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.02)

    def heard(self):
        """Return what was said to us, up to the last packet that has come."""
        self._read_rtp()
        audio = b"".join(payload for _, payload in sorted(self._audio.items()))
        self._listening.take(audio)
        return self._listening.utterances(Heard(audio))

    async def hears(self, prompt, within=15.0):
        """Wait until `prompt` has begun.

        Raises:
            TimeoutError: it has not.
        """
        async with asyncio.timeout(within):
            while not any(one.id == prompt for one in self.heard()):
                if self.speaks:
                    self.talk()
                await asyncio.sleep(0.1)

    def _read_rtp(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self._take(read_packet(self._rtp.recv(2000)))

    def _take(self, packet):
        if packet is not None and packet.payload_type == 8:
            self.received += 1
            # Sixteen bits that begin anywhere: what follows 65535 is 65536 to us.
            last = max(self._audio, default=packet.sequence)
            self._audio[last + (packet.sequence - last + 0x8000) % 0x10000 - 0x8000] = packet.payload

    def _send_rtp(self, kind, payload, line, timestamp=None):
        number = next(self._packets)
        header = struct.pack("!BBHII", 0x80, kind, number & 0xFFFF, timestamp or number * FRAME, 0x4711)
        (line or self._rtp).sendto(header + payload, self._peer)


def _bound(address):
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind((address, 0))
    line.setblocking(False)
    return line


def _md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


@pytest_asyncio.fixture(loop_scope="session")
async def udp_caller(house, ear):
    """Make a caller of bare sockets; closed after the test."""
    with contextlib.ExitStack() as stack:

        def make(address=TRUNK, media=None):
            return stack.enter_context(contextlib.closing(UdpCaller(house.asterisk.site, ear, address, media)))

        yield make
