"""`hotline menu` as an admin uses it, over a real Postgres."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline.cli.command import app
from hotline.desk import NumberMalformed
from hotline.menu import MenuError
from hotline.prompts import Library, PromptMissing
from hotline.prompts.library import Clip
from hotline.publishing import NoDraft, NothingToChange
from hotline.settings import SHARE

FILE = SHARE / "dialplan" / "menu.toml"
WHY = ("--why", "a test")


@pytest.fixture
def hotline(dsn, monkeypatch, tmp_path):
    """Run a command; return what it said, or raise what went wrong."""
    for name, value in {
        "HOTLINE_DATABASE__DSN": dsn,
        "HOTLINE_PASSWORD__PEPPER": "a pepper for tests, of no use elsewhere",
        "HOTLINE_VOICE__SOUNDS": str(tmp_path / "sounds"),
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, value)

    def run(*words, piped="", status=0):
        done = CliRunner().invoke(app, ["menu", *map(str, words)], input=piped)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.output
        return done.output

    return run


class Sounds(Library):
    """Every prompt there could be, of two seconds but for what is said; a digit takes 0.4."""

    def __init__(self, **seconds):
        self.seconds = seconds

    def __getitem__(self, id_):
        return Clip(id_, Path("/sounds", id_), self.seconds.get(id_, 2.0), id_)

    def speech(self, id_):
        return bytes(3200 if id_.startswith("digits/") else 8000)


@pytest.fixture
def built(monkeypatch):
    """The prompts, as if built."""
    sounds = Sounds()
    monkeypatch.setattr(Library, "open", lambda *_: sounds)
    return sounds


@pytest.fixture
def noon(tmp_path):
    """The menu as delivered, but that information is on 2."""
    path = tmp_path / "noon.toml"
    path.write_text(FILE.read_text(encoding="utf-8").replace('1 = "menu information"', '2 = "menu information"'))
    return path


def test_a_change_at_noon_as_the_guide_tells_it(hotline, built, noon):
    """Draft, publish, versions, compare, show and roll back: each says what it did."""
    assert "nothing was published yet" in hotline("versions")
    assert "no fault" in hotline("check", noon)
    said = hotline("draft", noon, "--callers", *WHY, piped="0912345678\n\n")
    assert "who rings 602 hears it, and calls from *******678. `hotline menu publish --why …`" in said
    assert "draft by " in hotline("versions")
    assert "version 1 is live" in hotline("publish", *WHY)
    assert hotline("show") == noon.read_text()
    compared = hotline("compare", 0)
    assert '-keys = { 8 = "reissue", 1 = "menu information"' in compared
    assert '+keys = { 8 = "reissue", 2 = "menu information"' in compared
    assert "version 2 is live, the same as the file" in hotline("rollback", *WHY)
    assert "the file and version 2 are the same" in hotline("compare", 0)
    table = hotline("versions")
    assert re.search(r"2 \(live\).*rollback.*a test", table)
    assert "draft by" not in table
    with pytest.raises(NoDraft):
        hotline("publish", *WHY)


def test_the_quick_commands_publish_a_version_each(hotline, built):
    """The greeting until a moment, and the switch; a moment that is over is refused, and what is so already."""
    assert "until 2031-11-23 18:00 in Vietnam" in hotline("emergency", "on", "--until", "2031-11-23T18:00", *WHY)
    assert "[emergency]\nuntil = 2031-11-23T18:00:00\n" in hotline("show")
    assert "branch 8 is switched off" in hotline("branch8", "off", *WHY)
    assert "branch 8 is switched on" in hotline("branch8", "on", *WHY)
    assert "without a greeting" in hotline("emergency", "off", *WHY)
    with pytest.raises(NothingToChange):
        hotline("emergency", "off", *WHY)
    assert "is over" in hotline("emergency", "on", "--until", "2020-01-01T08:00", *WHY, status=2)
    assert "18:00, which is today" in hotline("emergency", "on", "--until", "tonight", *WHY, status=2)
    table = hotline("versions")
    assert (table.count("emergency"), table.count("branch8")) == (2, 2)


def test_a_menu_that_makes_calls_too_long_is_warned_of(hotline, built, noon):
    """It is published all the same, and who publishes it knows that callers pay a second minute."""
    built.seconds["menu"] = 30.0
    said = hotline("publish", noon, *WHY)
    assert "warning: twelve digits, every prompt heard: " in said
    assert "version 1 is live" in said


def test_what_can_not_be_used_is_refused_with_its_reason(hotline, noon):
    """A prompt that is not built, a fault with file and line, a tester's number that is none: nothing is published."""
    with pytest.raises(PromptMissing, match="hotline sounds build"):
        hotline("publish", noon, *WHY)
    noon.write_text(noon.read_text().replace('again = "menu-help"', 'again = "menu-halp"'))
    line = noon.read_text()[: noon.read_text().index("menu-halp")].count("\n") + 1
    for words in (("check", noon), ("draft", noon, *WHY), ("publish", noon, *WHY)):
        with pytest.raises(MenuError, match=f"noon.toml:{line}: there is no prompt “menu-halp”"):
            hotline(*words)
    with pytest.raises(NumberMalformed):
        hotline("draft", FILE, "--callers", *WHY, piped="12\n\n")
    assert "nothing was published yet" in hotline("versions")


def test_the_check_tells_what_would_be_heard(hotline, noon):
    """At a moment that is asked for, in Vietnam; and warns of what is over."""
    noon.write_text(
        noon.read_text() + '[holidays]\nTet = ["2027-02-05..2027-02-11"]\n[emergency]\nuntil = 2026-01-01T08:00:00\n'
    )
    said = hotline("check", noon, "--at", "2027-02-11T23:59")
    assert "closed, “closed-holiday” is said before the answer" in said
    assert re.search(r"warning: .*noon.toml:\d+: the emergency greeting ended at 2026-01-01 08:00", said)
    assert "open" in hotline("check", noon, "--at", "2027-02-12T00:00")


def test_a_picture_is_drawn_with_and_without_the_ways_of_callers(hotline, noon, tmp_path):
    """Of a file, of what callers hear, with a period's calls; two files each, also where no sound is built."""
    assert "without seconds" in hotline("draw", tmp_path / "one", "--menu", noon)
    assert "flowchart LR" in (tmp_path / "one.mmd").read_text()
    hotline("draw", tmp_path / "two", "--calls", "day", "--day", "2026-11-20")
    drawn = (tmp_path / "two.svg").read_text()
    assert drawn.startswith("<svg ")
    assert "menu.toml: 0 calls, 2026-11-20" in drawn
