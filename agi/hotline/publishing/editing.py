"""The quick changes to a menu's text: the emergency greeting and the switch of branch 8. Remarks stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

from hotline.menu import VIETNAM
from hotline.publishing.errors import NothingToChange

if TYPE_CHECKING:
    from datetime import datetime


def greeting_on(text: str, until: datetime, *, prompt: str = "", said: str = "") -> str:
    """Return a menu's text with an emergency greeting until a moment; what is not given stays, or is the default."""
    document = tomlkit.parse(text)
    table = _table(document, "emergency")
    table["until"] = until.astimezone(VIETNAM).replace(tzinfo=None, microsecond=0)
    for name, value in (("prompt", prompt), ("said", said)):
        if value:
            table[name] = value
    return tomlkit.dumps(document)


def greeting_off(text: str) -> str:
    """Return a menu's text without an emergency greeting.

    Raises:
        NothingToChange: it has none.
    """
    document = tomlkit.parse(text)
    if "emergency" not in document:
        raise NothingToChange("the menu has no emergency greeting")
    document.remove("emergency")
    return tomlkit.dumps(document)


def branch8(text: str, *, on: bool, prompt: str = "") -> str:
    """Return a menu's text with branch 8 switched on, or off with the sentence `prompt`.

    Raises:
        NothingToChange: it is that way already.
    """
    document = tomlkit.parse(text)
    table = _table(document, "branch8")
    if bool(table.get("open", True)) is on and (not prompt or table.get("prompt") == prompt):
        raise NothingToChange(f"branch 8 is switched {'on' if on else 'off'} already")
    table["open"] = on
    if prompt:
        table["prompt"] = prompt
    return tomlkit.dumps(document)


def _table(document: tomlkit.TOMLDocument, name: str) -> Any:
    if name not in document:
        if document.as_string() and not document.as_string().endswith("\n\n"):
            document.add(tomlkit.nl())
        document[name] = tomlkit.table()
    return document[name]
