"""Reading the menu, and every fault of it named with its file and line (SPEC §6)."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from hotline.menu import checks
from hotline.menu.hours import Days, Hours, Moment, Span
from hotline.menu.lines import Lines
from hotline.menu.model import Branch, Branch8, Emergency, Menu, Pace, Tries, Wait

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from pathlib import Path

    from hotline.menu.checks import Place

_TABLES: Final[dict[str, type[msgspec.Struct]]] = {
    "hours": Hours,
    "emergency": Emergency,
    "branch8": Branch8,
    "wait": Wait,
    "tries": Tries,
    "reading": Pace,
    "repeat": Pace,
}
_KINDS: Final = {
    "str": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table",
    "date": "a day",
    "datetime": "a moment",
    "time": "a time",
    "null": "nothing",
}
"""What the types are to an admin."""


class MenuError(Exception):
    """The menu can't be used; the message has a line for each fault."""


def load(path: Path, prompts: Collection[str]) -> Menu:
    """Read the menu at `path`; `prompts` are the ids of the script.

    Raises:
        MenuError: it can't be read, or has a fault; see `read`.
    """
    return read(text_of(path), str(path), prompts)


def text_of(path: Path) -> str:
    """Return the text of the file at `path`.

    Raises:
        MenuError: it can't be read.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")  # some editors begin a file with a mark of UTF-8
    except OSError as fault:
        raise MenuError(f"{path}: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        raise MenuError(f"{path}:{line}: not UTF-8") from fault


def read(text: str, name: str, prompts: Collection[str]) -> Menu:
    """Read a menu from its text; `name` stands before the line of each fault, `prompts` are the ids of the script.

    Raises:
        MenuError: it is no TOML, or has a fault: something misspelt or of the wrong kind, an unknown prompt or menu, a
            key used twice or that no phone has, a menu that nobody reaches or that has no way out, hours or holidays
            that are none or overlap.
    """
    lines = Lines(text)
    menu, found = _converted(_parsed(text, name, lines))
    if menu is not None:
        found = list(checks.faults(menu, prompts))
    if menu is None or found:
        told = sorted((lines.of(*place), what) for place, what in found)
        raise MenuError("\n".join(f"{name}:{line}: {what}" for line, what in told))
    return menu


def warned(menu: Menu, text: str, name: str, now: datetime) -> list[str]:
    """Return what is no fault and yet worth a second look, each as `name:line: sentence`."""
    lines = Lines(text)
    return [f"{name}:{lines.of(*place)}: {what}" for place, what in checks.warnings(menu, now)]


def _parsed(text: str, name: str, lines: Lines) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        said = str(fault)
        if lines.twice and re.match(r"Duplicate|Cannot (?:overwrite|declare)", said):
            raise MenuError(f"{name}:{lines.twice[0]}: the same key or name is used twice") from fault
        place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
        line = int(place[1]) if place and place[1] else len(text.splitlines())
        what = said[: place.start()] if place else said
        if "after a key" in what and not text.splitlines()[line - 1].isascii():
            what += "; a name with other letters than a to z stands in quotes"
        raise MenuError(f"{name}:{line}: {what}") from fault


def _converted(data: dict[str, Any]) -> tuple[Menu | None, list[tuple[Place, str]]]:
    """Return the menu, or the first fault of each of its parts."""
    reading = _Reading()
    whole = dict(data)
    if isinstance(branches := data.get("menu"), dict):
        whole["menu"] = {name: reading.convert(branch, Branch, "menu", name) for name, branch in branches.items()}
    if isinstance(hours := data.get("hours"), dict):
        whole["hours"] = {day: reading.each(Span, spans, "hours", day) for day, spans in hours.items()}
    if isinstance(holidays := data.get("holidays"), dict):
        whole["holidays"] = {name: reading.each(Days, days, "holidays", name) for name, days in holidays.items()}
    if isinstance(emergency := data.get("emergency"), dict) and "until" in emergency:
        whole["emergency"] = emergency | {"until": reading.parse(Moment, emergency["until"], "emergency", "until")}
    if reading.found:
        return None, reading.found
    for name, kind in _TABLES.items():
        if name in whole:
            whole[name] = reading.convert(whole[name], kind, name)
    return (None if reading.found else reading.convert(whole, Menu)), reading.found


class _Reading:
    """Makes values of the model of what an admin wrote, and notes what can't be."""

    def __init__(self) -> None:
        self.found: list[tuple[Place, str]] = []

    def convert(self, value: object, kind: Any, *place: str) -> Any:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as fault:
            self.found.append(_in_words(str(fault), place))
            return None

    def each(self, kind: type[Days | Span], written: object, *place: str) -> object:
        """Return each of a list; what is no list is for the model to refuse."""
        if not isinstance(written, list):
            return self.convert(written, list, *place)
        return [self.parse(kind, one, *place) for one in written]

    def parse(self, kind: type[Days | Span | Moment], written: object, *place: str) -> object:
        try:
            return kind.parse(written)
        except ValueError as fault:
            self.found.append((place, str(fault)))
            return None


def _in_words(fault: str, place: Place) -> tuple[Place, str]:
    """Return where a fault of the model is, and what it is as an admin understands it."""
    what, _, path = fault.partition(" - at ")
    inner = re.findall(r"\.([a-z_0-9]+)", path)
    if unknown := re.search(r"unknown field `(.+)`", what):
        inner.append(unknown[1])
        what = f"there is no such setting: {unknown[1]}"
    elif missing := re.search(r"missing required field `(.+)`", what):
        what = f"here is missing: {missing[1]}"
    elif invalid := re.match(r"Invalid enum value '(.*)'", what):
        what = f"“{invalid[1]}” is none of what is allowed here (docs/menu.md)"
    else:
        what = re.sub(r"Expected `([a-z]+)`", lambda kind: f"must be {_KINDS.get(kind[1], kind[1])}", what)
        what = re.sub(r", got `([a-z]+)`", lambda kind: f", not {_KINDS.get(kind[1], kind[1])}", what)
    where = ".".join((*place, *(name for name in inner if not what.endswith(f": {name}"))))
    return (*place, *inner), f"{where}: {what}" if where else what
