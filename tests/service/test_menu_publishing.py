"""Menus are drafted, published and rolled back on a real Postgres, and every listening process has them."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import asyncpg
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from hotline.desk import CallerNumber, Desk, Reason
from hotline.menu import Menu, MenuError, read
from hotline.prompts import PromptMissing
from hotline.publishing import (
    Board,
    Edition,
    NoDraft,
    NoSuchVersion,
    NothingToChange,
    Press,
    PublishedMeanwhile,
    RolledBackAlready,
    board,
    branch8,
    greeting_off,
    greeting_on,
)
from hotline.records import Database, listening, menus
from hotline.records.listening import Listener
from hotline.settings import SHARE, DatabaseSettings, LimitSettings

WHY = Reason("Lan", "a test", "lan")
LAN, MINH = CallerNumber("+84912345678"), CallerNumber("+84987654321")
FILE = (SHARE / "dialplan" / "menu.toml").read_text(encoding="utf-8")
NOON = FILE.replace('1 = "menu information"', '2 = "menu information"')
PROMPTS = frozenset(
    {"menu", "menu-help", "information", "other-ways", "official-sources", "closed", "closed-holiday", "emergency",
     "branch8-off"}
)  # fmt: skip


@dataclass
class Maker:
    """Makes editions without sounds; a menu that names a prompt of `missing` has a hole."""

    missing: set[str] = field(default_factory=set)
    made: list[str] = field(default_factory=list)

    def make(self, text: str, name: str, called: str = "") -> Edition:
        menu: Menu = read(text, called or name, PROMPTS | self.missing)
        if holes := self.missing & menu.prompts:
            raise PromptMissing(f"{holes.pop()}: not built")
        self.made.append(name)
        return Edition(name, menu, None)  # type: ignore[arg-type]


@pytest.fixture
def maker():
    """Makes editions of anything."""
    return Maker()


@pytest.fixture
def press(database, maker, tmp_path):
    """Publishes into the own database."""
    path = tmp_path / "menu.toml"
    path.write_text(FILE, encoding="utf-8")
    return Press(database, maker, path)


@pytest.fixture
def process(dsn, maker, vault, password_settings, monkeypatch):
    """Make boards as processes of the service have them, each with a database and a listener of its own."""
    monkeypatch.setattr(listening, "PAUSES", (0.02,))

    @contextlib.asynccontextmanager
    async def start(at=dsn):
        settings = DatabaseSettings(dsn=SecretStr(at), time_limit=1.0)
        async with Database(settings) as database:
            desk = Desk(database, vault, password_settings, LimitSettings())
            made = Board(maker.make(FILE, "file"), maker, database, desk, vault)
            listener = Listener(settings.dsn, menus.CHANNEL)
            tasks = [asyncio.create_task(listener.run()), asyncio.create_task(made.run(listener))]
            try:
                async with asyncio.timeout(5):
                    await listener.connected.wait()
                yield made
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                await desk.close()

    return start


async def becomes(condition, within=5.0):
    """Wait until something is so."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)


async def rows(dsn, query):
    """What a query of the owner returns."""
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_a_published_menu_is_live_on_every_process(press, process):
    """Two processes that listen have it at once, without being asked; one that starts later has it from the start."""
    async with process() as one, process() as other:
        assert (one.live.name, other.live.name) == ("file", "file")
        began = asyncio.get_running_loop().time()
        assert await press.publish(NOON, "noon.toml", WHY) == 1
        await becomes(lambda: one.live.name == other.live.name == "1")
        # By being told: the poll is every ten seconds.
        assert asyncio.get_running_loop().time() - began < board.POLL / 2
        assert "2" in one.live.menu.menu["main"].keys
        async with process() as late:
            await becomes(lambda: late.live.name == "1")


