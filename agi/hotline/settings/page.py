"""The page of all settings, docs/settings.md, made of the code by `hotline settings list --page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.settings.catalogue import catalogue
from hotline.settings.places import CACHE, SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hotline.settings.catalogue import Setting

_HEAD = """\
# Settings

Made from the code by `hotline settings list --page`; a test holds it current. Settings are environment variables. A
wrong one, or a misspelt name, ends any command with a line that names it, its value and what is allowed, and exit
status 2.

    hotline settings check      # one line for each fault; also reads the files of secrets
    hotline settings show       # what is in force, and what says so; secrets are not shown
    hotline settings list       # all of these as a file of environment variables, explained and commented out

The menu's words, waits and tries are no settings: they are in [menu.toml](../dialplan/menu.toml). In a default, `…` is
the checkout, or where the package is installed.
"""


def page() -> str:
    """Return the page; the same on every machine."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    for group in catalogue():
        yield f"## {group.title}\n"
        yield "| setting | default | allowed | what for |"
        yield "|---|---|---|---|"
        yield from map(_row, group.settings)
        yield ""


def _row(setting: Setting) -> str:
    name = setting.name + ("__…" if setting.keyed else "")
    default = _placed(setting.default)
    purpose = setting.purpose.replace("|", "\\|")
    return f"| `{name}` | {f'`{default}`' if default else '–'} | {setting.allowed} | {purpose} |"


def _placed(default: str) -> str:
    """Return a default with the folders of this machine named by what they are."""
    for folder, name in ((CACHE, "~/.cache/vssid-hotline"), (SHARE, "…")):
        default = default.replace(f"{folder}/", f"{name}/")
    return default
