"""The menu is changed at noon: two real processes, a real call that is held meanwhile, and nobody is cut off."""

import asyncio
import os

import pytest
import pytest_asyncio

import program
from hotline.settings import SHARE

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOLD = 5.0
"""Seconds in which every process has a new menu: it was told, for the poll is every ten. Measured: a tenth."""


@pytest.fixture
def hotline(house):
    """Run a command as an admin does, with the database of the house."""
    environment = os.environ | {
        "HOTLINE_DATABASE__DSN": house.settings.database.dsn.get_secret_value(),
        "HOTLINE_PASSWORD__PEPPER": house.settings.password.pepper.get_secret_value(),
    }

    async def run(*words):
        done = await asyncio.to_thread(program.hotline, *map(str, words), environment=environment)
        assert done.status == 0, done.errors
        return done.output

    return run


@pytest.fixture
def noon(tmp_path):
    """The menu as delivered, but that information is on 2."""
    path = tmp_path / "noon.toml"
    text = (SHARE / "dialplan" / "menu.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('1 = "menu information"', '2 = "menu information"'), encoding="utf-8")
    return path


class Running:
    """An Asterisk and its two processes of the application."""

    def __init__(self, asterisk, processes):
        self._asterisk = asterisk
        self._processes = processes

    def ids(self):
        """Return their process ids; None for one that has ended."""
        return self._asterisk._pid(), *(process.pid if process.running else None for process in self._processes)

    async def all_say(self, words):
        """Wait until each process has told of a change."""
        async with asyncio.timeout(TOLD):
            while not all(words in process.said for process in self._processes):
                await asyncio.sleep(0.02)


@pytest_asyncio.fixture(loop_scope="session")
async def running(house, serve):
    """Both processes, ready for calls."""
    processes = [await serve("hotline-a"), await serve("hotline-b")]
    for process in processes:
        await process.ready()
    return Running(house.asterisk, processes)


async def chooses(ringer, key, prompt="information"):
    """Press a key in the menu, and hear where it leads."""
    await ringer.caller.press(key)
    await ringer.caller.hears(prompt)


@pytest.mark.parametrize("hand_over", ["broadcast"], indirect=True)
async def test_a_menu_is_changed_while_a_call_goes_on(running, ring, records, hotline, noon):
    """A call keeps its menu, only testers hear the draft, the next call has the new one; nothing restarts."""
    before = running.ids()
    held = await ring(0)
    await held.reach()

    await hotline("menu", "draft", noon, "--why", "tried before noon")
    await running.all_say("menu_draft")
    tester = await ring(1)
    await tester.caller.dial("602")
    await tester.caller.hears("menu", within=15)
    await chooses(tester, "2")
    await tester.caller.hang_up()

    assert "version 1 is live" in await hotline("menu", "publish", "--why", "noon")
    await running.all_say("version=1")
    fresh = await ring(2)
    await fresh.reach()
    await chooses(fresh, "2")
    await fresh.caller.hang_up()

    await chooses(held, "1")
    await held.caller.press("9")
    assert (await held.caller.hears_end("goodbye")).complete
    assert not (await held.caller.closed()).by_us

    assert "version 2 is live, the same as the file" in await hotline("menu", "rollback", "--why", "enough tried")
    await running.all_say("version=2")
    late = await ring(3)
    await late.reach()
    await chooses(late, "1")
    await late.caller.hang_up()

    assert running.ids() == before
    async with asyncio.timeout(5):
        query = "SELECT menu FROM calls WHERE ended_at IS NOT NULL ORDER BY started_at"
        while [row["menu"] for row in await records.fetch(query)] != ["file", "draft", "1", "2"]:
            await asyncio.sleep(0.05)
