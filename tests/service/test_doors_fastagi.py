"""The FastAGI door against a switchboard made of a socket: who is let in, what was heard, and that nothing is left."""

import asyncio
import contextlib
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from hotline.call import CallerGone, Ended, LineFailed, Media, SoundFailed
from hotline.doors import DoorUnavailable
from hotline.doors.fastagi import FastAgiDoor
from hotline.doors.fastagi import line as fastagi_line
from hotline.doors.fastagi.door import MOST_WAITING
from hotline.doors.media import MEDIA
from hotline.settings import FastAgiSettings

HEAD = "agi_network: yes\nagi_network_script: hotline\nagi_callerid: 0912345678\nagi_arg_1: origin=trunk\n\n"
RATE = 8000
SECONDS = 0.4


@dataclass(frozen=True)
class Clip:
    path: Path
    seconds: float


class Sounds(dict):
    """Every prompt there could be, all of one length."""

    def __missing__(self, prompt):
        return Clip(Path("/sounds", prompt), SECONDS)


class Switchboard:
    """What Asterisk does with a call in AGI(): it reads a whole chunk, and looks for more only when more comes."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._lines = []
        self._keys = asyncio.Queue()
        self.commands = []
        self.lasts = {}
        self.variables = {}
        self.hung_up = False
        self.over = asyncio.Event()

    def press(self, keys):
        for key in keys:
            self._keys.put_nowait(key)

    def hang_up(self):
        self.hung_up = True
        self._keys.put_nowait(None)

    async def run(self):
        """Do what is asked until the application closes the connection."""
        with contextlib.suppress(ConnectionError):
            while command := await self._next():
                self.commands.append(command)
                await self._do(command)
                if self.hung_up:
                    self._say("HANGUP")
                    break
        self._writer.close()
        self.over.set()

    async def _next(self):
        if not self._lines:
            chunk = await self._reader.read(4096)
            self._lines = chunk.decode().splitlines()
        return self._lines.pop(0) if self._lines else ""

    def _say(self, line):
        self._writer.write(f"{line}\n".encode())

    async def _do(self, command):
        match command.split():
            case ["STREAM", "FILE", path, keys, offset]:
                seconds = self.lasts.get(path.strip('"'), SECONDS) - int(offset) / RATE
                said, took = await self._wait(seconds, keys)
                end = int(offset) + round(took * RATE)
                if said is not None:
                    self._say(f"200 result={said} endpos={end}")
            case ["WAIT", "FOR", "DIGIT", milliseconds]:
                said, _ = await self._wait(int(milliseconds) / 1000, "0123456789*#")
                self._say(f"200 result={1 if said is None else said}")
            case ["GET", "FULL", "VARIABLE", text]:
                self._say(f"200 result=1 ({self.variables.get(text, text)})")
            case ["HANGUP"]:
                self.hung_up = True
                self._say("200 result=1")
            case _:
                self._say("200 result=0")

    async def _wait(self, seconds, keys):
        """Return the result, None when a command came in between, and how long it took."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        ends = began + max(0.0, seconds)
        more = asyncio.ensure_future(self._reader.read(4096))
        try:
            while True:
                key = asyncio.ensure_future(self._keys.get())
                done, _ = await asyncio.wait({key, more}, timeout=ends - loop.time(), return_when="FIRST_COMPLETED")
                took = min(loop.time() - began, max(0.0, seconds))
                if more in done:
                    key.cancel()
                    self._lines += more.result().decode().splitlines()
                    return None, took
                if not done:
                    key.cancel()
                    return 0, max(0.0, seconds)
                if key.result() is None:
                    return -1, took
                if key.result() in keys:
                    return ord(key.result()), took
        finally:
            if not more.done():
                more.cancel()
                await asyncio.wait({more})


