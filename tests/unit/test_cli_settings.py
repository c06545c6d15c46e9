"""`hotline settings`: what may be set, and whether what is set will do."""

import itertools
import os

import pytest
from typer.testing import CliRunner

from hotline.cli.settings import app
from hotline.settings import Group, Settings

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
