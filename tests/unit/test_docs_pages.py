"""The pages for people: the commands, settings and links on them are there."""

import re
from pathlib import Path

import pytest
import typer

from hotline.cli.command import app
from hotline.settings import Group, Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md"), *ROOT.glob("deploy/*.md")])
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
COMMAND = typer.main.get_command(app)
NAMES = {
    f"HOTLINE_{group.upper()}__{name.upper()}"
    for group, field in Settings.model_fields.items()
    if issubclass(field.annotation, Group)
    for name in field.annotation.model_fields
}

pytestmark = pytest.mark.parametrize("page", PAGES, ids=IDS)


def written(page):
    """Return each `hotline …` of a page's code as its words, without comments."""
    text = page.read_text(encoding="utf-8")
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    lines = [re.sub(r"#.*", "", line) for line in text.splitlines() if line.startswith("    ")]
    for code in [*spans, *lines]:
        # Two may stand side by side, and quoted text is an argument's.
        for said in re.split(r"(?:^|\s)(?:\.venv/bin/)?hotline(?= +[a-z-])", re.sub(r"\".*?\"", "…", code))[1:]:
            yield said.split()


def unknown(words):
    """Return the first word that is neither a command of ours nor an option of it, or nothing."""
    command = COMMAND
    for word in words:
        if word.startswith("-"):
            if word not in {"--help"}.union(*(option.opts for option in command.params)):
                return word
        elif isinstance(command, typer.core.TyperGroup):
            command = command.get_command(None, word)
            if command is None:
                return word
    return None


def test_each_command_on_a_page_exists(page):
    """Who copies a command from a page is not told that there is no such command or option."""
    assert [words for words in written(page) if unknown(words)] == []


def test_each_setting_on_a_page_exists(page):
    """Every full name of a setting is one that the application reads."""
    said = set(re.findall(r"HOTLINE_[A-Z]+__[A-Z_]*[A-Z](?![A-Z_])", page.read_text(encoding="utf-8")))
    said = {re.sub(r"(FORMER_PEPPERS|FORMER_PEPPER_FILES)__.*", r"\1", name) for name in said}
    assert said <= NAMES


def anchor(heading):
    """Return the name by which a heading is linked to."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_each_link_on_a_page_leads_somewhere(page):
    """Files are there, and so are the headings linked to."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, heading = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {anchor(one) for one in headings}, target
