"""`hotline settings`: what may be set, and whether what is set will do."""

import itertools
import os

import pytest
from typer.testing import CliRunner

from hotline.cli.settings import app
from hotline.settings import SHARE, Group, Settings

SETTINGS = sum(
    len(field.annotation.model_fields) if issubclass(field.annotation, Group) else 1
    for field in Settings.model_fields.values()
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    """Only the test's own settings are in the environment."""
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        monkeypatch.delenv(name)


def listed():
    """Return what `list` prints: each name and its default."""
    lines = CliRunner().invoke(app, ["list"]).stdout.splitlines()
    return [line[1:].split("=", 1) for line in lines if line.startswith("#HOTLINE_")]


def test_the_list_has_every_setting_with_a_default_that_is_allowed(monkeypatch):
    """Whoever takes the marks off the printed file gets the very settings there are without it."""
    plain = Settings.load()
    assert len(listed()) == SETTINGS
    for name, default in listed():
        if default:
            monkeypatch.setenv(name, default)
    assert Settings.load() == plain


def test_each_setting_is_explained():
    """Above each name there is what it is for."""
    lines = CliRunner().invoke(app, ["list"]).stdout.splitlines()
    assert all(above.startswith("# ") for above, line in itertools.pairwise(lines) if line.startswith("#H"))


def test_the_check_says_that_there_is_no_pepper(monkeypatch):
    """The demo does without, so that is no fault, but whoever is going to serve callers is told."""
    assert "there is no pepper" in CliRunner().invoke(app, ["check"]).stdout
    monkeypatch.setenv("HOTLINE_PASSWORD__PEPPER", "an invented pepper, of no use elsewhere")
    assert CliRunner().invoke(app, ["check"]).stdout == "no fault\n"


def test_the_check_has_a_line_for_each_fault(monkeypatch):
    """Name, value and what is allowed of every one at once, whatever kind of fault it is."""
    for name, value in {"PASSWORD__LENGTH": "5", "CALL__NOTICE": "later", "CALL__AT_ONCE": "many", "NONE": "1"}.items():
        monkeypatch.setenv(f"HOTLINE_{name}", value)
    faults = str(CliRunner().invoke(app, ["check"]).exception).splitlines()
    number = "Input should be a valid integer, unable to parse string as an integer"
    assert sorted(faults) == [
        f"HOTLINE_CALL__AT_ONCE='many': {number}; allowed: 1 to 1000",
        "HOTLINE_CALL__NOTICE='later': Input should be 'early', 'answered' or 'off'",
        "HOTLINE_NONE: there is no such setting",
        "HOTLINE_PASSWORD__LENGTH='5': Input should be greater than or equal to 6; allowed: 6 to 12",
    ]


def shown(*options):
    """Return what `show` prints: each name with its source and value."""
    lines = CliRunner().invoke(app, ["show", *options]).stdout.splitlines()
    return {line.split()[0]: tuple(line.split(maxsplit=2)[1:]) for line in lines}


def test_what_is_in_force_is_shown_with_what_says_so(monkeypatch):
    """Each setting once; what the environment says is told from a default, even where both say the same."""
    monkeypatch.setenv("HOTLINE_PASSWORD__LENGTH", "9")
    monkeypatch.setenv("HOTLINE_MENU", "/etc/hotline/menu.toml")
    everything = shown()
    assert len(everything) == SETTINGS
    assert everything["HOTLINE_PASSWORD__LENGTH"] == ("environment", "9")
    assert everything["HOTLINE_CALL__NOTICE"] == ("default", "early")
    assert shown("--changed") == {
        "HOTLINE_PASSWORD__LENGTH": ("environment", "9"),
        "HOTLINE_MENU": ("environment", "/etc/hotline/menu.toml"),
    }


def test_no_secret_is_shown(monkeypatch):
    """Only that there is one; of the database its address, without password and parameters."""
    for name in ("PASSWORD__PEPPER", "PASSWORD__FORMER_PEPPERS__OLD", "PASSWORD__TRACE_KEY", "FASTAGI__SCRIPT"):
        monkeypatch.setenv(f"HOTLINE_{name}", "hush-hush")
    monkeypatch.setenv("HOTLINE_ARI__PASSWORD", "hush-hush-and-more-of-it")
    monkeypatch.setenv("HOTLINE_DATABASE__DSN", "postgresql://app:hush-hush@db:5432/hotline?sslpassword=hush-hush")
    everything = shown()
    assert "hush" not in str(everything)
    assert everything["HOTLINE_ARI__PASSWORD"] == ("environment", "(set, not shown)")
    assert everything["HOTLINE_PASSWORD__FORMER_PEPPERS"] == ("environment", "old: (set, not shown)")
    assert everything["HOTLINE_DATABASE__DSN"] == ("environment", "postgresql://app@db:5432/hotline?…")


def test_the_page_of_settings_is_current():
    """`hotline settings list --page > docs/settings.md` was run after the last change of a setting."""
    page = CliRunner().invoke(app, ["list", "--page"]).stdout
    assert page == (SHARE / "docs" / "settings.md").read_text(encoding="utf-8")


def numbers(group):
    """Return each setting of a group that is a number."""
    return {name: field for name, field in group.model_fields.items() if field.annotation in {int, float}}


@pytest.mark.parametrize("group", [field.annotation for field in Settings.model_fields.values()])
def test_every_number_has_a_range_and_its_default_is_in_it(group):
    """No number can be set to nothing or to for ever."""
    for name, field in numbers(group).items() if issubclass(group, Group) else ():
        low, high = (getattr(limit, end) for limit, end in zip(field.metadata, ("ge", "le"), strict=True))
        assert low <= field.default <= high, name


def test_a_server_has_words_and_voices_of_its_own(monkeypatch, tmp_path):
    """They are in a folder that no update replaces: script and recordings both follow the setting."""
    monkeypatch.setenv("HOTLINE_VOICE__SCRIPTS", str(tmp_path))
    voice = Settings.load().voice
    assert (voice.script, voice.recorded) == (tmp_path / "vi.toml", tmp_path / "recorded")
