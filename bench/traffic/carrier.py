"""Callers by the hundred: bare SIP and RTP from the carrier's address, every packet of a key ours.

SIPp can't make these calls: the hotline wants to hear from its callers all the time, and SIPp sends sound or keys.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import secrets
import socket
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from hotline.phone.keying import EVENTS, TICK, Stream
from hotline.phone.sip import read_sdp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hotline.pbx import Site
    from hotline.phone.keying import Sent

FIRST_PORT, PORTS = 20_000, 20_000
"""Media ports of the callers, on an address of their own; one a call, used again long after."""
SLOTS = 10
"""Parts of a packet's time in which packets are sent, so that not all calls send at once."""
REPEATS = (0.5, 1.5, 3.5, 7.5)
"""Seconds after which a request that nobody answered is sent again (RFC 3261, timer A)."""
ANSWER_SECONDS = 15.0
"""A call that has no final answer by then is given up."""
BYE_SECONDS = 8.0


@dataclass(frozen=True)
class Plan:
    """What a caller does.

    Attributes:
        phone: the number the network asserts, E.164.
        keys: when to begin keying what, in seconds from the answer; in order.
        hang_up: seconds from the answer to the caller's hang-up.
        tone: seconds a key is held.
        gap: seconds from key to key.
        speaks: whether media is sent, silence between keys.
        number: who is called; the hotline when empty.
        disturb: what happens to the packets of keys on their way; nothing when None.
    """

    phone: str
    keys: Sequence[tuple[float, str]] = ()
    hang_up: float = 1.0
    tone: float = 0.1
    gap: float = 0.1
    speaks: bool = True
    number: str = ""
    disturb: Callable[[Iterable[Sent]], Iterable[Sent]] | None = None


@dataclass(eq=False)
class Call:
    """A call, as its caller sees it; times by the event loop's clock.

    Attributes:
        plan: what the caller does.
        id: Call-ID.
        port: where the caller listens for media.
        began: when it was dialled.
        progressed: when 183 came; None if it did not.
        final: when the final answer came.
        status: of the final answer; 0 while there is none.
        hung_up: when the caller hung up.
        ended: when it was over.
        repeated: requests sent again for want of an answer.
        decided: set when the final answer is there.
        over: set when the call is.
    """

    plan: Plan
    id: str
    port: int
    began: float
    progressed: float | None = None
    final: float | None = None
    status: int = 0
    hung_up: float | None = None
    ended: float | None = None
    repeated: int = 0
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    to_tag: str = ""
    heard_from: bool = False

    @property
    def answered(self) -> bool:
        """Whether it was taken."""
        return self.status == 200

    @property
    def cut(self) -> bool:
        """Whether it was answered and then not ended by its caller."""
        return self.answered and self.over.is_set() and self.hung_up is None

    @property
    def waited(self) -> float:
        """Seconds from INVITE to the final answer."""
        return (self.final or float("inf")) - self.began


class _Media:
    """What one caller sends: silence every 20 ms, or the packets of keys."""

    def __init__(self, plan: Plan) -> None:
        self._stream = Stream(secrets.randbits(32))
        self._plan = plan
        self._ahead: deque[list[bytes]] = deque()
        self._due = deque((round(at / TICK), keys) for at, keys in plan.keys)
        self._ticks = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Nobody reads what comes: it is heard on the wire.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self._socket.setblocking(False)

    def bind(self, address: str, ports: Iterator[int]) -> int:
        """Listen on the first of `ports` that is free, and return it."""
        while True:
            port = FIRST_PORT + next(ports) % PORTS
            with contextlib.suppress(OSError):
                self._socket.bind((address, port))
                return port

    def connect(self, target: tuple[str, int]) -> None:
        """Say where to send."""
        self._socket.connect(target)

    def send(self) -> None:
        """Send what is due in this tick."""
        if self._due and self._due[0][0] <= self._ticks:
            self._key(self._due.popleft()[1])
        self._ticks += 1
        packets = self._ahead.popleft() if self._ahead else [self._stream.silence().data]
        # A PBX that is gone, or a full buffer: what a line loses.
        with contextlib.suppress(OSError):
            for packet in packets:
                self._socket.send(packet)

    def _key(self, keys: str) -> None:
        by_tick: dict[int, list[bytes]] = {}
        packets: Iterable[Sent] = self._stream.keys(keys, self._plan.tone, self._plan.gap)
        if self._plan.disturb is not None:
            packets = self._plan.disturb(packets)
        for sent in packets:
            by_tick.setdefault(sent.tick, []).append(sent.data)
        self._ahead.extend(by_tick.get(tick, []) for tick in range(max(by_tick) + 1))

    def close(self) -> None:
        """Say no more."""
        self._socket.close()


