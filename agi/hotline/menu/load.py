"""Reading the menu, and every fault of it named with its file and line (SPEC §6)."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import msgspec

from hotline.menu.model import Action, Branch, End, GoTo, Menu, Say, action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

PHONE_KEYS = "0123456789*#"


class MenuError(Exception):
    """The menu can't be used; the message has a line for each fault."""


def load(path: Path, prompts: Collection[str]) -> Menu:
    """Read the menu at `path`; `prompts` are the ids of the script.

    Raises:
        MenuError: it can't be read, or has a fault: an unknown prompt or menu, a key no phone has, a menu that
            nobody reaches or that has no way out.
    """
    try:
        text = path.read_text(encoding="utf-8")
        menu = msgspec.convert(tomllib.loads(text), Menu)
    except OSError as fault:
        raise MenuError(f"{path}: {fault.strerror}") from fault
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise MenuError(f"{path}: {fault}") from fault
    except msgspec.ValidationError as fault:
        raise MenuError(f"{path}:{_line_of_value(text, str(fault))}: {_in_words(str(fault))}") from fault
    found = [f"{path}:{_line(text, where)}: {what}" for where, what in faults(menu, prompts)]
    if found:
        raise MenuError("\n".join(found))
    return menu


def faults(menu: Menu, prompts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield every fault: the menu it is in (empty for the file as a whole) and a sentence."""
    if menu.start not in menu.menu:
        yield "", f"start = “{menu.start}”: there is no such menu"
    if menu.give_up not in prompts:
        yield "", f"give_up = “{menu.give_up}”: there is no such prompt"
    for name, branch in menu.menu.items():
        yield from ((name, fault) for fault in _branch_faults(branch, menu, prompts))
    if not any("reissue" in branch.keys.values() for branch in menu.menu.values()):
        yield "", "no key leads to “reissue”, which the hotline is for"
    for name in sorted(set(menu.menu) - _reached(menu)):
        yield name, f"no key leads to menu “{name}”"


def _branch_faults(branch: Branch, menu: Menu, prompts: Collection[str]) -> Iterator[str]:
    for prompt in (branch.prompt, branch.again):
        if prompt not in prompts:
            yield f"there is no prompt “{prompt}”"
    actions: list[Action] = []
    for key, written in branch.keys.items():
        if len(key) != 1 or key not in PHONE_KEYS:
            yield f"“{key}” is no key of a phone"
        try:
            actions.append(action(written))
        except ValueError as fault:
            yield f"key {key}: {fault}"
            continue
        match actions[-1]:
            case GoTo(name) if name not in menu.menu:
                yield f"key {key}: there is no menu “{name}”"
            case Say(prompt) if prompt not in prompts:
                yield f"key {key}: there is no prompt “{prompt}”"
            case _:
                pass
    if End() not in actions:
        yield "a dead end: no key leads to “end”"


def _reached(menu: Menu) -> set[str]:
    reached: set[str] = set()
    ahead = [menu.start]
    while ahead:
        name = ahead.pop()
        if name in reached or name not in menu.menu:
            continue
        reached.add(name)
        ahead += [text.split()[1] for text in menu.menu[name].keys.values() if text.startswith("menu ")]
    return reached


def _line(text: str, menu: str) -> int:
    """Return the line where `menu` begins; 1 for the file as a whole."""
    header = f"[menu.{menu}]"
    return next((at for at, line in enumerate(text.splitlines(), 1) if line.strip().startswith(header)), 1)


def _line_of_value(text: str, fault: str) -> int:
    """Return the line that a fault of the model is about: of its last name that stands in the file."""
    names = re.findall(r"`([^`$]+)`|\.([a-z_]+)", fault)
    lines = text.splitlines()
    # The setting itself is named last in a path, but first where it is unknown.
    for name in [unknown for unknown, _ in names if unknown] + [known for _, known in reversed(names) if known]:
        for at, line in enumerate(lines, 1):
            if re.match(rf"\s*\[?{re.escape(name)}\b", line):
                return at
    return 1


def _in_words(fault: str) -> str:
    """Return a fault of the model as an admin understands it."""
    what, _, where = fault.partition(" - at ")
    what = what.replace("Object contains unknown field", "there is no such setting:")
    what = what.replace("Object missing required field", "here is missing:")
    return f"{where.strip('`').replace('$.', '')}: {what}" if where else what
