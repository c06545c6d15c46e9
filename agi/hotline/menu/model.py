"""The menu as data, as an admin wrote it: SPEC §2 for the defaults, §6 for the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=1, le=60)]
"""Ten digits keyed fast still come one every 0.14 s, and people are slower: under a second nobody could be served."""
Times = Annotated[int, msgspec.Meta(ge=1, le=10)]


@dataclass(frozen=True)
class Reissue:
    """A new password."""


@dataclass(frozen=True)
class GoTo:
    """Another menu."""

    menu: str


@dataclass(frozen=True)
class Say:
    """A piece of information, then the same menu again."""

    prompt: str


@dataclass(frozen=True)
class Again:
    """The same menu, in its longer form."""


@dataclass(frozen=True)
class End:
    """A polite goodbye."""


Action = Reissue | GoTo | Say | Again | End


def action(text: str) -> Action:
    """Return the action an admin wrote.

    Raises:
        ValueError: it is none of those at the head of menu.toml.
    """
    match text.split():
        case ["reissue"]:
            return Reissue()
        case ["menu", name]:
            return GoTo(name)
        case ["say", prompt]:
            return Say(prompt)
        case ["again"]:
            return Again()
        case ["end"]:
            return End()
        case _:
            raise ValueError(f"“{text}” is none of: reissue, menu <name>, say <prompt id>, again, end")


class Branch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One menu: what is said, and where each key leads."""

    prompt: str
    again: str
    keys: Mapping[str, str]

    def action(self, key: str) -> Action:
        """Return where `key` leads; only for keys of this menu."""
        return action(self.keys[key])


class Wait(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds we wait for a key, counted from the end of the prompt or from the key before."""

    menu_key: Seconds = 7.0
    first_digit: Seconds = 15.0
    next_digit: Seconds = 6.0
    after_ten: Seconds = 4.0
    after_twelve: Annotated[float, msgspec.Meta(ge=0.5, le=60)] = 1.0


class Tries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often before help is given and the call ends."""

    no_input: Times = 3
    no_match: Times = 3
    numbers: Times = 3
    rereadings: Times = 5


class Pace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds of silence between digits read out, from the end of speech to the start of speech."""

    digit_gap: Annotated[float, msgspec.Meta(ge=0.1, le=2)]
    group_gap: Annotated[float, msgspec.Meta(ge=0.3, le=3)]


class Menu(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole menu; immutable, so a call in progress keeps the one it began with."""

    start: str
    give_up: str
    menu: Mapping[str, Branch]
    wait: Wait = Wait()
    tries: Tries = Tries()
    reading: Pace = Pace(digit_gap=0.2, group_gap=1.0)
    repeat: Pace = Pace(digit_gap=0.3, group_gap=2.0)

    @property
    def prompts(self) -> frozenset[str]:
        """The ids of all prompts that the menu names."""
        said = {self.give_up}
        for branch in self.menu.values():
            said |= {branch.prompt, branch.again}
            said |= {to.prompt for key in branch.keys if isinstance(to := branch.action(key), Say)}
        return frozenset(said)
