"""The faults of a menu that can be read: what it names is not there, or leads nowhere (SPEC §6)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hotline.menu.hours import VIETNAM
from hotline.menu.model import Action, End, GoTo, Say, action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from hotline.menu.model import Branch, Menu

    Place = tuple[str, ...]
    """Where in the file something stands: the names of its tables, and its own."""

PHONE_KEYS = "0123456789*#"


def faults(menu: Menu, prompts: Collection[str]) -> Iterator[tuple[Place, str]]:
    """Yield every fault: where it is, and a sentence. `prompts` are the ids of the script."""
    if menu.start not in menu.menu:
        yield ("start",), f"start = “{menu.start}”: there is no such menu"
    for place, prompt in _named(menu):
        if prompt not in prompts:
            yield place, f"{place[-1]} = “{prompt}”: there is no such prompt"
    for name, branch in menu.menu.items():
        for place, fault in _branch_faults(branch, menu, prompts):
            yield ("menu", name, *place), fault
    if not any("reissue" in branch.keys.values() for branch in menu.menu.values()):
        yield (), "no key leads to “reissue”, which the hotline is for"
    for name in sorted(set(menu.menu) - _reached(menu)):
        yield ("menu", name), f"no key leads to menu “{name}”"
    if menu.hours is not None:
        for day, fault in menu.hours.faults():
            yield ("hours", *([day] if day else [])), fault
    yield from _overlaps(menu)


def warnings(menu: Menu, now: datetime) -> Iterator[tuple[Place, str]]:
    """Yield what is allowed and yet worth a second look: where it is, and a sentence. `now` knows its time zone."""
    if menu.emergency is not None and menu.emergency_at(now) is None:
        yield ("emergency", "until"), f"the emergency greeting ended at {menu.emergency.until}: it is said no more"
    if not menu.branch8.open:
        yield ("branch8", "open"), "branch 8 is switched off: nobody gets a password"
    today = now.astimezone(VIETNAM).date()
    for name, dates in menu.holidays.items():
        if dates and all(days.last < today for days in dates):
            yield ("holidays", name), f"“{name}” is over: has it a date in the next year?"


def _named(menu: Menu) -> Iterator[tuple[Place, str]]:
    """Yield the prompts that are named outside of the menus, and where."""
    yield ("give_up",), menu.give_up
    yield ("closed",), menu.closed
    yield ("holiday",), menu.holiday
    yield ("branch8", "prompt"), menu.branch8.prompt
    if menu.emergency is not None:
        yield ("emergency", "prompt"), menu.emergency.prompt


def _branch_faults(branch: Branch, menu: Menu, prompts: Collection[str]) -> Iterator[tuple[Place, str]]:
    for setting in ("prompt", "again"):
        if (prompt := getattr(branch, setting)) not in prompts:
            yield (setting,), f"there is no prompt “{prompt}”"
    actions: list[Action] = []
    for key, written in branch.keys.items():
        place = ("keys", key)
        if len(key) != 1 or key not in PHONE_KEYS:
            yield place, f"“{key}” is no key of a phone"
        try:
            actions.append(action(written))
        except ValueError as fault:
            yield place, f"key {key}: {fault}"
            continue
        match actions[-1]:
            case GoTo(name) if name not in menu.menu:
                yield place, f"key {key}: there is no menu “{name}”"
            case Say(prompt) if prompt not in prompts:
                yield place, f"key {key}: there is no prompt “{prompt}”"
            case _:
                pass
    if End() not in actions:
        yield ("keys",), "a dead end: no key leads to “end”"


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


def _overlaps(menu: Menu) -> Iterator[tuple[Place, str]]:
    every = sorted((days, name) for name, dates in menu.holidays.items() for days in dates)
    for (first, one), (second, other) in pairwise(every):
        if second.first <= first.last:
            what = f"{second} overlaps {first}" + (f" of “{one}”" if one != other else "")
            yield ("holidays", other), f"“{other}”: {what}"