class Carrier(asyncio.DatagramProtocol):
    """Makes calls; an asynchronous context manager.

    Args:
        site: of the PBX.
        address: where the calls come from, signalling and media; the PBX takes it for its trunk.

    Attributes:
        calls: all so far.
    """

    def __init__(self, site: Site, address: str) -> None:
        self.calls: list[Call] = []
        self._server = (site.address, site.sip_port)
        self._number = site.number
        self._address = address
        self._by_id: dict[str, Call] = {}
        self._media: dict[str, _Media] = {}
        self._slots: list[dict[str, _Media]] = [{} for _ in range(SLOTS)]
        self._tasks: set[asyncio.Task[None]] = set()
        self._ports = itertools.count()
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> Self:
        self._transport, _ = await self._loop.create_datagram_endpoint(lambda: self, local_addr=(self._address, 0))
        self._sip_port = self._transport.get_extra_info("sockname")[1]
        self._speaking = self._loop.create_task(self._speak())
        return self

    async def __aexit__(self, *_: object) -> None:
        for call in self.calls:
            if call.answered and not call.over.is_set():
                self._send(call, "BYE")
                self._end(call)
        for task in (*self._tasks, self._speaking):
            task.cancel()
        await asyncio.gather(*self._tasks, self._speaking, return_exceptions=True)
        self._transport.close()

    def dial(self, plan: Plan) -> Call:
        """Begin a call; it goes on by itself, as planned, until `over`."""
        media = _Media(plan)
        call = Call(plan, secrets.token_hex(12), media.bind(self._address, self._ports), self._loop.time())
        self._media[call.id] = media
        self.calls.append(call)
        self._by_id[call.id] = call
        task = self._loop.create_task(self._hold(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    async def offer(
        self, plans: Sequence[Plan], rate: float, done: Callable[[int], None] = lambda _count: None
    ) -> list[Call]:
        """Make a call for each of `plans`, `rate` a second whatever becomes of them; return them when all are over."""
        began, calls = self._loop.time(), []
        for nth, plan in enumerate(plans):
            await asyncio.sleep(began + nth / rate - self._loop.time())
            calls.append(self.dial(plan))
            done(nth + 1)
        await asyncio.gather(*(call.over.wait() for call in calls))
        return calls

    async def _hold(self, call: Call) -> None:
        """See one call through: repeat what is not answered, hang up when it is time."""
        self._invite(call)
        for until in (*REPEATS, ANSWER_SECONDS):
            if await _within(call.decided, call.began + until - self._loop.time()):
                break
            if not call.heard_from and until != ANSWER_SECONDS:
                call.repeated += 1
                self._invite(call)
        if call.answered and call.final is not None:
            if not await _within(call.over, call.final + call.plan.hang_up - self._loop.time()):
                await self._hang_up(call)
        elif not call.over.is_set():
            self._send(call, "CANCEL")
            self._end(call)

    async def _hang_up(self, call: Call) -> None:
        call.hung_up = self._loop.time()
        self._silence(call)
        for repeat in REPEATS:
            self._send(call, "BYE")
            if await _within(call.over, call.hung_up + repeat - self._loop.time()):
                return
            call.repeated += 1
        self._end(call)

    def hang_up(self, call: Call) -> None:
        """Have the caller hang up now."""
        call.hung_up = self._loop.time()
        self._silence(call)
        self._send(call, "BYE")

    def _invite(self, call: Call) -> None:
        media = (
            f"v=0\r\no=- 1 1 IN IP4 {self._address}\r\ns=-\r\nc=IN IP4 {self._address}\r\nt=0 0\r\n"
            f"m=audio {call.port} RTP/AVP 8 {EVENTS}\r\na=rtpmap:8 PCMA/8000\r\n"
            f"a=rtpmap:{EVENTS} telephone-event/8000\r\na=fmtp:{EVENTS} 0-15\r\n"
        )
        self._send(call, "INVITE", f"P-Asserted-Identity: <sip:{call.plan.phone}@carrier.example>", body=media)

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Take what the PBX says."""
        text = data.decode("utf-8", "replace")
        found = _CALL_ID.search(text)
        call = self._by_id.get(found[1]) if found else None
        if call is None:
            return
        if not text.startswith("SIP/2.0"):
            self._to_pbx("SIP/2.0 200 OK\r\n" + "".join(_COPIED.findall(text)) + "Content-Length: 0\r\n\r\n")
            if text.startswith("BYE"):
                self._end(call)
            return
        call.heard_from = True
        status = int(text.split(" ", 2)[1])
        method = _METHOD.search(text)
        if method is not None and method[1] == "INVITE":
            self._answered(call, status, text)
        elif method is not None and method[1] == "BYE" and status >= 200:
            self._end(call)

    def _answered(self, call: Call, status: int, text: str) -> None:
        now = self._loop.time()
        if status < 200:
            if status == 183:
                call.progressed = call.progressed or now
            return
        tag = _TO_TAG.search(text)
        call.to_tag = tag[1] if tag else ""
        self._send(call, "ACK")
        if call.status:
            return
        call.status, call.final = status, now
        call.decided.set()
        if status >= 300:
            self._end(call)
            return
        target = read_sdp(text.partition("\r\n\r\n")[2])
        if call.plan.speaks and target is not None:
            media = self._media[call.id]
            media.connect(target)
            # In the slot whose turn is next, so that keys come when they are planned.
            self._slots[round(now / TICK * SLOTS) % SLOTS][call.id] = media

    def _end(self, call: Call) -> None:
        self._silence(call)
        if not call.over.is_set():
            call.ended = self._loop.time()
            call.over.set()

    def _silence(self, call: Call) -> None:
        media = self._media.pop(call.id, None)
        if media is not None:
            for slot in self._slots:
                slot.pop(call.id, None)
            media.close()

    async def _speak(self) -> None:
        """Send every caller's packet, every 20 ms."""
        due = self._loop.time()
        for turn in itertools.count():
            for media in list(self._slots[turn % SLOTS].values()):
                media.send()
            due += TICK / SLOTS
            late = self._loop.time() - due
            if late < 0:
                await asyncio.sleep(-late)
            elif late > 1:  # the machine stood still: no use in making up for it
                due += late

    def _send(self, call: Call, method: str, *headers: str, body: str = "") -> None:
        server = f"{self._server[0]}:{self._server[1]}"
        number = call.plan.number or self._number
        branch = "INVITE" if method == "CANCEL" else method
        lines = [
            f"{method} sip:{number}@{server} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._address}:{self._sip_port};branch=z9hG4bK{call.id}{branch};rport",
            "Max-Forwards: 70",
            f"From: <sip:{call.plan.phone}@carrier.example>;tag={call.id[:8]}",
            f"To: <sip:{number}@{self._server[0]}>{'' if method in {'INVITE', 'CANCEL'} else call.to_tag}",
            f"Call-ID: {call.id}",
            f"CSeq: {2 if method == 'BYE' else 1} {method}",
            f"Contact: <sip:carrier@{self._address}:{self._sip_port}>",
            *headers,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._to_pbx("\r\n".join(lines) + "\r\n\r\n" + body)

    def _to_pbx(self, text: str) -> None:
        self._transport.sendto(text.encode(), self._server)


_CALL_ID = re.compile(r"^Call-ID: *(.+?)\r$", re.MULTILINE)
_METHOD = re.compile(r"^CSeq: *\d+ +(\S+)", re.MULTILINE)
_TO_TAG = re.compile(r"^To:.*?(;tag=[^;\r]+)", re.MULTILINE)
_COPIED = re.compile(r"^(?:Via|From|To|Call-ID|CSeq):.*\r\n", re.MULTILINE)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for `event`, not longer; return whether it came."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0)):
            await event.wait()
    return event.is_set()
