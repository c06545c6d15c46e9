"""The menu as data, as an admin wrote it: SPEC §2 for the defaults, §6 for the checks. docs/menu.md explains each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from hotline.menu.hours import VIETNAM, Days, Hours, Moment

if TYPE_CHECKING:
    from datetime import datetime

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


class Emergency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A greeting for a time of trouble; it ends by itself.

    Attributes:
        until: said to who calls before this moment.
        prompt: what is said.
        said: before the answer, and so free of charge, or after it, before the menu.
    """

    until: Moment
    prompt: str = "emergency"
    said: Literal["before-answer", "before-menu"] = "before-answer"


class Branch8(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The switch of the re-issue, whichever key leads to it.

    Attributes:
        open: false: who wants a new password hears a sentence, and the menu again.
        prompt: the sentence.
    """

    open: bool = True
    prompt: str = "branch8-off"


class Menu(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole menu; immutable, so a call in progress keeps the one it began with."""

    start: str
    give_up: str
    menu: Mapping[str, Branch]
    closed: str = "closed"
    holiday: str = "closed-holiday"
    hours: Hours | None = None
    holidays: Mapping[str, tuple[Days, ...]] = {}
    emergency: Emergency | None = None
    branch8: Branch8 = Branch8()
    wait: Wait = Wait()
    tries: Tries = Tries()
    reading: Pace = Pace(digit_gap=0.2, group_gap=1.0)
    repeat: Pace = Pace(digit_gap=0.3, group_gap=2.0)

    def closed_at(self, moment: datetime) -> str | None:
        """Return the prompt for who calls at `moment`, which knows its time zone; None when the hotline is open."""
        today = moment.astimezone(VIETNAM).date()
        if any(today in days for dates in self.holidays.values() for days in dates):
            return self.holiday
        if self.hours is not None and not self.hours.open_at(moment):
            return self.closed
        return None

    def emergency_at(self, moment: datetime) -> Emergency | None:
        """Return the greeting that is said at `moment`, which knows its time zone."""
        return self.emergency if self.emergency is not None and moment < self.emergency.until.at else None

    @property
    def plain(self) -> Menu:
        """The menu on a day on which nothing is the matter and somebody is there at any hour."""
        return msgspec.structs.replace(self, hours=None, holidays={}, emergency=None, branch8=Branch8())

    @property
    def prompts(self) -> frozenset[str]:
        """The ids of all prompts that the menu names."""
        said = {self.give_up, self.closed, self.holiday, self.branch8.prompt}
        if self.emergency is not None:
            said.add(self.emergency.prompt)
        for branch in self.menu.values():
            said |= {branch.prompt, branch.again}
            said |= {to.prompt for key in branch.keys if isinstance(to := branch.action(key), Say)}
        return frozenset(said)
