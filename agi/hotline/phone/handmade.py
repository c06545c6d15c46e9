"""A phone behind the carrier of which every packet is ours: for keys that a real softphone can't be made to send.

It speaks as little SIP as a call needs: one call, over UDP, from an address that the PBX takes for its trunk, or with
an account of its own. It needs no rights and no program.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Literal, Self

from hotline.phone.capture import Datagram
from hotline.phone.errors import CallClosed, NotInTime
from hotline.phone.keying import EVENTS, TICK, Sent, Stream
from hotline.phone.sip import Message, read_message
from hotline.phone.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from hotline.phone.digest import Credentials
    from hotline.phone.ear import Ear, Utterance

ANSWER_SECONDS = 10.0
POLL = 0.02


class HandmadePhone:
    """Makes one call; an asynchronous context manager.

    Args:
        number: the caller number that the carrier asserts.
        server: SIP address of the PBX.
        ear: which knows the prompts.
        keys_by: RFC 4733 packets, or SIP INFO, and then it offers no telephone events.
        address: local address; the trunk's.
        account: to prove to the PBX when it asks.

    Attributes:
        witness: of the call.
    """

    def __init__(
        self,
        number: str,
        server: tuple[str, int],
        ear: Ear,
        *,
        keys_by: Literal["rfc4733", "info"] = "rfc4733",
        address: str = "127.0.0.2",
        account: Credentials | None = None,
    ) -> None:
        self.witness = Witness(ear)
        self._ear = ear
        self._number = number
        self._server = server
        self._keys_by = keys_by
        self._address = address
        self._account = account
        self._stream = Stream(secrets.randbits(32))
        self._planned: deque[list[Sent]] = deque()
        self._all_sent = asyncio.Event()
        self._call_id, self._tag = secrets.token_hex(8), secrets.token_hex(4)
        self._to, self._turn, self._listened = "", 0, 0
        self._answers: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._sip, self._rtp = _socket(self._address), _socket(self._address)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._sip.fileno(), self._hear_sip)
        loop.add_reader(self._rtp.fileno(), self._hear_rtp)
        self._speaking = loop.create_task(self._speak())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.witness.signalling.answered and not self.witness.signalling.ended:
            await self._request("BYE")
        self._speaking.cancel()
        for ours in (self._sip, self._rtp):
            asyncio.get_running_loop().remove_reader(ours.fileno())
            ours.close()

    async def dial(self, number: str) -> None:
        """Ring `number`; returns when it was answered.

        Raises:
            CallClosed: it was refused.
            NotInTime: no answer.
        """
        self._to = f"<sip:{number}@{self._server[0]}>"
        events = f" {EVENTS}" if self._keys_by == "rfc4733" else ""
        sdp = [
            "v=0", f"o=- 1 1 IN IP4 {self._address}", "s=-", f"c=IN IP4 {self._address}", "t=0 0",
            f"m=audio {self._rtp.getsockname()[1]} RTP/AVP 8{events}", "a=rtpmap:8 PCMA/8000",
        ]  # fmt: skip
        if events:
            sdp += [f"a=rtpmap:{EVENTS} telephone-event/8000", f"a=fmtp:{EVENTS} 0-15"]
        asserted = f"P-Asserted-Identity: <sip:{self._number}@carrier.example;user=phone>"
        offer = "application/sdp", "\r\n".join(sdp) + "\r\n"
        answer = await self._invite([asserted], *offer)
        if answer.code == 401 and self._account is not None:
            self._to = f"<sip:{number}@{self._server[0]}>"
            proof = self._account.answer(answer.headers.get("www-authenticate", ""), "INVITE", self._uri)
            answer = await self._invite([asserted, proof], *offer)
        if answer.code != 200:
            raise CallClosed(f"the call was closed: {answer.code} {answer.reason}")

    async def _invite(self, headers: Iterable[str], kind: str, body: str) -> Message:
        answer = await self._request("INVITE", headers, kind, body)
        self._to = answer.headers["to"]
        self._send("ACK", self._turn)
        return answer

    async def press(
        self,
        keys: str,
        *,
        tone: float = 0.1,
        gap: float = 0.1,
        disturb: Callable[[Iterable[Sent]], Iterable[Sent]] = list,
    ) -> None:
        """Key `keys`, each held `tone` seconds and followed by `gap` seconds; returns when all are sent.

        What the line does to the packets of RFC 4733 is up to `disturb`: they are sent by their ticks, those of one
        tick in their order.
        """
        if self._keys_by == "info":
            for key in keys:
                body = f"Signal={key}\r\nDuration={round(tone * 1000)}\r\n"
                await self._request("INFO", [], "application/dtmf-relay", body)
                await asyncio.sleep(tone + gap)
            return
        packets = list(disturb(self._stream.keys(keys, tone, gap)))
        by_tick: list[list[Sent]] = [[] for _ in range(max(packet.tick for packet in packets) + 1)]
        for packet in packets:
            by_tick[packet.tick].append(packet)
        self._planned.extend(by_tick)
        self._all_sent.clear()
        await self._all_sent.wait()

    async def hears(self, prompt: str, within: float = 15.0) -> Utterance:
        """Wait until `prompt` has begun; looks on from where it stopped. Raises: NotInTime, KeyError."""
        wanted = self._ear.same(prompt)
        until = time.monotonic() + within
        while time.monotonic() < until:
            said = self.witness.recognised()
            for place in range(self._listened, len(said)):
                if said[place].id == wanted:
                    self._listened = place + 1
                    return said[place]
            await asyncio.sleep(POLL)
        heard = ", ".join("digit" if one.kind == "digit" else one.id for one in self.witness.recognised())
        raise NotInTime(f"not heard within {within:g} s: {prompt!r}; heard: {heard or 'nothing'}")

    async def _request(self, method: str, headers: Iterable[str] = (), kind: str = "", body: str = "") -> Message:
        self._turn += 1
        self._send(method, self._turn, headers, kind, body)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while True:
                    answer = await self._answers.get()
                    # A response that came twice is of an earlier turn.
                    turn = answer.headers.get("cseq", "").split(" ")[0]
                    if (turn, answer.method) == (str(self._turn), method) and (answer.code or 0) >= 200:
                        return answer
        except TimeoutError:
            raise NotInTime(f"no answer to {method} within {ANSWER_SECONDS:g} s") from None

    def _send(self, method: str, turn: int, headers: Iterable[str] = (), kind: str = "", body: str = "") -> None:
        port = self._sip.getsockname()[1]
        lines = [
            f"{method} {self._uri} SIP/2.0",
            # The ACK of a refusal belongs to its INVITE (RFC 3261, 17.1.1.3).
            f"Via: SIP/2.0/UDP {self._address}:{port};branch=z9hG4bK{self._call_id}{turn}",
            f"From: <sip:{self._number}@carrier.example>;tag={self._tag}",
            f"To: {self._to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {turn} {method}",
            f"Contact: <sip:carrier@{self._address}:{port}>",
            "Max-Forwards: 70",
            *headers,
            *([f"Content-Type: {kind}"] if kind else []),
            f"Content-Length: {len(body)}",
        ]
        self._pass_on(self._sip, ("\r\n".join(lines) + "\r\n\r\n" + body).encode(), self._server)

    @property
    def _uri(self) -> str:
        called = self._to.partition("<sip:")[2].partition("@")[0]
        return f"sip:{called}@{self._server[0]}:{self._server[1]}"

    def _pass_on(self, sender: socket.socket, data: bytes, target: tuple[str, int]) -> None:
        sender.sendto(data, target)
        self.witness.take([Datagram(time.time(), sender.getsockname(), target, data)])

    def _hear_sip(self) -> None:
        for data, source in self._arrived(self._sip):
            message = read_message(data)
            if message is None:
                continue
            if message.code is None:
                self._sip.sendto(_ok(data), source)
            else:
                self._answers.put_nowait(message)

    def _arrived(self, receiver: socket.socket) -> Iterator[tuple[bytes, tuple[str, int]]]:
        """Yield what has come, and let the witness see it."""
        with contextlib.suppress(BlockingIOError, InterruptedError):
            while True:
                data, source = receiver.recvfrom(65535)
                self.witness.take([Datagram(time.time(), source, receiver.getsockname(), data)])
                yield data, source

    def _hear_rtp(self) -> None:
        for _ in self._arrived(self._rtp):
            pass

    async def _speak(self) -> None:
        """Send a packet every 20 ms: of a key that is planned, else of silence; from the hotline's first SDP on."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            target = self.witness.signalling.hotline_media
            if target is not None:
                for packet in self._planned.popleft() if self._planned else [self._stream.silence()]:
                    self._pass_on(self._rtp, packet.data, target)
            if not self._planned:
                self._all_sent.set()
            due += TICK
            await asyncio.sleep(due - loop.time())


def _socket(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind((address, 0))
    return made


def _ok(request: bytes) -> bytes:
    """Return 200 to a request: the headers that say which one it is, as they came."""
    names = ("via:", "from:", "to:", "call-id:", "cseq:")
    lines = request.decode("utf-8", "replace").partition("\r\n\r\n")[0].split("\r\n")[1:]
    kept = [line for line in lines if line.lower().startswith(names)]
    return "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode()
