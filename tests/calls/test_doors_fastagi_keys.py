"""Keys as fast as a machine dials them, over FastAGI: a bare RTP sender, a real Asterisk, and no dialogue."""

import asyncio
import contextlib
import itertools
import re
import socket
import struct

import pytest
import pytest_asyncio

from hotline.call import CallerGone
from hotline.doors.fastagi import FastAgiDoor

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("door", ["fastagi"], indirect=True),
]

TRUNK = "127.0.0.2"
FRAME = 160  # samples of 20 ms
VOICE, EVENT = 8, 96  # payload types
NOTICED = 0.5
"""Seconds after the answer before which nobody keys."""
PACES = {"0918273645": (2, 2), "5463728190": (8, 8)}
"""Frames of tone and of pause: 40 and 40 ms are the fastest a network must pass on, 160 and 160 ms a quick hand.

Each has digits of its own, to be told by.
"""


class Phone:
    """A phone that keys at a pace no softphone has: tones as RFC 4733 events, silence between them."""

    def __init__(self, site):
        self._site = site
        self._sip, self._rtp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for line in (self._sip, self._rtp):
            line.bind((TRUNK, 0))
            line.setblocking(False)
        self._tag = ""
        self._sequence = itertools.count(1)
        self._timestamp = 0
        self._keys = asyncio.Queue()

    @contextlib.asynccontextmanager
    async def call(self):
        """Dial; yields when the hotline has answered."""
        self._send("INVITE", self._offer())
        answer = await self._answer()
        self._tag = re.search(r"^To:.*?(;tag=\S+)", answer, re.MULTILINE)[1]
        self._send("ACK")
        port = int(re.search(r"^m=audio (\d+)", answer, re.MULTILINE)[1])
        talking = asyncio.create_task(self._talk((self._site.address, port)))
        try:
            yield self
        finally:
            talking.cancel()
            self._send("BYE")
            self._sip.close()
            self._rtp.close()

    async def press(self, keys, tone, pause):
        """Key `keys`, each so many frames of tone and then of pause; returns when the last is on its way."""
        for key in keys:
            self._keys.put_nowait(("0123456789*#".index(key), tone, pause))
        await self._keys.join()

    async def _talk(self, to):
        loop = asyncio.get_running_loop()
        due = loop.time()
        for _ in itertools.count():
            if self._keys.empty():
                self._packet(to, VOICE, b"\xd5" * FRAME)
                due = await self._next_frame(due)
                continue
            key, tone, pause = self._keys.get_nowait()
            began = self._timestamp
            for frame in range(tone):
                self._packet(to, EVENT, struct.pack("!BBH", key, 10, (frame + 1) * FRAME), began, first=frame == 0)
                due = await self._next_frame(due)
            for _ in range(3):
                self._packet(to, EVENT, struct.pack("!BBH", key, 0x80 | 10, tone * FRAME), began)
            for _ in range(pause):
                self._packet(to, VOICE, b"\xd5" * FRAME)
                due = await self._next_frame(due)
            self._keys.task_done()

    async def _next_frame(self, due):
        self._timestamp += FRAME
        await asyncio.sleep(due + 0.02 - asyncio.get_running_loop().time())
        return due + 0.02

    def _packet(self, to, kind, payload, timestamp=None, *, first=False):
        stamp = self._timestamp if timestamp is None else timestamp
        self._rtp.sendto(
            struct.pack("!BBHII", 0x80, kind | first << 7, next(self._sequence), stamp, 7) + payload,
            to,
        )

    def _offer(self):
        return (
            f"v=0\r\no=- 1 1 IN IP4 {TRUNK}\r\ns=-\r\nc=IN IP4 {TRUNK}\r\nt=0 0\r\n"
            f"m=audio {self._rtp.getsockname()[1]} RTP/AVP {VOICE} {EVENT}\r\n"
            f"a=rtpmap:{VOICE} PCMA/8000\r\na=rtpmap:{EVENT} telephone-event/8000\r\na=ptime:20\r\n"
        )

    def _send(self, method, body=""):
        site, port = self._site, self._sip.getsockname()[1]
        number = {"INVITE": 1, "ACK": 1, "BYE": 2}[method]
        lines = [
            f"{method} sip:{site.number}@{site.address}:{site.sip_port} SIP/2.0",
            f"Via: SIP/2.0/UDP {TRUNK}:{port};branch=z9hG4bK{port}{method};rport",
            "Max-Forwards: 70",
            f"From: <sip:carrier@{TRUNK}>;tag={port}",
            f"To: <sip:{site.number}@{site.address}>{self._tag}",
            f"Call-ID: keys-{port}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:carrier@{TRUNK}:{port}>",
            "Content-Type: application/sdp",
            f"Content-Length: {len(body)}",
        ]
        self._sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), (site.address, site.sip_port))

    async def _answer(self):
        async with asyncio.timeout(8):
            while True:
                text = (await asyncio.get_running_loop().sock_recv(self._sip, 8000)).decode()
                if text.startswith("SIP/2.0 200"):
                    return text


@pytest_asyncio.fixture(loop_scope="session")
async def take(house, door):
    """Have every call that comes by FastAGI held by a conversation of the test's; return what it came to."""
    async with contextlib.AsyncExitStack() as stack:
        results = asyncio.Queue()

        async def open_for(conversation):
            async def receive(call):
                try:
                    await call.answer()
                    results.put_nowait(await conversation(call))
                except (CallerGone, AssertionError) as end:
                    results.put_nowait(end)

            opening = FastAgiDoor(house.settings.fastagi, house.library, call_seconds=120, calls_at_once=10)
            running = asyncio.create_task(opening.open(receive))
            stack.push_async_callback(asyncio.wait, {running})
            stack.callback(running.cancel)
            opened = asyncio.create_task(opening.opened.wait())
            await asyncio.wait({running, opened}, return_when=asyncio.FIRST_COMPLETED)
            assert opened.done(), "the door could not be opened: is its port taken?"
            return results

        yield open_for


async def keyed(call):
    """Collect keys one by one until none comes for two seconds."""
    keys = ""
    while (key := await call._line.keypad.next(2.0)) is not None:
        keys += key
    return keys


async def ahead(call):
    """Let keys come during prompts that end and begin meanwhile and that no key stops; then collect them."""
    for _ in range(4):
        await call.say("no-match", keys="")
    return await keyed(call)


async def busy(call):
    """Let keys come while nothing is said and nothing is asked for; then collect them."""
    await asyncio.sleep(2.0)
    return await keyed(call)


@pytest.mark.parametrize("conversation", [keyed, ahead, busy])
async def test_fast_keys_all_arrive_once_and_in_order(house, take, conversation):
    """Ten keys, waited for, keyed ahead during prompts, or keyed while other work is done; by both paces at once."""
    results = await take(conversation)

    async def key(phone, keys, pace):
        await asyncio.sleep(NOTICED)
        await phone.press(keys, *pace)

    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(30):
        calls = [stack.enter_async_context(Phone(house.asterisk.site).call()) for _ in PACES]
        phones = await asyncio.gather(*calls)
        await asyncio.gather(*(key(phone, *pace) for phone, pace in zip(phones, PACES.items(), strict=True)))
        # Nobody hangs up before both are heard of: either may be the first.
        arrived = [await results.get() for _ in phones]
    assert sorted(map(repr, arrived)) == sorted(map(repr, PACES))
