"""One bench, two PBXs: the fake and a real Asterisk behind the same few words, so that one suite runs against both."""

import asyncio
import contextlib
import itertools
import json
import shutil
from base64 import b64encode
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from hotline.ari import Client
from hotline.ari.fake import FakeAsterisk, Gate, Heard
from hotline.pbx import Ports, PrivateAsterisk, Site, install_root
from hotline.settings import SHARE
from pupil import Pupil

USER, PASSWORD = "hotline", "correct-horse-battery"
SECONDS = {"short": 0.1, "middle": 0.6, "long": 30.0}
BEHIND = 0.03
"""Seconds after which the application has been told what a watcher of the PBX has seen."""
DIALPLAN = """
[general]
static = yes
writeprotect = yes
autofallthrough = yes

[incoming]
exten => s,1,Set(TIMEOUT(absolute)=${LIMIT})
 same => n,Set(CALLERID(num)=${CALLER})
 same => n,Stasis(${APP},${ARGS})
 same => n,Hangup()
exten => T,1,Hangup()

[broadcast]
exten => s,1,Set(CALLERID(num)=${CALLER})
 same => n,StasisBroadcast(${LIMIT},${AMONG},${ARGS})
 same => n,Goto(${STASISSTATUS},1)
exten => SUCCESS,1,Hangup()
exten => TIMEOUT,1,Wait(30)

[outbound]
exten => s,1,Set(TIMEOUT(absolute)=20)
 same => n,Stasis(${APP},${ARGS})
 same => n,Goto(${STASISSTATUS},1)
exten => _[A-Z].,1,Wait(30)

[after]
exten => x,3,Wait(30)
"""
_numbers = itertools.count(1)


class FakePbx:
    """The fake."""

    name = "fake"

    def __init__(self):
        sounds = {f"sound:/{name}": seconds for name, seconds in SECONDS.items()} | {"recording:none": 0.0}
        self.asterisk = FakeAsterisk(user=USER, password=PASSWORD, sounds=sounds, endless={"recording:none"})

    @property
    def port(self):
        return self.asterisk._port

    def sound(self, name):
        return f"sound:/{name}"

    async def incoming(self, app, args, caller, limit):
        call = await self.asterisk.incoming(args, caller=caller, app=app)
        return FakeCaller(call, limit)

    async def broadcast(self, among, args, wait_seconds):
        return FakeCaller(await self.asterisk.broadcast(args, among=among, wait_seconds=wait_seconds), None)

    async def connect_to(self, gate):
        """Connect where the gate is, as a real one is told to by `connect_out`; it may be shut as yet."""
        await gate.open()
        await gate.shut()
        for app, names in {"kept": ["kept", "kept.2"], "each": ["each"]}.items():
            url = f"ws://127.0.0.1:{gate.port}/ari"
            self.asterisk.connect_out(url, "pbx", PASSWORD, names, per_call=app == "each")

    async def for_outbound(self, app, args):
        return await self.incoming(app, args, "", None)

    async def freeze(self):
        self.asterisk.freeze()

    async def thaw(self):
        self.asterisk.thaw()

    async def crash(self):
        """End without a word, and all calls with it."""
        await self.asterisk.stop()
        for call in self.asterisk.calls:
            await call.close()
        await asyncio.sleep(0.5)
        await self.asterisk.start()


class FakeCaller:
    """A caller of the fake."""

    def __init__(self, call, limit):
        self._call = call
        self.id = call.id
        self.press, self.hang_up = call.press, call.hang_up
        self._timer = asyncio.create_task(self._time_out(limit)) if limit else None

    async def playing(self, media):
        await self._call.playing(media)
        await asyncio.sleep(BEHIND)

    async def _time_out(self, limit):
        await asyncio.sleep(limit)
        await self._call.time_out()

    async def nobody_came(self):
        return self._call.refused

    async def has_heard(self, count=1):
        return await _whole(lambda: self._call.heard, count)

    @property
    def cause(self):
        return self._call.cause

    @property
    def signals(self):
        said = {"ring": "RINGING", "progress": "PROGRESS", "answer": "ANSWER"}
        return list(dict.fromkeys(said[what] for what in self._call.done))

    async def place(self):
        if self._call.refused:
            return "outbound", "FAILED", 1
        assert self._call.alive
        return self._call.continued or ("", "", 0)

    async def over(self):
        await asyncio.wait_for(self._call.ended.wait(), 3)