class Door:
    """An open door, and the calls that come by it."""

    def __init__(self, door, port):
        self.door = door
        self.port = port
        self.conversation = None
        self.results = asyncio.Queue()
        self._running = set()

    async def receive(self, call):
        try:
            self.results.put_nowait(await self.conversation(call))
        except (CallerGone, SoundFailed, LineFailed) as end:
            self.results.put_nowait(type(end))

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def call(self, conversation, head=HEAD):
        """Have a call come in; return the switchboard's side of it."""
        self.conversation = conversation
        reader, writer = await self.connect()
        writer.write(head.encode())
        switchboard = Switchboard(reader, writer)
        task = asyncio.create_task(switchboard.run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return switchboard

    async def result(self):
        return await asyncio.wait_for(self.results.get(), 5)

    async def over(self):
        if self._running:
            await asyncio.wait(self._running, timeout=5)


@contextlib.asynccontextmanager
async def opened(port, calls_at_once=20, call_seconds=60, **changes):
    """Have a door open on `port`, with other settings than usual."""
    settings = FastAgiSettings(enabled=True, port=port, **changes)
    door = FastAgiDoor(settings, Sounds(), call_seconds=call_seconds, calls_at_once=calls_at_once)
    side = Door(door, port)
    running = asyncio.create_task(door.open(side.receive))
    waiting = asyncio.create_task(door.opened.wait())
    await asyncio.wait({waiting, running}, return_when="FIRST_COMPLETED")
    waiting.cancel()
    try:
        if running.done():
            running.result()
        yield side
    finally:
        running.cancel()
        await asyncio.wait({running})
        await side.over()


@pytest.fixture
async def door(unused_tcp_port):
    """An open door."""
    async with opened(unused_tcp_port, head_seconds=0.3) as side:
        yield side


async def closed(reader):
    """Return once the other side has closed the connection."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(3):
            while await reader.read(4096):
                pass


def descriptors():
    """Return how many files and connections this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def words(call):
    """Say something that no key stops."""
    await call.say("words", keys="")
    return "said"


async def test_what_is_logged_of_a_call_has_the_switchboards_name_for_it(door):
    """So what Asterisk's log says of a channel and what ours says of its call are found together."""

    async def named(call):
        return structlog.contextvars.get_contextvars()["channel"]

    await door.call(named, f"agi_uniqueid: 1795395815.7\n{HEAD}")
    assert await door.result() == "1795395815.7"


async def test_what_is_no_call_costs_nothing(door):
    """A connection tried, a slow sender, an endless one and a browser are shut out, and calls go on meanwhile."""
    tasks = len(asyncio.all_tasks())
    for _ in range(50):
        _, writer = await door.connect()
        writer.close()
        await writer.wait_closed()
    slow, endless, browser = [await door.connect() for _ in range(3)]
    browser[1].write(b"GET / HTTP/1.1\r\n\r\n")
    with capture_logs() as logs:
        endless[1].write(b"agi_x: " + b"9" * 1_000_000)
        slow[1].write(b"a")
        await door.call(words)
        assert await door.result() == "said"
        for reader, writer in (slow, endless, browser):
            await closed(reader)
            writer.close()
    assert {entry["why"] for entry in logs} <= {"TimeoutError", "a line is too long"}
    await door.over()
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == tasks


GARBAGE = bytes(range(256)) * 16
ENDLESS = {
    "nothing at all": b"",
    "half a line": b"agi_network",
    "a line without an end": b"agi_x: " + b"9" * 1_000_000,
    "lines without an end": b"agi_x: 9\n" * 100_000,
    "lines of garbage": GARBAGE * 200,
    "garbage and an end": GARBAGE + b"\n\n",
    "a head of one byte lines": b"\r\n\r\n",
    "commands": b"200 result=0\n" * 1000 + b"\n",
}


@pytest.mark.parametrize("sent", ENDLESS.values(), ids=ENDLESS)
async def test_what_is_no_head_is_shut_out_in_time(door, sent):
    """Whatever is sent in place of a head, the connection is closed soon, and a call beside it is served meanwhile."""
    reader, writer = await door.connect()
    began = asyncio.get_running_loop().time()
    writer.write(sent)
    await door.call(words)
    assert await door.result() == "said"
    await closed(reader)
    writer.close()
    assert asyncio.get_running_loop().time() - began < 2.0


async def test_a_thousand_that_say_nothing_keep_no_call_out(unused_tcp_port):
    """Who only holds connections holds the few that may wait; the oldest make room, and a call is taken at once."""
    async with opened(unused_tcp_port, calls_at_once=2, head_seconds=10.0) as side:
        before = descriptors()
        with capture_logs() as logs:
            held = []
            for _ in range(5):
                held += [await side.connect() for _ in range(100)]
                began = asyncio.get_running_loop().time()
                await side.call(words)
                assert await side.result() == "said"
                assert asyncio.get_running_loop().time() - began < SECONDS + 1.0
        await side.over()
        assert descriptors() - before <= len(held) + MOST_WAITING + 2
        assert [entry["event"] for entry in logs] == ["fastagi_crowded"]
        for _, writer in held:
            writer.transport.abort()


async def test_a_slow_sender_has_a_limit_for_the_whole_head(door):
    """One letter a moment does not keep a place for ever."""
    reader, writer = await door.connect()
    began = asyncio.get_running_loop().time()
    with contextlib.suppress(ConnectionError):
        for letter in HEAD.encode():
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.05)
    await closed(reader)
    writer.close()
    assert asyncio.get_running_loop().time() - began < 2.0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"peers": ["192.0.2.0/24"]}, "not in HOTLINE_FASTAGI__PEERS"),
        ({"script": "another"}, "not HOTLINE_FASTAGI__SCRIPT"),
    ],
)
async def test_a_stranger_is_refused(unused_tcp_port, changes, why):
    """From a network that is not ours, or without the word of our dialplan, nobody is heard."""
    async with opened(unused_tcp_port, **changes) as side:
        with capture_logs() as logs:
            switchboard = await side.call(words)
            await side.over()
        assert switchboard.commands == []
        assert [entry["why"] for entry in logs] == [why]
        assert "0912345678" not in str(logs)


