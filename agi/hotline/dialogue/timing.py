"""How long calls take: the conversation itself, held with callers of known pace in virtual time (SPEC §2).

Nothing is computed beside the dialogue: what is timed is the code that serves callers, with the menu, the gaps and the
sounds they get. So whatever makes a call longer, in words, waits or code, is seen here.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast

from hotline.call import Call, CallerGone
from hotline.call.scripted import HANG_UP, On, ScriptedLine
from hotline.desk import Activation, Desk, MediaRule, SecretDigits
from hotline.desk import Reissue as NewPassword
from hotline.dialogue.hotline import Hotline
from hotline.dialogue.readings import Readings
from hotline.dialogue.reception import converse
from hotline.menu import Action, End, GoTo, Reissue, Say
from hotline.prompts import compose, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hotline.desk import CallerNumber, Finding, InsuranceNumber
    from hotline.menu import Menu, Pace
    from hotline.prompts import Library

LISTENER_LIMIT: Final = 58.0
"""Seconds from the answer in which who hears every prompt and keys one key a second is done: one billed minute."""
AHEAD_LIMIT: Final = 35.0
"""Seconds from the answer in which who keys ahead at that pace, from the answer on, has heard the password twice."""
SHORTEST_PASSWORD: Final = 6
"""Digits, by SPEC §4."""
_KEY_SECONDS: Final = 1.0

_NUMBER: Final = "012345678901"
_CALLER: Final = ("origin=phone", "number=0900000000")

Way = tuple[tuple[str, str], ...]
"""To a place of the menu: each prompt that is heard, and the key pressed at its end."""


@dataclass(frozen=True)
class Timed:
    """One way through the call.

    Attributes:
        name: who goes it, and where to.
        keys: what is keyed, in order.
        seconds: from the answer to its end.
        limit: the seconds it may take; None where no rule says.
    """

    name: str
    keys: str
    seconds: float
    limit: float | None = None

    @property
    def billed_minutes(self) -> int:
        """Started minutes, which is what the caller pays."""
        return -int(-self.seconds // 60)

    @property
    def too_long(self) -> bool:
        """Whether it takes longer than it may."""
        return self.limit is not None and self.seconds > self.limit


@dataclass(frozen=True)
class Timer:
    """Times calls to a hotline with this menu and these sounds.

    Attributes:
        menu: where the keys lead, and how long is waited for them.
        library: the prompts.
        digits: how many a password has.
        notice: when the price is told; after the answer it takes paid time.
    """

    menu: Menu
    library: Library
    digits: int
    notice: Literal["early", "answered", "off"]

    async def all(self) -> list[Timed]:
        """Return the paths of the re-issue, those with a limit first, and then the way to all else the menu offers."""
        ways = list(_ways(self.menu))
        reissue = next(way for way, action in ways if action == Reissue())
        return [
            *await self._reissues(reissue),
            *[await self._information(way, action) for way, action in ways if action != Reissue()],
        ]

    async def most_digits(self) -> int | None:
        """Return how many digits a shorter password may have at most for calls to keep their limits.

        None where no limit is broken, and where no shorter one would help.
        """
        fits = {digits: await self._fits(digits) for digits in range(SHORTEST_PASSWORD, self.digits + 1)}
        return None if fits[self.digits] else max((digits for digits, well in fits.items() if well), default=None)

    async def _fits(self, digits: int) -> bool:
        return not any(way.too_long for way in await replace(self, digits=digits).all())

    async def _reissues(self, way: Way) -> list[Timed]:
        path = "".join(key for _, key in way)
        chosen = [_listening(*step) for step in way]
        twelve = _listening("ask-number", _NUMBER + "#")
        yes = _listening("read-back-ask", "1")
        done = On("after-reading", HANG_UP, after=0)
        first = "notice" if self.notice == "answered" else way[0][0]
        ahead = On(first, path + twelve.keys, after=-self.library[first].seconds, pace=_KEY_SECONDS)
        heard_twice = On("repeat-password", HANG_UP, after=0)
        numbers = self.menu.tries.numbers
        return [
            await self._time("twelve digits, every prompt heard", [*chosen, twelve, done], limit=LISTENER_LIMIT),
            await self._time("twelve digits, keyed ahead", [ahead, heard_twice], limit=AHEAD_LIMIT),
            await self._time("ten digits and #", [*chosen, _listening("ask-number", _NUMBER[:10] + "#"), done]),
            await self._time("ten digits without #", [*chosen, _listening("ask-number", _NUMBER[:10]), done]),
            await self._time("a match with the second number", [*chosen, twelve, twelve, yes, done], mismatches=1),
            await self._time("no match at all", [*chosen, twelve, *[twelve, yes] * (numbers - 1)], mismatches=numbers),
            await self._time("nothing keyed", []),
        ]

    async def _information(self, way: Way, action: Action) -> Timed:
        """Time the way to where a key leads, to the end of what is said there."""
        steps = [_listening(*step) for step in way]
        match action:
            case Say(prompt):
                return await self._time(prompt, [*steps, On(prompt, HANG_UP, after=0)])
            case GoTo(name):
                return await self._time(f"menu {name}", [*steps, On(self.menu.menu[name].prompt, HANG_UP, after=0)])
            case _:
                return await self._time(type(action).__name__.lower(), steps)

    async def _time(self, name: str, script: Sequence[On], *, mismatches: int = 0, limit: float | None = None) -> Timed:
        line = ScriptedLine(*script)
        call = Call("timed", line, self.library, _CALLER)
        hotline = Hotline(
            self.menu.plain,
            _PromptDesk(self.digits, mismatches),
            _Readings(self.library),
            MediaRule((ip_network("192.0.2.0/24"),)),
            self.notice,
            test_phones=True,
        )
        with contextlib.suppress(CallerGone):
            await converse(call, hotline)
        keys = "".join(on.keys for on in script if on.keys != HANG_UP)
        return Timed(name, keys, call.seconds() - (call.answered_at or 0.0), limit)


def _listening(prompt: str, keys: str) -> On:
    """Return a caller who hears `prompt` to its end, and then keys one key a second."""
    return On(prompt, keys, after=_KEY_SECONDS, pace=_KEY_SECONDS)


def _ways(menu: Menu) -> Iterator[tuple[Way, Action]]:
    """Yield the shortest way to each thing that a key of the menu leads to, the nearest ones first."""
    seen: list[Action] = [GoTo(menu.start)]
    ahead: list[tuple[Way, str]] = [((), menu.start)]
    while ahead:
        way, name = ahead.pop(0)
        branch = menu.menu[name]
        for key in branch.keys:
            action = branch.action(key)
            if action in seen or not isinstance(action, Reissue | GoTo | Say | End):
                continue
            seen.append(action)
            there = (*way, (branch.prompt, key))
            yield there, action
            if isinstance(action, GoTo):
                ahead.append((there, action.menu))


class _Length:
    """A sound that nobody plays."""

    def __init__(self, name: str, seconds: float) -> None:
        self.path = Path(name)
        self.seconds = seconds


class _Readings(Readings):
    """Readings that are composed as those of a call, measured, and written nowhere."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @contextlib.contextmanager
    def of(self, digits: str, lead: str, pace: Pace) -> Iterator[_Length]:
        audio = compose(self._library, lead, digits, digit_gap=pace.digit_gap, group_gap=pace.group_gap)
        yield _Length(lead, seconds(audio))


class _PromptDesk(Desk):
    """A desk that decides at once, without records, and finds no match so many times."""

    def __init__(self, digits: int, mismatches: int) -> None:
        self._digits = digits
        self._mismatches = mismatches

    async def admit(self, caller: CallerNumber) -> None:
        """Let everybody in."""

    async def look_up(self, caller: CallerNumber, number: InsuranceNumber) -> Finding:  # noqa: ARG002 - as the real one
        return cast("Finding", None)  # looked at by `settle` alone

    async def settle(self, finding: Finding, call_id: str) -> NewPassword | None:  # noqa: ARG002 - as the real one
        self._mismatches -= 1
        return _Issued(self._digits) if self._mismatches < 0 else None


class _Issued(NewPassword):
    """A re-issue without an account."""

    def __init__(self, digits: int) -> None:
        self.password = SecretDigits("0" * digits)  # as long as any other of as many

    async def began(self) -> bool:
        return True

    async def heard(self) -> Activation:
        return Activation.ACTIVE
