"""What an idle hotline holds: descriptors, threads, tasks, objects, channels, connections, memory."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import cpu
from hotline.records import Database

if TYPE_CHECKING:
    from hotline.demo.house import House

_ASTERISK = "/usr/sbin/asterisk"
_PAGE = os.sysconf("SC_PAGE_SIZE")
EXACT = ("descriptors", "threads", "tasks", "channels")
"""What has to be after a load as it was before it."""
SETTLED = ("asterisk_descriptors", "asterisk_threads")
"""What Asterisk makes with its first load and keeps: it has to be after the second as after the first."""
MEMORY = ("memory_mb", "asterisk_memory_mb")


@dataclass(frozen=True)
class Audit:
    """What there is.

    Attributes:
        descriptors: of the application, without those of connections to the database, which a pool keeps for a while.
        threads: of the application.
        tasks: of the application, under way.
        objects: in the application, that its collector of garbage knows.
        memory_mb: of the application, resident.
        connections: of the application to the database.
        channels: in Asterisk.
        asterisk_descriptors: of Asterisk.
        asterisk_threads: of Asterisk.
        asterisk_memory_mb: of Asterisk, resident.
    """

    descriptors: int
    threads: int
    tasks: int
    objects: int
    memory_mb: float
    connections: int
    channels: int
    asterisk_descriptors: int
    asterisk_threads: int
    asterisk_memory_mb: float


async def audit(rooms: House, socket: Path) -> Audit:
    """Look at the application, which listens on `socket`, and at Asterisk."""
    application = await cpu.find(sys.executable, str(socket))
    asterisk = await cpu.find(_ASTERISK, str(rooms.asterisk.run_dir))
    reader, writer = await asyncio.open_unix_connection(socket)
    inside = json.loads(await reader.read())
    writer.close()
    listed = await rooms.asterisk.console("core show channels concise")
    connections = await _connections(rooms)
    return Audit(
        descriptors=_count(application, "fd") - connections,
        threads=_count(application, "task"),
        tasks=inside["tasks"],
        objects=inside["objects"],
        memory_mb=_memory(application),
        connections=connections,
        channels=sum("!" in line for line in listed.splitlines()),
        asterisk_descriptors=_count(asterisk, "fd"),
        asterisk_threads=_count(asterisk, "task"),
        asterisk_memory_mb=_memory(asterisk),
    )


def _count(process: int, what: str) -> int:
    return sum(1 for _ in Path(f"/proc/{process}/{what}").iterdir())


def _memory(process: int) -> float:
    return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * _PAGE / (1 << 20)


async def _connections(rooms: House) -> int:
    """Return the connections there are to the database but for the one that asks."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    async with Database(rooms.settings.database) as database, database.transaction() as connection:
        return int(await connection.fetchval(query))