class RealPbx:
    """A real Asterisk. Callers are the other halves of Local channels, in an application that sees everything."""

    name = "real"

    def __init__(self, asterisk, folder):
        self.asterisk = asterisk
        self.port = asterisk.site.http_port
        self._folder = folder
        self._session = None
        self._watching = None
        self.seen = []
        self._changed = asyncio.Condition()

    def sound(self, name):
        return f"sound:{self._folder}/{name}"

    async def open(self):
        credential = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self._session = aiohttp.ClientSession(
            f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Basic {credential}"}
        )
        socket = await self._session.ws_connect("/ari/events?app=callers&subscribeAll=true")
        self._watching = asyncio.create_task(self._watch(socket))

    async def close(self):
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        await self._session.close()

    async def _watch(self, socket):
        async for message in socket:
            self.seen.append(json.loads(message.data))
            async with self._changed:
                self._changed.notify_all()

    async def until(self, passed, limit_seconds=3.0):
        async with asyncio.timeout(limit_seconds), self._changed:
            await self._changed.wait_for(passed)

    async def ask(self, method, path, *, query=None, body=None):
        async with self._session.request(method, f"/ari{path}", params=query, json=body) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def incoming(self, app, args, caller, limit):
        variables = {"APP": app, "ARGS": ",".join(args), "LIMIT": str(limit or 0), "CALLER": caller}
        return await self._ring("incoming", app, variables)

    async def broadcast(self, among, args, wait_seconds):
        milliseconds = str(round(wait_seconds * 1000))
        return await self._ring("broadcast", "", {"AMONG": among, "ARGS": ":".join(args), "LIMIT": milliseconds})

    async def connect_to(self, gate):
        """It does so from its start on."""
        gate.port = self.connects_to

    async def for_outbound(self, app, args, number=None):
        """Let a call come in for an application to which Asterisk connects; `number` makes its channel's id."""
        return await self._ring("outbound", "", {"APP": app, "ARGS": ",".join(args)}, number)

    async def _ring(self, context, app, variables, number=None):
        number = number or next(_numbers)
        near, far = f"near-{number}", f"far-{number}"
        query = {"endpoint": f"Local/s@{context}/n", "app": "callers", "channelId": near, "otherChannelId": far}
        status, said = await self.ask(
            "POST", "/channels/create", query=query | {"formats": "alaw"}, body={"variables": variables}
        )
        assert status == 200, said
        call = RealCaller(self, app, near, far)
        await self.until(lambda: call.events("StasisStart", near))
        status, said = await self.ask("POST", f"/channels/{near}/dial", query={"timeout": "60"})
        assert status == 204, said
        return call

    async def freeze(self):
        await self.asterisk.freeze()

    async def thaw(self):
        await self.asterisk.thaw()

    async def crash(self):
        await self.close()
        await self.asterisk.kill()
        await self.asterisk.start()
        await self.open()


