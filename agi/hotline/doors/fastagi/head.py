"""What Asterisk says of a call before the first command: `agi_name: value` lines and an empty one.

Only the arguments that the dialplan hands over are believed, and they stand last. What stands before them may hold what
a caller made up, line feeds included. So a head in which a name comes twice, or an argument anywhere but in its place,
is refused; one that was ended early is found out by `Session.begin`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

LINE_BYTES = 8192
"""Of a line, at most; Asterisk's own limit on what a dialplan hands over."""
MOST_BYTES = 32_768
"""Of a whole head. An honest one has about 800, and the headers of a SIP message on top."""
MOST_LINES = 160
"""Of a whole head: Asterisk 22 sends 22, and 127 arguments at most."""

_ARGUMENT = re.compile(r"agi_arg_([0-9]+)")
_LINE = re.compile(r"(agi_[a-z0-9_]+): ?(.*)")


class HeadRefused(Exception):
    """This is no call we take; the message says why and holds nothing of what was sent."""


@dataclass(frozen=True)
class Head:
    """What was said of one call.

    Attributes:
        script: the name after the address: `hotline` of `agi://127.0.0.1/hotline`.
        arguments: what the dialplan handed over, in order.
        headers: all of it, by name.
    """

    script: str
    arguments: tuple[str, ...]
    headers: Mapping[str, str]


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """Read a head; None when there was nothing to read (a connection that was only tried).

    Raises:
        HeadRefused: too long, cut off or contradictory.
    """
    lines: list[str] = []
    size = 0
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            raise HeadRefused("a line is too long") from None
        size += len(line)
        if not line.endswith(b"\n"):
            if not lines and not line:
                return None
            raise HeadRefused("it ends in the middle")
        if line == b"\n":
            return understood(lines)
        if size > MOST_BYTES or len(lines) >= MOST_LINES:
            raise HeadRefused("it is too long")
        # A name may be in any encoding; none of what we use is other than ASCII.
        lines.append(line[:-1].decode(errors="replace"))


def understood(lines: list[str]) -> Head:
    """Return what `lines`, without the empty one, say.

    Raises:
        HeadRefused: a line is none of Asterisk's, a name comes twice, or an argument is not in its place.
    """
    headers: dict[str, str] = {}
    arguments: list[str] = []
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            raise HeadRefused("a line is not of Asterisk's making")
        name, value = found.groups()
        if name in headers:
            raise HeadRefused("a name comes twice")
        headers[name] = value
        argument = _ARGUMENT.fullmatch(name)
        if argument is not None and int(argument[1]) == len(arguments) + 1:
            arguments.append(value)
        elif argument is not None or arguments:
            raise HeadRefused("an argument is not in its place")
    return Head(headers.get("agi_network_script", ""), tuple(arguments), headers)
