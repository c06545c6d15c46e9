"""The console over HTTP tells the truth about a service, with a real database."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

import aiohttp
import pytest
from pydantic import SecretStr

from hotline.console import ConsoleUnavailable, Meters, Parts, console, server
from hotline.desk import Desk, Ledger
from hotline.dialogue import PromptWatch
from hotline.records import Database
from hotline.settings import ConsoleSettings, DatabaseSettings, LimitSettings


@dataclass
class Door:
    """A door with two calls."""

    name: str
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    calls: int = 2


@dataclass
class Library:
    """Prompts that can go missing."""

    gone: dict[str, str] = field(default_factory=dict)

    def holes(self):
        return dict(self.gone)


@pytest.fixture
def settings():
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return ConsoleSettings(enabled=True, port=port)


@pytest.fixture
def library():
    """All prompts are there."""
    return Library()


@pytest.fixture
async def parts(wire, vault, password_settings, library):
    """A service whose database is at the end of a wire, with one door open."""
    async with Database(DatabaseSettings(dsn=SecretStr(wire.dsn))) as database:
        desk = Desk(database, vault, password_settings, LimitSettings())
        ledger = Ledger(database, vault, price_per_minute=1000)
        door = Door("ari")
        door.opened.set()
        yield Parts([door], database, desk, vault, ledger, PromptWatch(library, desk), 300, asyncio.Event())
        await ledger.close()
        await desk.close()


@pytest.fixture
async def ask(settings, parts, monkeypatch):
    """Ask the running console for a path; return status and text."""
    monkeypatch.setattr(server, "FRESH", 0.0)
    async with console(settings, parts, Meters()), aiohttp.ClientSession() as session:

        async def get(path):
            async with session.get(f"http://127.0.0.1:{settings.port}/{path}") as answer:
                return answer.status, await answer.text()

        yield get


async def test_each_part_taken_away_is_named(ask, parts, library, wire):
    """Ready says so; without its door, prompts, database, or while it drains, it is not, and says why."""
    assert await ask("readyz") == (200, "ready\n")

    parts.doors[0].opened.clear()
    assert await ask("readyz") == (503, "door-ari: calls can't come this way\n")
    parts.doors[0].opened.set()

    library.gone = {"menu": "gone"}
    assert await ask("readyz") == (503, "prompts: 1 can't be played\n")
    library.gone = {}

    await wire.cut()
    assert await ask("readyz") == (503, "database: does not answer\n")
    assert (await ask("healthz"))[0] == 200
    await wire.mend()
    assert await ask("readyz") == (200, "ready\n")

    wire.fall_silent()
    assert await ask("readyz") == (503, "database: does not answer\n")
    await wire.mend()

    parts.draining.set()
    assert (await ask("readyz"))[1].endswith("draining: no more calls are taken\n")


def figures(text):
    """Return each figure by its name and labels."""
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


async def test_the_figures_are_of_this_moment(ask, parts, library):
    """What Prometheus is told is what the parts say: doors, calls, limits, prompts, the database and its alarms."""
    parts.desk.limits_hit["reissues"] += 3
    library.gone = {"menu": "gone"}
    await ask("readyz")  # raises the alarm of the prompt
    async with asyncio.timeout(5):
        while 'hotline_alarms_open{kind="prompt-missing"}' not in (told := figures((await ask("metrics"))[1])):
            await asyncio.sleep(0.02)
    expected = {
        'hotline_door_open{door="ari"}': 1,
        "hotline_ready": 0,
        "hotline_calls_live": 2,
        "hotline_calls_live_limit": 300,
        'hotline_limits_hit_total{limit="reissues"}': 3,
        "hotline_prompts_missing": 1,
        "hotline_database_up": 1,
        "hotline_database_transactions_waiting": 0,
        'hotline_alarms_open{kind="prompt-missing"}': 1,
    }
    assert {name: float(told[name]) for name in expected} == expected


async def test_an_address_that_is_taken_is_told_with_its_settings(settings, parts):
    """A second process with the same port learns which settings to change."""
    with socket.create_server(("127.0.0.1", settings.port)), pytest.raises(ConsoleUnavailable, match="CONSOLE__PORT"):
        async with console(settings, parts, Meters()):
            pass


async def test_waiting_is_counted(parts):
    """Transactions at work and those that wait for a connection are told apart, and none is left afterwards."""
    database, release = parts.database, asyncio.Event()

    async def hold():
        async with database.transaction():
            await release.wait()

    holding = [asyncio.create_task(hold()) for _ in range(10)]
    await asyncio.sleep(0)
    assert (database.in_use, database.waiting) == (8, 2)
    release.set()
    await asyncio.gather(*holding)
    assert (database.in_use, database.waiting) == (0, 0)
