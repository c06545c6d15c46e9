"""What there is to draw of a menu: a box for each place a caller comes to, and where each key leads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from hotline.menu import Again, End, GoTo, Reissue, Say, steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hotline.menu import Action, Branch, Menu
    from hotline.records.walks import Walks

Kind = Literal["door", "menu", "reissue", "information", "end", "off"]
NO_KEY: Final = "…"
"""In place of a key: nothing was pressed, or what leads nowhere, too often."""


@dataclass(frozen=True)
class Row:
    """A line of a box that leads on.

    Attributes:
        key: of the phone; empty where none is needed.
        words: what it does.
        to: id of the box it leads to; empty for the same one.
        calls: that went this way; None where they were not counted.
    """

    key: str
    words: str
    to: str
    calls: int | None


@dataclass(frozen=True)
class Box:
    """A place a caller comes to.

    Attributes:
        id: its step in the records.
        title: its name.
        said: the prompts, each with its seconds.
        rows: where it leads.
        calls: that came here; None where they were not counted.
        ended: that ended here, by outcome, the most frequent first.
    """

    id: str
    kind: Kind
    title: str
    said: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    calls: int | None = None
    ended: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Graph:
    """The boxes in the order of the way to them, by columns: how many keys away from the call's beginning."""

    title: str
    columns: tuple[tuple[Box, ...], ...]

    @property
    def boxes(self) -> dict[str, Box]:
        """Every box by its id."""
        return {box.id: box for column in self.columns for box in column}


def graph(menu: Menu, title: str, seconds: Mapping[str, float], walks: Walks | None = None) -> Graph:
    """Return what to draw of `menu`; `seconds` are of its prompts, as far as they are built."""
    return _Drawing(menu, seconds, walks).graph(title)


class _Drawing:
    def __init__(self, menu: Menu, seconds: Mapping[str, float], walks: Walks | None) -> None:
        self._menu = menu
        self._seconds = seconds
        self._walks = walks

    def graph(self, title: str) -> Graph:
        columns: list[tuple[Box, ...]] = []
        seen: set[str] = set()
        ahead = [steps.DOOR]
        while ahead:
            seen.update(ahead)
            column = tuple(self._box(step) for step in ahead)
            columns.append(column)
            ahead = list(dict.fromkeys(row.to for box in column for row in box.rows if row.to and row.to not in seen))
        return Graph(title, tuple(columns))

    def _box(self, step: str) -> Box:
        kind, title = _face(step)
        rows = tuple(self._rows(step))
        said = tuple(self._told(prompt) for prompt in dict.fromkeys(self._prompts(step)))
        if step == steps.DOOR and (emergency := self._menu.emergency):
            said = (f"until {emergency.until}: {said[0]}",)
        calls = None if self._walks is None else self._walks.reached.get(step, 0)
        return Box(step, kind, title, said, rows, calls, self._ended(step))

    def _prompts(self, step: str) -> Iterator[str]:
        """Yield what is said at a step."""
        menu = self._menu
        if step == steps.DOOR and menu.emergency is not None:
            yield menu.emergency.prompt
        elif step == steps.SWITCHED_OFF:
            yield menu.branch8.prompt
        elif step == steps.GIVEN_UP:
            yield menu.give_up
        elif branch := self._branch(step):
            yield from (branch.prompt, branch.again)
        elif step.startswith(steps.said("")):
            yield step.removeprefix(steps.said(""))

    def _branch(self, step: str) -> Branch | None:
        """Return the menu that a step is of; None if it is of none."""
        return self._menu.menu.get(step.removeprefix(steps.menu(""))) if step.startswith(steps.menu("")) else None

    def _rows(self, step: str) -> Iterator[Row]:
        """Yield where a step leads by what the caller does. After a piece of information its menu comes by itself."""
        if step == steps.DOOR:
            first = steps.menu(self._menu.start)
            yield Row("", "answered", first, None if self._walks is None else self._walks.reached.get(first, 0))
        if branch := self._branch(step):
            for key in branch.keys:
                yield self._row(step, key, *self._aim(branch.action(key)))
            yield self._row(step, NO_KEY, "no key, or wrong ones", steps.GIVEN_UP)

    def _aim(self, action: Action) -> tuple[str, str]:
        match action:
            case Reissue() if not self._menu.branch8.open:
                return "branch 8, switched off", steps.SWITCHED_OFF
            case Reissue():
                return "a new password", steps.REISSUE
            case GoTo(name):
                return f"menu {name}", steps.menu(name)
            case Say(prompt):
                return prompt, steps.said(prompt)
            case Again():
                return "the longer form", steps.HELP
            case End():
                return "goodbye", steps.END

    def _row(self, step: str, key: str, words: str, to: str) -> Row:
        calls = None if self._walks is None else self._walks.went.get((step, to), 0)
        return Row(key, words, "" if to == steps.HELP else to, calls)

    def _told(self, prompt: str) -> str:
        return f"“{prompt}” {self._seconds[prompt]:.1f} s" if prompt in self._seconds else f"“{prompt}”"

    def _ended(self, step: str) -> tuple[tuple[str, int], ...]:
        """Return how calls ended whose last step stands for this one."""
        sums: Counter[str] = Counter()
        for (last, outcome), calls in self._walks.ended.items() if self._walks else ():
            if _place(last) == step:
                sums[outcome] += calls
        return tuple(sums.most_common())


def _face(step: str) -> tuple[Kind, str]:
    """Return what kind of place a step is, and its title."""
    match step.partition(":"):
        case (steps.DOOR, _, _):
            return "door", "a call comes in"
        case ("menu", _, name):
            return "menu", f"menu {name}"
        case ("say", _, _):
            return "information", "information"
        case (steps.REISSUE, _, _):
            return "reissue", "a new password"
        case (steps.SWITCHED_OFF, _, _):
            return "off", "branch 8 is switched off"
        case _:
            return "end", "could not be helped" if step == steps.GIVEN_UP else "goodbye"


def _place(step: str) -> str:
    """Return the box that a step is in: the menu's steps have their own, all others are of the re-issue."""
    if step == steps.ANSWER:
        return steps.DOOR
    own = {steps.DOOR, steps.HELP, steps.END, steps.SWITCHED_OFF, steps.GIVEN_UP}
    return step if step in own or ":" in step else steps.REISSUE
