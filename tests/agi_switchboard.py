"""A switchboard made of a socket, and the FastAGI door whose calls it makes."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

from hotline.call import CallerGone, LineFailed, SoundFailed
from hotline.doors.fastagi import FastAgiDoor
from hotline.settings import FastAgiSettings

HEAD = "agi_network: yes\nagi_network_script: hotline\nagi_callerid: 0912345678\nagi_arg_1: origin=trunk\n\n"
RATE = 8000
SECONDS = 0.4


def descriptors():
    """Return how many files and connections this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


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


async def closed(reader):
    """Return once the other side has closed the connection."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(3):
            while await reader.read(4096):
                pass


async def words(call):
    """Say something that no key stops."""
    await call.say("words", keys="")
    return "said"
