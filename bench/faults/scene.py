"""Where faults happen: a house whose application reaches Asterisk and database over wires that can fail."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from bench.faults.processes import Process
from bench.faults.wire import Wire
from bench.traffic.ground import ground, invented
from hotline.ari.fake import Gate
from hotline.desk import Vault
from hotline.phone import Ear
from hotline.records import Database, passwords

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bench.traffic.ground import Member
    from hotline.demo.house import House
    from hotline.pbx import Site

NAMES = ("hotline-a", "hotline-b")
MEMBERS = 20_000
OWNERS_EVERY, OWNERS_AMONG = 5, 200
"""Of so many who ring next every so manieth has a password of their own before: a hash, 32 ms of a core, for each."""
BACK_SECONDS = 30.0
CONNECTED = "ari_connected"
_WITHOUT = """
SELECT insurance_number, id FROM members AS m
WHERE insurance_number = ANY($1) AND NOT EXISTS (SELECT FROM passwords WHERE member_id = m.id)
"""


class Scene:
    """The stage of all faults.

    Attributes:
        rooms: the house.
        ear: which knows its prompts.
        gate: between the application and Asterisk.
        wire: between the application and the database.
        processes: of the application, by name.
        owners: insurance numbers of those who have the house's old password before they ring in this trial.
    """

    def __init__(self, rooms: House, ear: Ear, gate: Gate, wire: Wire, members: list[Member]) -> None:
        self.rooms = rooms
        self.ear = ear
        self.gate = gate
        self.wire = wire
        self.processes: dict[str, Process] = {}
        self.owners: set[str] = set()
        self._members = deque(members)
        self._started = itertools.count()

    def member(self) -> Member:
        """Return somebody who has not rung yet."""
        self._members.rotate(-1)
        return self._members[-1]

    async def give_passwords(self) -> None:
        """Give some of those who ring next the house's old password as their own."""
        coming = itertools.islice(self._members, 0, OWNERS_AMONG, OWNERS_EVERY)
        numbers = [member.number for member in coming]
        self.owners = set()
        vault = Vault(self.rooms.settings.password)
        try:
            async with Database(self.rooms.settings.database) as database, database.transaction() as connection:
                for row in await connection.fetch(_WITHOUT, numbers):
                    hashed = await vault.hash(self.rooms.old_password, row["id"])
                    await passwords.add_owned(
                        connection, uuid4(), member_id=row["id"], hashed=hashed, key_id=vault.key_id
                    )
                    self.owners.add(row["insurance_number"])
        finally:
            vault.close()

    async def start(self, name: str, **more: str) -> Process:
        """Start a process of the application under `name`, with further settings; returns when calls can come."""
        settings = self.rooms.settings
        process = await Process.start(
            self.rooms.folder / f"{name}-{next(self._started)}.log",
            {
                "HOTLINE_ARI__APP": name,
                "HOTLINE_ARI__URL": self.gate.url,
                "HOTLINE_ARI__PASSWORD": settings.ari.password.get_secret_value(),
                "HOTLINE_DATABASE__DSN": self.wire.dsn,
                "HOTLINE_PASSWORD__PEPPER": settings.password.pepper.get_secret_value(),
                "HOTLINE_VOICE__SECRETS": str(settings.voice.secrets),
                "HOTLINE_CALL__MEDIA_NETWORKS": ",".join(map(str, settings.call.media_networks)),
                "HOTLINE_CALL__NOTICE": "off",
                **more,
            },
        )
        self.processes[name] = process
        await process.ready()
        return process

    async def back(self, name: str = NAMES[0], *, times: int = 2) -> float:
        """Wait until a process has connected to Asterisk for so many times; return the seconds from now."""
        began = time.monotonic()
        await self.processes[name].says(CONNECTED, times, BACK_SECONDS)
        return time.monotonic() - began

    async def clear(self) -> None:
        """End every process, mend everything, and have an Asterisk that knows of nothing before."""
        for process in self.processes.values():
            await process.kill()
        self.processes.clear()
        self.gate.thaw()
        self.gate.delay_seconds = 0.0
        await self.gate.open()
        self.wire.delay_seconds = 0.0
        await self.wire.mend()
        await self.rooms.asterisk.stop()
        await self.rooms.asterisk.start()


@contextlib.asynccontextmanager
async def scene(progress: Callable[[str, float], None]) -> AsyncIterator[Scene]:
    """Set it up, and clear it away after the block."""

    def two(site: Site) -> Site:
        return replace(site, apps=NAMES)

    async with ground(progress, two) as rooms:
        members = await invented(rooms, MEMBERS)
        wire = Wire.to(rooms.settings.database.dsn.get_secret_value())
        await wire.mend()
        async with Gate("127.0.0.1", rooms.asterisk.site.http_port) as gate:
            there = Scene(rooms, await asyncio.to_thread(Ear, rooms.library, rooms.library), gate, wire, members)
            try:
                yield there
            finally:
                for process in there.processes.values():
                    await process.kill()
                await wire.cut()
