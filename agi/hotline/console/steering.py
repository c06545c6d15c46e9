"""Steering a running process from the machine it runs on: no more calls, calls again, how it is.

Each process listens at an abstract Unix socket that is named after its user and its own name, so there is no file to
find, to protect or to leave behind. The kernel tells both sides who the other is (SO_PEERCRED, unix(7)): only the
process' own user and root are answered, and an answer of another user's process is not believed.

One request a connection: a word, answered by a line of JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import structlog

from hotline.console.errors import ProcessAway
from hotline.console.vitals import faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from hotline.console.vitals import Vitals

log = structlog.get_logger()

Wish = Literal["state", "drain", "resume"]

SECONDS: Final = 5.0
"""For a request and its answer, on either side."""
_NAME = re.compile(r"@vssid-hotline/(\d+)/([A-Za-z0-9_-]{1,64})$")


class State(msgspec.Struct, frozen=True):
    """How a process is.

    Attributes:
        pid: its process id.
        ready: calls can come and be served.
        draining: no more calls are taken.
        calls: there now.
        calls_at_once: that are taken at a time.
        waiting: for the database, or for a thread that hashes.
        faults: why it is not ready, by the part that is not.
        refusals: by kind, how often Asterisk refused somebody in the last hour; empty where it is not asked.
    """

    pid: int
    ready: bool
    draining: bool
    calls: int
    calls_at_once: int
    waiting: int
    faults: dict[str, str]
    refusals: dict[str, int] = {}


@dataclass(frozen=True)
class Process:
    """A process that listens here.

    Attributes:
        user: its user id.
        name: its HOTLINE_ARI__APP.
    """

    user: int
    name: str

    @property
    def address(self) -> str:
        """The socket it listens at."""
        return f"\0vssid-hotline/{self.user}/{self.name}"


@dataclass(frozen=True)
class Steering:
    """What can be wished of a process.

    Attributes:
        vitals: asks its parts.
        drain: takes no more calls.
        resume: takes calls again.
        refusals: tells those of the last hour.
    """

    vitals: Callable[[], Awaitable[Vitals]]
    drain: Callable[[], None]
    resume: Callable[[], None]
    refusals: Callable[[], Mapping[str, int]] = dict


@contextlib.asynccontextmanager
async def control(name: str, steering: Steering) -> AsyncIterator[None]:
    """Listen for wishes until the end of the block; where another process has the name, only say so."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.bind(Process(os.geteuid(), name).address)
    except OSError:
        line.close()
        log.warning(
            "control_unavailable", effect="`hotline drain`, `resume` and `status` reach another process of this name"
        )
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _user(writer) not in {0, os.geteuid()}:
                return  # at once: whoever has an account here could else hold all our file descriptors
            async with asyncio.timeout(SECONDS):
                wish = await reader.readline()
                writer.write(await _carried_out(wish, steering) + b"\n")
                await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass  # whoever asked is told by the end of the connection
        finally:
            writer.close()

    server = await asyncio.start_unix_server(answer, sock=line)
    try:
        yield
    finally:
        server.close()


async def _carried_out(wish: bytes, steering: Steering) -> bytes:
    match wish.strip():
        case b"drain":
            steering.drain()
        case b"resume":
            steering.resume()
        case b"state":
            pass
        case _:
            raise ValueError("no such wish")
    vitals = await steering.vitals()
    why = faults(vitals)
    return msgspec.json.encode(
        State(
            pid=os.getpid(),
            ready=not why,
            draining=vitals.draining,
            calls=vitals.calls,
            calls_at_once=vitals.calls_at_once,
            waiting=vitals.transactions_waiting + vitals.hashes_waiting,
            faults=dict(why),
            refusals=dict(steering.refusals()),
        )
    )


def processes(listing: Path = Path("/proc/net/unix")) -> list[Process]:
    """Return the processes of the application that listen on this machine, by name; all users'."""
    names = {found.groups() for line in listing.read_text().splitlines() if (found := _NAME.search(line))}
    return sorted((Process(int(user), name) for user, name in names), key=lambda process: process.name)


async def ask(process: Process, wish: Wish) -> State:
    """Have `process` do what is wished, and return how it is then.

    Raises:
        ProcessAway: it does not listen or answer within 5 s, is not ours to ask, or is somebody else's.
    """
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await _connected(process.address)
            try:
                if _user(writer) != process.user:
                    raise ProcessAway(f"{process.name}: another user's program listens under its name")
                writer.write(f"{wish}\n".encode())
                answer = await reader.readline()
            finally:
                writer.close()
    except TimeoutError:
        raise ProcessAway(f"{process.name} does not answer within {SECONDS:g} s") from None
    except (ConnectionResetError, BrokenPipeError):
        answer = b""  # the end, before it read what we wished
    except OSError as error:
        raise ProcessAway(f"{process.name} does not answer: {error.strerror}") from None
    if not answer:
        raise ProcessAway(f"{process.name} did not answer: only its own user (id {process.user}) and root are told")
    return msgspec.json.decode(answer, type=State)


async def _connected(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.setblocking(False)
        # By the socket and not by its address: uvloop takes no abstract one.
        await asyncio.get_running_loop().sock_connect(line, address)
        return await asyncio.open_unix_connection(sock=line)
    except BaseException:
        line.close()
        raise


def _user(writer: asyncio.StreamWriter) -> int:
    """Return the user id of the other side."""
    line = writer.get_extra_info("socket")
    credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    user: int = struct.unpack("3i", credentials)[1]
    return user
