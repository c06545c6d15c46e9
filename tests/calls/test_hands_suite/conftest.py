"""A house whose calls go to two processes of the application, those processes, and a stream of callers."""

import asyncio
import contextlib
import itertools
import os
import re
import signal
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import pytest_asyncio

import program
from hotline.demo.house import TRUNK
from hotline.demo.house import house as bring_up
from hotline.settings import Settings

WAYS = ("broadcast", "stasis", "agi")
"""In which a process gets a call."""
NAMES = ("hotline-a", "hotline-b")
ADDRESSES = {"hotline-a": "127.0.0.1", "hotline-b": "127.0.0.3"}
"""Where each listens when calls come by FastAGI."""
START_SECONDS = 30.0


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Have the tests of each way share one house on one worker."""
    for item in items:
        way = item.callspec.params.get("hand_over") if hasattr(item, "callspec") else None
        if way in WAYS and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(f"hands-{way}"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house():
    """Postgres, prompts, and an Asterisk that hands its calls to two processes."""

    def two(site):
        return replace(
            site, apps=NAMES, fastagi=[site.fastagi[0].replace("127.0.0.1", ADDRESSES[name]) for name in NAMES]
        )

    settings = Settings.load()
    settings.fastagi.enabled = True
    async with bring_up(settings, lambda _step, _done: None, changed=two) as rooms:
        yield rooms
        assert rooms.asterisk.running


@pytest_asyncio.fixture(loop_scope="session", params=WAYS)
async def hand_over(house, request):
    """Each way in which a process gets a call."""
    await house.asterisk.console(f"dialplan set global HAND_OVER {request.param}")
    return request.param


class Process:
    """A process of the application: `hotline serve`."""

    def __init__(self, process, log):
        self._process = process
        self._log = log
        self.send = process.send_signal
        self.pid = process.pid

    @property
    def said(self):
        return self._log.read_text() if self._log.exists() else ""

    @property
    def running(self):
        return self._process.returncode is None

    async def ready(self):
        async with asyncio.timeout(START_SECONDS):
            while "service_ready" not in self.said:
                assert self.running, self.said
                await asyncio.sleep(0.02)

    async def freeze(self):
        """Stop it in its tracks; returns when it stands."""
        self.send(signal.SIGSTOP)
        while not self._stands():
            await asyncio.sleep(0.005)

    def _stands(self):
        return Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(") ")[2].startswith("T")

    async def ended(self, limit_seconds=15):
        """Its exit status, once it has ended."""
        try:
            return await asyncio.wait_for(self._process.wait(), limit_seconds)
        except TimeoutError:
            pytest.fail(f"it did not end:\n{self.said}")

    async def kill(self):
        await asyncio.to_thread(self._process.kill)


@pytest_asyncio.fixture(loop_scope="session")
async def serve(house, hand_over, tmp_path):
    """Start a process of the application; whatever became of it, it is gone after the test."""
    settings, started = house.settings, []
    environment = os.environ | {
        "HOTLINE_ARI__URL": settings.ari.url,
        "HOTLINE_CALL__TEST_PHONES": "true",
        "HOTLINE_ARI__PASSWORD": settings.ari.password.get_secret_value(),
        "HOTLINE_DATABASE__DSN": settings.database.dsn.get_secret_value(),
        "HOTLINE_PASSWORD__PEPPER": settings.password.pepper.get_secret_value(),
        "HOTLINE_CALL__NOTICE": "off",
        "HOTLINE_ARI__CONNECTS": settings.ari.connects,
        "HOTLINE_ARI__REQUESTS": settings.ari.requests,
        "HOTLINE_ARI__LISTEN_PORT": str(settings.ari.listen_port),
        "HOTLINE_ARI__LISTEN_PASSWORD": settings.ari.listen_password.get_secret_value(),
    }

    async def start(name, **more):
        number = len(started)
        own = {"HOTLINE_ARI__APP": name, "HOTLINE_VOICE__SECRETS": str(settings.voice.secrets)}
        if hand_over == "agi":
            own |= {
                "HOTLINE_ARI__ENABLED": "false",
                "HOTLINE_FASTAGI__ENABLED": "true",
                "HOTLINE_FASTAGI__ADDRESS": ADDRESSES[name],
                "HOTLINE_FASTAGI__PORT": str(settings.fastagi.port),
            }
        log = tmp_path / f"{name}-{number}"
        process = await asyncio.to_thread(program.start, "serve", environment=environment | own | more, log=log)
        started.append(Process(process, log))
        return started[-1]

    yield start
    for process in started:
        await process.kill()


@dataclass
class Dialled:
    """A call from the carrier.

    Attributes:
        began: when it was dialled, by the event loop's clock.
        status: the final answer to it; 0 while there is none.
        after: seconds until that.
        ended_by_us: whether the caller ended it.
        over: set when it has ended, and when it was refused.
    """

    id: str
    began: float
    status: int = 0
    after: float = 0.0
    to_tag: str = ""
    ended_by_us: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Carrier(asyncio.DatagramProtocol):
    """Many calls from one address: SIP by UDP, media that nobody listens to."""

    def __init__(self, house):
        self._house = house
        self._calls = {}
        self._transport = None

    def connection_made(self, transport):
        self._transport = transport

    def dial(self, number):
        """Begin a call that the network asserts to be from `number`."""
        call = Dialled(uuid.uuid4().hex, asyncio.get_running_loop().time())
        self._calls[call.id] = call
        media = f"v=0\r\no=- 1 1 IN IP4 {TRUNK}\r\ns=-\r\nc=IN IP4 {TRUNK}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
        self._send(call, "INVITE", f"P-Asserted-Identity: <sip:{number}@carrier.example>", body=media)
        return call

    def hang_up(self, call):
        call.ended_by_us = True
        self._send(call, "BYE")

    def datagram_received(self, data, _):
        text = data.decode()
        call = self._calls[re.search(r"^Call-ID: *(.+?)\r$", text, re.MULTILINE)[1]]
        if text.startswith("BYE"):
            copied = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*\r\n", text, re.MULTILINE)
            self._to_pbx("SIP/2.0 200 OK\r\n" + "".join(copied) + "Content-Length: 0\r\n\r\n")
            call.over.set()
            return
        status = int(text.split(" ", 2)[1])
        if status < 200:
            return
        if "BYE" in re.search(r"^CSeq:(.*)$", text, re.MULTILINE)[1]:
            call.over.set()
            return
        call.to_tag = re.search(r"^To:.*?(;tag=[^;\r]+)", text, re.MULTILINE)[1]
        self._send(call, "ACK")
        if not call.status:
            call.status, call.after = status, asyncio.get_running_loop().time() - call.began
            (call.answered if status == 200 else call.over).set()

    def _send(self, call, method, *headers, body=""):
        site, (address, port) = self._house.asterisk.site, self._transport.get_extra_info("sockname")
        lines = [
            f"{method} sip:{site.number}@{self._house.server} SIP/2.0",
            f"Via: SIP/2.0/UDP {address}:{port};branch=z9hG4bK{call.id}{method};rport",
            "Max-Forwards: 70",
            f"From: <sip:caller@{address}>;tag={call.id}",
            f"To: <sip:{site.number}@{site.address}>{call.to_tag}",
            f"Call-ID: {call.id}",
            f"CSeq: {2 if method == 'BYE' else 1} {method}",
            f"Contact: <sip:caller@{address}:{port}>",
            *headers,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._to_pbx("\r\n".join(lines) + "\r\n\r\n" + body)

    def _to_pbx(self, text):
        site = self._house.asterisk.site
        self._transport.sendto(text.encode(), (site.address, site.sip_port))


class Callers:
    """Who rings."""

    def __init__(self, carrier, house):
        self._carrier = carrier
        self._numbers = itertools.cycle(dict.fromkeys(member.phone for member in house.members))
        self.hang_up = carrier.hang_up

    def dial(self):
        return self._carrier.dial(next(self._numbers))

    async def reach(self):
        """A call that was answered."""
        call = self.dial()
        await asyncio.wait_for(call.answered.wait(), 10)
        return call

    async def stream(self, count, *, each_second=10.0, talk_seconds=1.0, until=None):
        """Ring so many times, and on until an event if there is one; hang up a while after each answer.

        Returns the calls when all are over.
        """
        async with asyncio.TaskGroup() as group:
            calls = []
            while len(calls) < count or not (until is None or until.is_set()):
                calls.append(self.dial())
                group.create_task(self._talk(calls[-1], talk_seconds))
                await asyncio.sleep(1 / each_second)
        return calls

    async def _talk(self, call, seconds):
        waits = [asyncio.create_task(event.wait()) for event in (call.answered, call.over)]
        _, left = await asyncio.wait(waits, timeout=15, return_when=asyncio.FIRST_COMPLETED)
        for wait in left:
            wait.cancel()
        if call.status == 200:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(call.over.wait(), seconds)
            if not call.over.is_set():
                self.hang_up(call)


@pytest_asyncio.fixture(loop_scope="session")
async def callers(house):
    """Callers from the carrier's address."""
    transport, carrier = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Carrier(house), local_addr=(TRUNK, 0)
    )
    yield Callers(carrier, house)
    transport.close()