async def test_more_calls_than_allowed_are_refused_at_once(unused_tcp_port):
    """Refused, they hear the dialplan's own words; the others are not disturbed, and there is room again afterwards."""
    async with opened(unused_tcp_port, calls_at_once=1) as side:
        await side.call(words)
        await asyncio.sleep(0.05)
        with capture_logs() as logs:
            refused = await side.call(words)
            await refused.over.wait()
        assert [entry["why"] for entry in logs] == ["HOTLINE_CALL__AT_ONCE are there"]
        assert len(refused.commands) == 1  # an echo, to see that it is a call
        assert await side.result() == "said"
        await asyncio.sleep(0.05)
        await side.call(words)
        assert await side.result() == "said"


async def test_an_address_in_use_is_named(unused_tcp_port):
    """The message has the settings to change."""
    async with opened(unused_tcp_port):
        with pytest.raises(DoorUnavailable, match=f"HOTLINE_FASTAGI__PORT={unused_tcp_port}"):
            async with opened(unused_tcp_port):
                pass


async def test_the_first_act_is_to_take_the_time_over(door):
    """The dialplan's few seconds become ours; the arguments are the dialplan's."""

    async def conversation(call):
        await call.say("words")
        return call.arguments

    switchboard = await door.call(conversation)
    assert await door.result() == ("origin=trunk",)
    assert switchboard.commands[1] == "SET VARIABLE TIMEOUT(absolute) 10"


async def test_the_time_is_ours_for_some_seconds_only(monkeypatch, unused_tcp_port):
    """It is set anew again and again, also while we are busy elsewhere, and never beyond the longest call."""
    monkeypatch.setattr(fastagi_line, "KEPT", 0.3)
    monkeypatch.setattr(fastagi_line, "KEPT_LEAST", 0.15)

    async def conversation(call):
        await call.answer()
        await asyncio.sleep(0.8)
        await call.say("words", keys="")
        await asyncio.sleep(1.5)

    async with opened(unused_tcp_port, call_seconds=2) as side:
        switchboard = await side.call(conversation)
        await side.result()
    times = [float(command.split()[-1]) for command in switchboard.commands if "TIMEOUT" in command]
    assert len(times) >= 6
    assert times[0] == pytest.approx(0.3)
    assert max(times) == pytest.approx(0.3 + SECONDS)
    assert times[-1] < 0.35
    assert all("TIMEOUT" not in command for command in switchboard.commands[-5:])


@pytest.mark.parametrize("more", ["agi_accountcode: \n", "200 result=1\n", "200 result=1 (words)\n" * 3])
async def test_a_head_that_a_caller_ended_early_is_refused(door, more):
    """Whatever a caller's name smuggles in, what is left of the head gives it away, however late it comes."""
    with capture_logs() as logs:
        for moment in (0.0, 0.02):
            door.conversation = words
            reader, writer = await door.connect()
            writer.write(HEAD.encode())
            await asyncio.sleep(moment)
            writer.write(more.encode())
            await closed(reader)
            writer.close()
    assert [entry["event"] for entry in logs] == ["fastagi_refused"] * 2
    assert door.results.empty()