class RealCaller:
    """A caller of the real one."""

    def __init__(self, pbx, app, near, far):
        self._pbx = pbx
        self._app = app
        self._near = near
        self.id = far

    def events(self, kind, channel):
        return [
            event for event in self._pbx.seen if event["type"] == kind and event.get("channel", {}).get("id") == channel
        ]

    def _playbacks(self):
        return [
            event for event in self._pbx.seen if event.get("playback", {}).get("target_uri") == f"channel:{self.id}"
        ]

    async def press(self, keys):
        await self._pbx.until(lambda: "ANSWER" in self.signals)  # our half of the Local channel may be a moment behind
        query = {"dtmf": keys, "duration": "40", "between": "40"}
        status, said = await self._pbx.ask("POST", f"/channels/{self._near}/dtmf", query=query)
        assert status == 204, said

    async def hang_up(self):
        await self._pbx.ask("DELETE", f"/channels/{self._near}")

    async def playing(self, media, limit_seconds=3.0):
        def now():
            last = [event for event in self._playbacks() if event["type"] != "PlaybackContinuing"][-1:]
            return [event["playback"]["media_uri"] for event in last if event["type"] == "PlaybackStarted"] == [media]

        await self._pbx.until(now, limit_seconds)
        await asyncio.sleep(BEHIND)

    async def has_heard(self, count=1):
        """What its playbacks came to, as their events tell somebody who did not ask for them."""
        return await _whole(self._all_heard, count)

    def _all_heard(self):
        lists = {}
        for event in self._playbacks():
            lists.setdefault(event["playback"]["id"], []).append(event)
        return [self._heard(events) for events in lists.values() if events[-1]["type"] == "PlaybackFinished"]

    @staticmethod
    def _heard(events):
        began = [event for event in events if event["type"] == "PlaybackStarted"]
        ends = [*events[1:], events[-1]]
        state = events[-1]["playback"]["state"]
        media = [event["playback"]["media_uri"] for event in began]
        seconds = _clock(ends[-1]) - _clock(began[0]) if began else 0.0
        there = [one for one in media if not one.endswith("/none")]
        whole = sum(SECONDS[one.rpartition("/")[2]] for one in there)
        return Heard(tuple(there), state, stopped=state == "done" and seconds < whole - 0.05)

    async def nobody_came(self):
        """Whether it went on in the dialplan because nobody claimed it."""
        return (await self.place())[1] == "TIMEOUT"

    @property
    def cause(self):
        return self.events("ChannelDestroyed", self._near)[0]["cause"]

    @property
    def signals(self):
        dials = [event for event in self._pbx.seen if event["type"] == "Dial" and event["peer"]["id"] == self._near]
        return list(dict.fromkeys(event["dialstatus"] for event in dials if event["dialstatus"]))

    async def place(self):
        """Where in the dialplan it is; just after it left the application, that may still be where it came in."""
        for _ in range(50):
            _, channel = await self._pbx.ask("GET", f"/channels/{self.id}")
            place = channel["dialplan"]
            if place["app_name"] not in {"Stasis", "Goto"} and place["context"] != "incoming":
                break
            await asyncio.sleep(0.02)
        return place["context"], place["exten"], place["priority"]

    async def over(self):
        """Wait until it has left the application it was in; one that was offered to all, until it is gone."""
        if not self._app:
            await self._pbx.until(lambda: self.events("ChannelDestroyed", self.id))
            return
        async with asyncio.timeout(3):
            while True:
                status, app = await self._pbx.ask("GET", f"/applications/{self._app}")
                if status == 404 or self.id not in app["channel_ids"]:
                    return
                await asyncio.sleep(0.02)


async def _whole(heard, count):
    """Wait until somebody has heard so many playbacks, each to its end, and return all."""
    async with asyncio.timeout(2):
        while len(heard()) < count:
            await asyncio.sleep(0.01)
    return heard()


def _clock(event):
    hours, minutes, seconds = event["timestamp"][11:23].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def connect_out(dialplan, port, path):
    """Have Asterisk connect to us as well: as `kept` and `kept.2` over a socket it keeps, as `each` over one a call."""
    connections = {"kept": ("persistent", "kept,kept.2"), "each": ("per_call_config", "each")}
    (dialplan / "websocket_client.conf").write_text("".join(
        f"[{name}]\ntype = websocket_client\nconnection_type = {kind}\nuri = ws://127.0.0.1:{port}{path}\n"
        f"protocols = ari\nusername = pbx\npassword = {PASSWORD}\nreconnect_interval = 200\nreconnect_attempts = 3\n"
        for name, (kind, _) in connections.items()
    ))  # fmt: skip
    with (dialplan / "ari.conf").open("a") as ari:
        ari.writelines(
            f"\n[{name}]\ntype = outbound_websocket\nwebsocket_client_id = {name}\napps = {apps}\n"
            f"local_ari_user = {USER}\n"
            for name, (_, apps) in connections.items()
        )