async def test_what_was_published_is_kept_with_who_when_why_and_its_text(press, dsn):
    """The versions have it all, the audit trail each deed, and nobody can change a version afterwards."""
    await press.publish(NOON, "noon.toml", WHY)
    await press.make_draft(FILE, "x", WHY)
    (kept,) = await press.versions(limit=5)
    assert (kept.number, kept.deed, kept.published_by, kept.why, kept.body) == (1, "publish", "Lan", "a test", NOON)
    assert abs((datetime.now(UTC) - kept.at).total_seconds()) < 60
    assert await rows(dsn, "SELECT sha256 = sha256(convert_to(body, 'UTF8')), login FROM menu_versions") == [
        (True, "postgres")
    ]
    assert await rows(dsn, "SELECT action, actor, detail ->> 'by' FROM audit ORDER BY id") == [
        ("menu-published", "operator", "Lan"),
        ("menu-drafted", "operator", "Lan"),
    ]
    connection = await asyncpg.connect(dsn)
    for table in ("menu_versions", "menu_drafts"):
        for deed in (f"UPDATE {table} SET why = ''", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added"):
                await connection.execute(deed)
    await connection.close()


async def test_a_process_that_was_cut_off_has_it_when_it_is_back(press, process, wire):
    """The connection is lost, a menu is published, the connection comes back: the process has it, and listens again."""
    async with process(wire.dsn) as cut_off:
        await wire.cut()
        await press.publish(NOON, "noon.toml", WHY)
        await asyncio.sleep(0.1)
        assert cut_off.live.name == "file"
        await wire.mend()
        await becomes(lambda: cut_off.live.name == "1")
        await press.publish(FILE, "file", WHY)
        await becomes(lambda: cut_off.live.name == "2")


async def test_a_listener_that_nothing_reaches_any_more_comes_back(press, process, wire, monkeypatch):
    """The line has fallen silent and nobody closed it: it is noticed, and a new connection made."""
    monkeypatch.setattr(listening, "IDLE", 0.05)
    monkeypatch.setattr(listening, "ANSWERING", 0.2)
    monkeypatch.setattr(listening, "CONNECTING", 0.2)
    async with process(wire.dsn) as deaf:
        wire.fall_silent()
        await press.publish(NOON, "noon.toml", WHY)
        await asyncio.sleep(0.5)
        assert deaf.live.name == "file"
        await wire.cut()
        await wire.mend()
        await becomes(lambda: deaf.live.name == "1")


async def test_who_was_not_told_looks_all_the_same(press, process, monkeypatch, dsn):
    """Where notifications do not come through, behind some poolers, the poll is the net."""
    monkeypatch.setattr(board, "POLL", 0.05)
    await rows(
        dsn, "CREATE OR REPLACE FUNCTION tell_of_menu() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    )
    async with process() as one:
        await press.publish(NOON, "noon.toml", WHY)
        await becomes(lambda: one.live.name == "1")


async def test_a_version_that_can_not_be_used_is_an_alarm_and_the_old_one_goes_on(press, process, dsn):
    """Put into the table by another program or version: refused here, told, and mended by the next one."""
    async with process() as one:
        await press.publish(NOON, "noon.toml", WHY)
        await becomes(lambda: one.live.name == "1")
        with capture_logs() as logs:
            await rows(
                dsn,
                "INSERT INTO menu_versions (number, deed, published_by, why, body) "
                "VALUES (2, 'publish', 'x', 'x', 'x =')",
            )
            async with asyncio.timeout(5):
                while await rows(dsn, "SELECT kind, subject_masked FROM alarms") != [("menu-refused", "menu 2")]:
                    await asyncio.sleep(0.02)
        assert one.live.name == "1"
        refused = next(entry for entry in logs if entry["event"] == "menu_refused")
        assert (refused["reason"], refused["live"]) == ("2:1: Invalid value", "1")
        async with process() as late:
            await becomes(lambda: late.live.name == "1")
        await press.publish(FILE, "file", WHY)
        await becomes(lambda: one.live.name == "3")


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        (NOON.replace('"menu"  ', '"meni" '), MenuError, r"noon.toml:\d+: there is no prompt “meni”"),
        (NOON.replace("say other-ways", "say storm"), PromptMissing, "storm: not built"),
    ],
)
async def test_what_can_not_be_used_is_not_published(press, maker, text, error, says):
    """A fault is named with file and line, a prompt without sounds by its name; nothing is written."""
    maker.missing.add("storm")
    for deed in (press.publish, press.make_draft):
        with pytest.raises(error, match=says):
            await deed(text, "noon.toml", WHY)
    assert await press.versions(limit=5) == []
    with pytest.raises(NoDraft):
        await press.draft()