async def test_a_key_stops_what_it_is_to_stop(door):
    """A stop key cuts the words; the others are kept, in order, and the words go on where they were."""

    async def conversation(call):
        played = await call._line.play([Clip(Path("/sounds/words"), SECONDS)], "8")
        return played.ended, [await call._line.keypad.next(0.1) for _ in range(4)]

    switchboard = await door.call(conversation)
    for key in ("1", "2", "8"):
        await asyncio.sleep(0.08)
        switchboard.press(key)
    assert await door.result() == (Ended.STOPPED, ["1", "2", "8", None])
    offsets = [int(command.split()[-1]) for command in switchboard.commands if command.startswith("STREAM")]
    assert offsets == sorted(set(offsets))
    assert len(offsets) == 3


async def test_keys_are_not_even_looked_for_in_a_reading(door):
    """What must be heard in full is one command, without keys to stop it."""

    async def conversation(call):
        await call.read_out(Clip(Path("/sounds/reading"), SECONDS))
        return "read"

    switchboard = await door.call(conversation)
    await asyncio.sleep(0.1)
    switchboard.press("12345678")
    assert await door.result() == "read"
    assert [command for command in switchboard.commands if command.startswith("STREAM")] == [
        'STREAM FILE "/sounds/reading" "" 0'
    ]


@pytest.mark.parametrize(
    ("told", "comes_to"),
    [
        ("result=0 endpos=80000", Ended.FINISHED),
        ("result=0 endpos=79900", Ended.FINISHED),
        ("result=0 endpos=40000", SoundFailed),
        ("result=0 endpos=0", SoundFailed),
        ("result=-1 endpos=0", SoundFailed),
        ("result=-1 endpos=79600\nHANGUP", Ended.FINISHED),
        ("result=-1 endpos=80000\nHANGUP", Ended.FINISHED),
        ("result=-1 endpos=78400\nHANGUP", CallerGone),
        ("result=-1 endpos=40000\nHANGUP", CallerGone),
        ("stood still", CallerGone),
    ],
)
async def test_only_what_is_proven_was_heard(monkeypatch, unused_tcp_port, told, comes_to):
    """Heard is what was played to its end, or up to its last silence; a line that stood still proves nothing."""
    monkeypatch.setattr(fastagi_line, "FAREWELL", 0.1)
    took = 15.0 if told == "stood still" else 10.0
    told = told if told != "stood still" else "result=-1 endpos=80000\nHANGUP"
    clock = itertools.chain([0.0], itertools.repeat(took))

    async def do(self, command):
        if command.startswith("STREAM"):
            self._say("200 " + told)
        else:
            await usually(self, command)

    usually = Switchboard._do
    monkeypatch.setattr(Switchboard, "_do", do)

    async def conversation(call):
        call._line.now = lambda: next(clock)
        return (await call._line.play([Clip(Path("/reading"), 10.0)], "")).ended

    async with opened(unused_tcp_port) as side:
        await side.call(conversation)
        assert await side.result() is comes_to


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3, 0.5, 0.8])
async def test_a_hang_up_at_any_moment_unwinds_the_call(door, moment):
    """In a command, between two, in other work: the conversation ends at once, and nothing of it is left."""
    tasks, files = len(asyncio.all_tasks()), descriptors()

    async def conversation(call):
        await call.open_early()
        await call.say("words", keys="")
        await call.answer()
        await asyncio.sleep(0.2)
        await call._line.keypad.next(5.0)
        return "keyed"

    switchboard = await door.call(conversation)
    while not any(command.startswith("EXEC") for command in switchboard.commands):
        await asyncio.sleep(0.001)
    await asyncio.sleep(moment)
    switchboard.hang_up()
    assert await door.result() is CallerGone
    await door.over()
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == tasks
    assert descriptors() == files


async def test_keys_are_taken_while_nothing_is_asked(door):
    """While other work is done the line listens by itself, and what is said next does not wait long for it."""

    async def conversation(call):
        await call.answer()
        await asyncio.sleep(0.4)
        began = call.seconds()
        await call.say("words", keys="")
        assert call.seconds() - began < SECONDS + 0.3
        return [await call._line.keypad.next(0.05) for _ in range(3)]

    switchboard = await door.call(conversation)
    for key in "12":
        await asyncio.sleep(0.12)
        switchboard.press(key)
    assert await door.result() == ["1", "2", None]


@pytest.mark.parametrize("moment", [0.0, 0.15, 0.6])
async def test_when_we_stop_the_caller_is_told_first(unused_tcp_port, moment):
    """Cancelled in any command, the conversation still has its last word, in step with the switchboard."""

    async def conversation(call):
        try:
            await call.answer()
            await call.say("words", keys="")
            await call._line.keypad.next(10.0)
        except asyncio.CancelledError:
            await call.say("sorry", keys="")
            await call.hang_up()
            raise

    async with opened(unused_tcp_port) as side:
        switchboard = await side.call(conversation)
        await asyncio.sleep(0.1 + moment)
    spoken = [found[1] for command in switchboard.commands if (found := re.match(r'STREAM FILE "(\S+)"', command))]
    assert spoken == ["/sounds/words", "/sounds/sorry"]
    assert switchboard.commands[-1] == "HANGUP"