@contextlib.asynccontextmanager
async def bring_up(tmp, connects_to=None, path="/ari"):
    """An Asterisk with the shipped modules and a dialplan that hands every call to the application it names."""
    sounds, secrets, dialplan = tmp / "sounds", tmp / "secrets", tmp / "dialplan"
    sounds.mkdir()
    secrets.mkdir()
    for name, seconds in SECONDS.items():
        (sounds / f"{name}.alaw").write_bytes(b"\xd5" * int(8000 * seconds))
    (sounds / "empty.alaw").touch()
    shutil.copytree(SHARE / "dialplan", dialplan)
    (dialplan / "extensions.conf").write_text(DIALPLAN)
    with (dialplan / "modules.conf").open("a") as modules:
        modules.write("require = bridge_holding.so\nrequire = bridge_simple.so\n")  # for the callers
        modules.write("require = res_ari_asterisk.so\n")  # the client knows it, the hotline goes without
    with Ports.claim() as ports:
        connect_out(dialplan, connects_to or ports.application, path)
        site = Site(**ports.for_site(), ari_password=PASSWORD, ari_user=USER, sounds=sounds, secrets=secrets)
        async with PrivateAsterisk(install_root(), tmp / "pbx", site, dialplan) as asterisk:
            pbx = RealPbx(asterisk, sounds)
            pbx.connects_to = ports.application
            await pbx.open()
            yield pbx
            await pbx.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Have the tests over a real Asterisk share it on one worker; those over the fake run wherever there is time."""
    for item in items:
        over = item.callspec.params.get("pbx") if hasattr(item, "callspec") else None
        if Path(__file__).parent in item.path.parents and over != "fake":
            item.add_marker(pytest.mark.xdist_group("ari-suite"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real_pbx(tmp_path_factory):
    """An Asterisk for all tests."""
    async with bring_up(tmp_path_factory.mktemp("ari")) as pbx:
        yield pbx


@pytest_asyncio.fixture(loop_scope="session")
async def second_pbx(real_pbx, tmp_path):
    """A second one, which connects to us where the first does; it differs in nothing but the path."""
    async with bring_up(tmp_path, real_pbx.connects_to, "/ari/second") as pbx:
        yield pbx


@pytest_asyncio.fixture(loop_scope="session")
async def fake_pbx():
    """The fake, with the same sounds."""
    pbx = FakePbx()
    async with pbx.asterisk:
        yield pbx


@pytest.fixture(params=["fake", "real"])
def pbx(request):
    """Each of the two."""
    return request.getfixturevalue(f"{request.param}_pbx")


@pytest_asyncio.fixture(loop_scope="session")
async def gate(pbx):
    """A gate in front of it."""
    async with Gate("127.0.0.1", pbx.port) as gate:
        yield gate


@pytest.fixture
def app():
    """A name that no other test uses."""
    return f"app-{next(_numbers)}"


@pytest_asyncio.fixture(loop_scope="session")
async def serve(pbx, gate, app):
    """Start a client behind the gate with a handler; returns it when it is connected."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(handler, *, name=app, on_orphan=None, accept=None, on_refused=None, **options):
            client = Client(gate.url, USER, PASSWORD, name, **options)
            given = {"on_orphan": on_orphan, "accept": accept, "on_refused": on_refused}
            task = asyncio.create_task(client.run(handler, **{name: one for name, one in given.items() if one}))

            async def end():
                await client.close()
                await task

            stack.push_async_callback(end)
            await asyncio.wait_for(client.connected.wait(), 3)
            return client

        yield start
        await pbx.thaw() if pbx.name == "fake" else None
        gate.thaw()


@pytest.fixture
def incoming(pbx, app):
    """Let a call come in."""

    async def ring(*args, caller="", limit=None):
        return await pbx.incoming(app, args, caller, limit)

    return ring


@pytest.fixture
def pupil():
    """A handler that does as the test says."""
    return Pupil(seconds=3)


@pytest.fixture
def one_call(serve, incoming, pupil):
    """Let one answered call come in and hand it to a test: the caller and the stay. The handler ends with the block."""

    @contextlib.asynccontextmanager
    async def begin(*args, caller="0912345678", limit=None, answer=True, **options):
        client = await serve(pupil, **options)
        call = await incoming(*args, caller=caller, limit=limit)
        stay = await pupil.stay()
        if answer:
            await stay.answer()
        yield call, stay
        pupil.over.set()
        await call.over()
        async with asyncio.timeout(1):
            while client.stays:
                await asyncio.sleep(0.005)

    return begin