async def test_a_draft_is_heard_by_its_testers_only(press, process, vault):
    """By the listed phones and the test extension, until it is published or discarded; all others hear what is live."""
    async with process() as one:
        await press.make_draft(NOON, "noon.toml", WHY, [vault.trace(LAN.e164)])
        await becomes(lambda: one.edition_for([], LAN).name == "draft")
        assert one.edition_for(["origin=phone", "dialled=draft"], MINH).name == "draft"
        assert one.edition_for(["origin=trunk", "dialled=draft"], MINH).name == "file"
        assert (one.edition_for([], MINH).name, one.edition_for([], None).name) == ("file", "file")
        assert (await press.draft()).testers_masked == ["*******678"]
        assert await press.publish_draft(WHY) == 1
        await becomes(lambda: one.edition_for([], MINH).name == "1" and one.edition_for([], LAN).name == "1")
        with pytest.raises(NoDraft):
            await press.publish_draft(WHY)
        await press.make_draft(FILE, "file", WHY)
        await becomes(lambda: one.edition_for(["origin=phone", "dialled=draft"], MINH).name == "draft")
        await press.discard_draft(WHY)
        await becomes(lambda: one.edition_for(["origin=phone", "dialled=draft"], MINH).name == "1")


async def test_a_draft_does_not_undo_what_was_published_since(press):
    """Somebody switched the greeting on meanwhile: the draft, which has none, is refused, and says what to look at."""
    await press.make_draft(NOON, "noon.toml", WHY)
    await press.change(partial(greeting_on, until=datetime(2027, 1, 1, tzinfo=UTC)), "emergency", WHY)
    with pytest.raises(PublishedMeanwhile, match="hotline menu compare 0 1"):
        await press.publish_draft(WHY)
    assert (await press.versions(limit=1))[0].number == 1


async def test_a_draft_that_is_replaced_while_it_is_published_is_not(database, press, maker):
    """Somebody drafts another at that moment: nobody has listened to what would go live, and the other draft stays."""

    async def meanwhile(_):
        await press.make_draft(FILE, "file", WHY)

    await press.make_draft(NOON, "noon.toml", WHY)
    with pytest.raises(PublishedMeanwhile, match="the draft was changed"):
        await Press(database, maker, SHARE / "dialplan" / "menu.toml", meanwhile).publish_draft(WHY)
    assert (await press.draft()).body == FILE
    assert await press.versions(limit=1) == []


async def test_a_rollback_is_a_version_with_the_older_text(press, process):
    """To the one before by itself, but once; to any by its number, the file being 0; and it is live like any other."""
    with pytest.raises(NoSuchVersion):
        await press.roll_back(None, WHY)
    async with process() as one:
        await press.publish(NOON, "noon.toml", WHY)
        assert await press.roll_back(None, WHY) == (0, 2)
        with pytest.raises(RolledBackAlready, match="version 1 is what it undid"):
            await press.roll_back(None, WHY)  # a second time in a hurry does not bring back what was wrong
        assert await press.roll_back(1, WHY) == (1, 3)
        await becomes(lambda: one.live.name == "3")
    assert [(kept.deed, kept.body) for kept in await press.versions(limit=3)] == [
        ("rollback", NOON), ("rollback", FILE), ("publish", NOON),
    ]  # fmt: skip
    with pytest.raises(NoSuchVersion):
        await press.roll_back(9, WHY)


async def test_the_quick_changes_change_nothing_else(press):
    """The greeting and the switch, on and off again: each a version, and in the end the menu is as it was."""
    until = datetime(2027, 1, 1, 11, 0, tzinfo=UTC)
    await press.change(partial(greeting_on, until=until, said="before-menu"), "emergency", WHY)
    await press.change(partial(branch8, on=False), "branch8", WHY)
    _, text = await press.text()
    menu = read(text, "menu", PROMPTS)
    assert (menu.emergency.until.at, menu.emergency.said, menu.branch8.open) == (until, "before-menu", False)
    assert "until = 2027-01-01T18:00:00\n" in text
    assert text.startswith(FILE.rstrip("\n"))
    with pytest.raises(NothingToChange):
        await press.change(partial(branch8, on=False), "branch8", WHY)
    await press.change(partial(branch8, on=True), "branch8", WHY)
    await press.change(greeting_off, "emergency", WHY)
    with pytest.raises(NothingToChange):
        await press.change(greeting_off, "emergency", WHY)
    number, text = await press.text()
    assert number == 4
    assert read(text, "menu", PROMPTS) == read(FILE, "menu", PROMPTS)


async def test_two_who_publish_at_once_make_two_versions(press):
    """Neither is lost, and the numbers have no gap."""
    numbers = await asyncio.gather(*(press.publish(NOON, "noon.toml", WHY) for _ in range(4)))
    assert sorted(numbers) == [1, 2, 3, 4]
