"""What each request of a call costs over the events socket and by HTTP, and whether it waits while a sound plays.

    tests/in-private-network .venv/bin/python -m bench.ari_operations --count 1000

Brings up an Asterisk of its own and leaves nothing running. docs/decisions/0011 says what follows from it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from hotline.ari import Client
from hotline.ari.http import Requests
from hotline.ari.operations import Channels, Events, Playbacks
from hotline.pbx import Ports, PrivateAsterisk, Site, install_root
from hotline.settings import SHARE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from hotline.ari import Stay

    Operation = Callable[[], Awaitable[object]]

BLOCKED_SECONDS = 3.0
SOUND_SECONDS = 60
DIALPLAN = """
[general]
[bench]
exten => s,1,Stasis(bench)
 same => n,Goto(1)
"""


@contextlib.asynccontextmanager
async def asterisk(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """Bring up an Asterisk whose calls stay in one application; yields address and password of ARI."""
    for name in ("sounds", "secrets"):
        (folder / name).mkdir()
    (folder / "sounds" / "long.alaw").write_bytes(b"\xd5" * 8000 * SOUND_SECONDS)
    shutil.copytree(SHARE / "dialplan", folder / "dialplan")
    (folder / "dialplan" / "extensions.conf").write_text(DIALPLAN)
    password = secrets.token_urlsafe(16)
    with Ports.claim() as ports:
        site = Site(
            **ports.for_site(),
            ari_password=password, sounds=folder / "sounds", secrets=folder / "secrets",
        )  # fmt: skip
        async with PrivateAsterisk(install_root(), folder / "pbx", site, folder / "dialplan"):
            yield f"http://127.0.0.1:{ports.http}", password


class Way:
    """The operations, by one way only."""

    def __init__(self, name: str, requests: Requests) -> None:
        self.name = name
        self.requests = requests
        self.channels, self.playbacks, self.events = Channels(requests), Playbacks(requests), Events(requests)

    def queued(self, channel: str) -> dict[str, Operation]:
        """What is asked in a call, and merely queued or answered at once."""
        return {
            "progress": lambda: self.channels.progress(channel),
            "ring": lambda: self.channels.ring(channel),
            "get channel": lambda: self.channels.get(channel),
            "get variable": lambda: self.channels.get_channel_var(channel, "TIMEOUT(absolute)"),
            "user event": lambda: self.events.user_event("bench", "bench"),
        }

    def waiting(self, channel: str) -> dict[str, Operation]:
        """What waits for the channel's thread."""
        return {
            "answer": lambda: self.channels.answer(channel),
            "set variable": lambda: self.channels.set_channel_var(channel, "x", "y"),
        }


async def cost(operation: Operation, count: int) -> list[str]:
    """Ask so many times; return the median, the 99th percentile, and our own CPU a request, in milliseconds."""
    took = []
    before = time.process_time()
    for _ in range(count):
        began = time.perf_counter()
        await operation()
        took.append((time.perf_counter() - began) * 1000)
    cpu = (time.process_time() - before) * 1000 / count
    return [f"{statistics.median(took):.2f}", f"{statistics.quantiles(took, n=100)[98]:.2f}", f"{cpu:.2f}"]


async def while_playing(stay: Stay, way: Way, operation: Operation, sound: str) -> str:
    """Ask while a sound plays, and something quick behind it; return what waited."""
    playing = asyncio.create_task(stay.play([sound], limit_seconds=SOUND_SECONDS))
    await asyncio.sleep(0.2)
    asked = asyncio.ensure_future(operation())
    behind = asyncio.ensure_future(way.channels.get(stay.channel.id))
    done, _ = await asyncio.wait({asked, behind}, timeout=BLOCKED_SECONDS)
    waited = [name for name, request in (("it", asked), ("the next request", behind)) if request not in done]
    stay.stop_playback()
    await asyncio.wait({asked, behind, playing})
    return " and ".join(waited) + " waited" if waited else "at once"


async def measure(stay: Stay, way: Way, count: int, sound: str, table: Table) -> None:
    """Measure every operation of one way on one channel."""
    channel = stay.channel.id
    for name, operation in (way.queued(channel) | way.waiting(channel)).items():
        figures = await cost(operation, count)
        table.add_row(name, way.name, *figures, await while_playing(stay, way, operation, sound))

    async def play_and_stop() -> None:
        playback = secrets.token_hex(8)
        await way.channels.play_with_id(channel, playback, [sound])
        await way.playbacks.stop(playback)

    table.add_row("play and stop", way.name, *await cost(play_and_stop, count // 2), "")


async def bench(count: int) -> Table:
    """Measure both ways; return the table."""
    table = Table("request", "way", "p50 ms", "p99 ms", "our CPU ms", "while a sound plays")
    with tempfile.TemporaryDirectory(prefix="bench", dir="/tmp") as name:  # a socket's path has 107 bytes
        folder = Path(name)
        async with asterisk(folder) as (url, password):
            stays: asyncio.Queue[Stay] = asyncio.Queue()
            over = asyncio.Event()

            async def handler(stay: Stay) -> None:
                stays.put_nowait(stay)
                await over.wait()

            async with Client(url, "hotline", password, "bench") as client:
                running = asyncio.create_task(client.run(handler))
                await client.connected.wait()
                http = Requests(url, "hotline", password, limit_seconds=2 * SOUND_SECONDS)
                socket = Requests(None, "", "", limit_seconds=2 * SOUND_SECONDS)
                # Over the client's own socket, as its requests go; its reader hands on the answers.
                socket.over_socket = client._requests.over_socket  # noqa: SLF001
                for way in (Way("socket", socket), Way("HTTP", http)):
                    channel = secrets.token_hex(8)
                    await client.channels.originate_with_id(
                        channel, "Local/s@bench/n", context="bench", extension="s", priority=1, formats="alaw"
                    )
                    await measure(await stays.get(), way, count, f"sound:{folder}/sounds/long", table)
                over.set()
                await http.close()
                await client.close()
                await running
    return table


def main() -> None:
    """Run the command."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=1000, help="requests of each kind")
    Console(width=120).print(asyncio.run(bench(arguments.parse_args().count)))


main()
