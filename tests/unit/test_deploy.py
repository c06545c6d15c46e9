"""What lies in deploy/ for a server: the settings and commands in it are there, and its table names every file."""

import re
from pathlib import Path

import pytest
import typer

from hotline.cli.command import app
from hotline.settings.catalogue import catalogue

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PARTS = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".lock")
FILES = [*PARTS, ROOT / "compose.yaml", ROOT / "Dockerfile"]
IDS = [str(path.relative_to(ROOT)) for path in FILES]
SETTINGS = {setting.name for group in catalogue() for setting in group.settings}


@pytest.mark.parametrize("file", FILES, ids=IDS)
def test_each_setting_in_it_exists(file):
    """Every full name of a setting is one that the application reads."""
    said = set(re.findall(r"HOTLINE_[A-Z]+__[A-Z_]*[A-Z](?![A-Z_])", file.read_text(encoding="utf-8")))
    assert said <= SETTINGS


@pytest.mark.parametrize("file", FILES, ids=IDS)
def test_each_command_in_it_exists(file):
    """Whatever a unit starts is a command with these options."""
    text = file.read_text(encoding="utf-8")
    lists = [line.replace(",", "").replace('"', "") for line in re.findall(r'\["?hotline"?, ([^]]+)\]', text)]
    for line in [*re.findall(r"bin/hotline ([a-z].*)", text), *lists]:
        command = typer.main.get_command(app)
        for word in line.split():
            if word.startswith("-"):
                assert word in {option for one in command.params for option in one.opts}, line
            else:
                command = command.get_command(None, word)
                assert command is not None, line


def test_its_table_names_every_file():
    """Nothing lies there that nobody is told of."""
    page = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for name in {path.relative_to(DEPLOY).parts[0] for path in PARTS} - {"README.md"}:
        assert name in page


def test_a_container_has_every_file_of_a_site():
    """The switchboard's configuration includes each of them, and finds the same globals as anywhere else."""
    shipped, containers = ROOT / "dialplan" / "site", DEPLOY / "container" / "site"
    assert {path.name for path in shipped.iterdir()} == {path.name for path in containers.iterdir()}

    def names(site):
        return re.findall(r"^(\w+) = ", (site / "globals.conf").read_text(encoding="utf-8"), re.MULTILINE)

    assert names(shipped) == names(containers)


@pytest.mark.parametrize("file", ["hotline.env", "clean.env", "canary.env"])
def test_what_a_site_has_to_decide_is_explained(file):
    """Each setting of an example has a comment above it, which begins its paragraph."""
    paragraphs = (DEPLOY / file).read_text(encoding="utf-8").split("\n\n")
    assigning = [text for text in paragraphs if re.search(r"^#?[A-Z_]+=", text, re.MULTILINE)]
    assert assigning
    assert all(text.startswith("# ") for text in assigning)
