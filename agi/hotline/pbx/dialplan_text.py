"""The dialplan as `dialplan show` prints it: steps with file and line, and where each of them goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CONTEXT = re.compile(r"^\[ Context '([^']+)' created by")
_EXTENSION = re.compile(r"^  '([^']+)'")
_STEP = re.compile(r"(\d+|hint)\. (\w+)\((.*)\)\s+\[(.+):(\d+)\]$")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_GLOBAL = re.compile(r"^\s+(\w+)=(.*)$", re.MULTILINE)
_JUMPS: Final = frozenset({"Goto", "Gosub"})
_CONDITIONS: Final = frozenset({"GotoIf", "GosubIf", "GotoIfTime"})


@dataclass(frozen=True)
class Step:
    """One priority.

    Attributes:
        context: it is in.
        extension: it is of.
        application: what it runs.
        arguments: with their variables.
        file: of the configuration, as Asterisk names it.
        line: there.
    """

    context: str
    extension: str
    application: str
    arguments: str
    file: str
    line: int


@dataclass(frozen=True)
class Target:
    """Where a step goes."""

    context: str
    extension: str
    priority: str


@dataclass(frozen=True)
class Dialplan:
    """All steps.

    Attributes:
        contexts: their names.
        steps: in the order of the listing.
        globals: the global variables.
    """

    contexts: frozenset[str]
    steps: tuple[Step, ...]
    globals: dict[str, str]

    @classmethod
    def read(cls, shown: str, shown_globals: str) -> Dialplan:
        """Understand what `dialplan show` and `dialplan show globals` print."""
        contexts, steps = [], []
        extension = ""
        for line in shown.splitlines():
            if found := _CONTEXT.match(line):
                contexts.append(found[1])
            elif contexts:
                if found := _EXTENSION.match(line):
                    extension = found[1]
                if found := _STEP.search(line):
                    steps.append(Step(contexts[-1], extension, found[2], found[3], found[4], int(found[5])))
        return cls(frozenset(contexts), tuple(steps), dict(_GLOBAL.findall(shown_globals)))

    def resolved(self, text: str) -> str:
        """Return `text` with the values of global variables; others stay."""
        return resolved(text, self.globals)


def resolved(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with `values` in place of the variables that they are of; others stay."""
    return _VARIABLE.sub(lambda name: values.get(name[1], name[0]), text)


def targets(step: Step, values: Mapping[str, str]) -> Iterator[Target]:
    """Yield where `step` goes; a place that only a call knows is left out."""
    if step.application in _JUMPS:
        branches = [step.arguments]
    elif step.application in _CONDITIONS:
        branches = _split(step.arguments, "?", 1)[1:]
        branches = [branch for both in branches for branch in _split(both, ":", 1)]
    else:
        return
    for branch in branches:
        written = resolved(branch, values).strip()
        if not written or "$" in written:
            continue
        written = re.sub(r"\(.*\)$", "", written)  # the arguments of a Gosub
        match [part.strip() for part in written.split(",")]:
            case [priority]:
                yield Target(step.context, step.extension, priority)
            case [extension, priority]:
                yield Target(step.context, extension, priority)
            case [context, extension, priority, *_]:
                yield Target(context, extension, priority)


def _split(text: str, mark: str, most: int) -> list[str]:
    """Split at `mark` where it stands outside of brackets."""
    parts: list[str] = []
    depth = begin = 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == mark and depth == 0 and len(parts) < most:
            parts.append(text[begin:at])
            begin = at + 1
    return [*parts, text[begin:]]