@pytest.mark.parametrize(
    "said",
    [
        "510 Invalid or unknown command",
        "520-Invalid command syntax.\nUsage: STREAM FILE\n520 End of proper usage.",
        "what?",
        "9" * 9000,
    ],
)
async def test_an_answer_that_makes_no_sense_ends_the_call(monkeypatch, door, said):
    """Nothing more is asked over that connection; the dialplan has the last word."""

    async def do(self, command):
        if command.startswith("STREAM"):
            self._say(said)
        else:
            await usually(self, command)

    usually = Switchboard._do
    monkeypatch.setattr(Switchboard, "_do", do)
    await door.call(words)
    assert await door.result() in {LineFailed, CallerGone}
    await door.over()


async def test_a_switchboard_that_falls_silent_holds_up_nobody(monkeypatch, unused_tcp_port):
    """No answer in time ends that call alone."""
    monkeypatch.setattr(fastagi_line, "OVERDUE", 0.2)

    async def conversation(call):
        await call.answer()
        return "answered"

    async with opened(unused_tcp_port) as side:
        side.conversation = conversation
        reader, writer = await side.connect()
        writer.write(HEAD.encode())
        assert await reader.readline()
        await side.call(conversation)
        assert await side.result() == "answered"
        await closed(reader)
        writer.close()


async def test_who_talks_without_being_asked_is_cut_off(door):
    """A flood of answers nobody waits for fills no memory."""

    async def conversation(call):
        await asyncio.sleep(5)

    switchboard = await door.call(conversation)
    await asyncio.sleep(0.1)
    switchboard._writer.write(b"200 result=0\n" * 100_000)

    async def gone(call):
        await call.answer()

    door.conversation = gone
    await door.call(gone)
    assert await door.result() is None


async def test_a_dead_channel_is_a_caller_who_has_gone(monkeypatch, door):
    """Where the dialplan forbids the word HANGUP (AGISIGHUP=no), Asterisk says so to the next command."""

    async def do(self, command):
        if command.startswith("STREAM"):
            self._say("511 Command Not Permitted on a dead channel or intercept routine")
        else:
            await usually(self, command)

    usually = Switchboard._do
    monkeypatch.setattr(Switchboard, "_do", do)
    await door.call(words)
    assert await door.result() is CallerGone


async def test_who_is_no_call_yet_when_it_is_drained_becomes_none(door):
    """A connection that had not said whose call it is goes back to the dialplan, which tries the next address."""
    door.conversation = words
    reader, writer = await door.connect()
    await asyncio.sleep(0.05)
    draining = asyncio.create_task(door.door.drain())
    await asyncio.sleep(0.05)
    writer.write(HEAD.encode())
    switchboard = Switchboard(reader, writer)
    await asyncio.wait_for(switchboard.run(), 3)
    await asyncio.wait_for(draining, 1)
    assert len(switchboard.commands) == 1
    assert door.results.empty()


async def test_drained_it_lets_nobody_in_and_waits_for_those_within(door):
    """The call there is goes on to its end; the next one finds nobody, and so the dialplan's fallback."""
    await door.call(words)
    await asyncio.sleep(0.1)
    draining = asyncio.create_task(door.door.drain())
    await asyncio.sleep(0.05)
    with pytest.raises(ConnectionRefusedError):
        await door.connect()
    assert not draining.done()
    assert await door.result() == "said"
    await asyncio.wait_for(draining, 1)


@pytest.mark.parametrize(
    ("told", "media"),
    [
        ("192.0.2.1:4000/17", Media("192.0.2.1:4000", 17)),
        ("(null)/17", Media("(null)", 17)),
        ("/", Media("", 0)),
        ("", Media("", 0)),
    ],
)
async def test_where_the_media_goes_is_asked_for_when_it_is_wanted(door, told, media):
    """The destination and the packets that came, as the switchboard has them at this moment."""

    async def conversation(call):
        await asyncio.sleep(0.05)
        return await call.media()

    switchboard = await door.call(conversation)
    switchboard.variables = {MEDIA: told}
    assert await door.result() == media
