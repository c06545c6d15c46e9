"""Bare ends of a switchboard for tests: an ARI application and a SIP caller that do only what they are told.

Both speak to a `hotline.pbx.Site`; what a well-behaved client would hide is seen and can be made wrong on purpose.
"""

import asyncio
import contextlib
import hashlib
import re
import socket
import uuid
from base64 import b64encode

import aiohttp


class App:
    """An ARI application that takes a call it waits for, and does nothing else by itself."""

    def __init__(self, session, stream):
        self._session = session
        self._stream = stream

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, site, name="hotline"):
        token = b64encode(f"{site.ari_user}:{site.ari_password}".encode()).decode()
        base = f"http://127.0.0.1:{site.http_port}/"
        async with (
            aiohttp.ClientSession(base, headers={"Authorization": f"Basic {token}"}) as session,
            session.ws_connect("ari/events", params={"app": name}) as stream,
        ):
            yield cls(session, stream)

    async def event(self, kind):
        async with asyncio.timeout(5):
            while True:
                event = await self._stream.receive_json()
                if event["type"] == kind:
                    return event
                if event["type"] == "CallBroadcast":
                    await self.post("events/claim", channelId=event["channel"]["id"], application=event["application"])

    async def unclaimed(self):
        """Wait for an offer and leave it."""
        async with asyncio.timeout(5):
            while (await self._stream.receive_json())["type"] != "CallBroadcast":
                pass

    async def give_back(self, then="again"):
        """Take a call and give it back, to come again or not."""
        channel = (await self.event("StasisStart"))["channel"]["id"]
        assert await self.post(f"channels/{channel}/variable", variable="GIVEN_BACK", value=then) == 204
        assert await self.post(f"channels/{channel}/continue") == 204

    async def post(self, path, **params):
        return (await self.request("POST", path, **params))[0]

    async def request(self, method, path, **params):
        """Return status and decoded answer of any request."""
        async with self._session.request(method, f"ari/{path}", params=params) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None


class Caller:
    """A caller made of two UDP sockets: SIP and RTP, at the pace of the answers."""

    def __init__(self, site, address):
        self._site = site
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for line in (self._sip, self._rtp):
            line.bind((address, 0))
            line.setblocking(False)
        self.address = address
        self._call = uuid.uuid4().hex
        self._sequence = 0
        self.to_tag = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._sip.close()
        self._rtp.close()

    def send(self, method, *headers, body="", user="0900000000", kind="application/sdp", number=None):
        """Send a request; the caller claims to be `user` in From, and asks for `number` in place of the hotline's."""
        site, (address, port) = self._site, self._sip.getsockname()
        number = number or site.number
        self._sequence += method != "ACK"
        lines = [
            f"{method} sip:{number}@{site.address}:{site.sip_port} SIP/2.0",
            f"Via: SIP/2.0/UDP {address}:{port};branch=z9hG4bK{self._call}{self._sequence};rport",
            "Max-Forwards: 70",
            f'From: "Someone" <sip:{user}@{address}>;tag={self._call}',
            f"To: <sip:{site.number}@{site.address}>{self.to_tag}",
            f"Call-ID: {self._call}",
            f"CSeq: {self._sequence} {method}",
            f"Contact: <sip:{user}@{address}:{port}>",
            *headers,
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
        ]
        self._sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), (site.address, site.sip_port))

    def invite(self, *headers, user="0900000000", number=None, key_events=False):
        """Send an INVITE that offers A-law, and RFC 4733 (payload type 101) if asked to."""
        kinds, map_ = ("8 101", "a=rtpmap:101 telephone-event/8000\r\n") if key_events else ("8", "")
        offer = (
            f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
            f"m=audio {self._rtp.getsockname()[1]} RTP/AVP {kinds}\r\na=rtpmap:8 PCMA/8000\r\n{map_}"
        )
        self.send("INVITE", *headers, body=offer, user=user, number=number)

    async def answer(self, *, first=200):
        """Return status and text of the next response from `first` upwards; a refusal is acknowledged."""
        async with asyncio.timeout(8):
            while True:
                text = (await asyncio.get_running_loop().sock_recv(self._sip, 8000)).decode()
                found = re.match(r"SIP/2.0 (\d+) ", text)
                if found and int(found[1]) >= first:
                    break
        tag = re.search(r"^To:.*?(;tag=\S+)", text, re.MULTILINE)
        self.to_tag = tag[1] if tag else ""
        if int(found[1]) >= 200 and "INVITE" in re.search(r"^CSeq:(.*)$", text, re.MULTILINE)[1]:
            self.send("ACK")
        return int(found[1]), text

    async def refused_then_invite_with(self, *headers, user, password):
        """Answer the challenge of the INVITE just sent with digest authentication."""
        status, text = await self.answer()
        assert status == 401
        realm, nonce = (re.search(rf'{name}="([^"]+)"', text)[1] for name in ("realm", "nonce"))
        uri = f"sip:{self._site.number}@{self._site.address}:{self._site.sip_port}"

        def md5(value):
            return hashlib.md5(value.encode()).hexdigest()

        proof = md5(f"{md5(f'{user}:{realm}:{password}')}:{nonce}:00000001:c:auth:{md5(f'INVITE:{uri}')}")
        credential = (
            f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{proof}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c"'
        )
        self.to_tag = ""
        self.invite(credential, *headers, user=user)

    def send_rtp(self, port, packet):
        """Send one RTP packet to a media port of the PBX."""
        self._rtp.sendto(packet, (self._site.address, port))

    def received_rtp(self):
        """Return the packets that came since the last look."""
        packets = []
        with contextlib.suppress(BlockingIOError):
            while True:
                packets.append(self._rtp.recv(2000))
        return packets

    async def heard(self, sample):
        """Return once `sample` (A-law) was received, in order and whole."""
        received = b""
        async with asyncio.timeout(8):
            while sample not in received:
                received += (await asyncio.get_running_loop().sock_recv(self._rtp, 2000))[12:]
