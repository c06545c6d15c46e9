"""Alarms: what the operator must know of, found out right after it happened, while the caller goes on.

An alarm is raised once for a subject and window, by whichever process sees it first, and then kept in Postgres until
somebody acknowledges it (`hotline alarms`); what happens after that is a new one. Nothing waits for it, and nothing but
numbers already masked is in it.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import structlog

from hotline.records import RecordsUnavailable, alarms, attempts, hashes
from hotline.records.attempts import Trace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from hotline.records import Connection, Database
    from hotline.settings import LimitSettings

    Look = Callable[[Connection], Awaitable[Sequence["Sighting"]]]

log = structlog.get_logger()

Kind = Literal[
    "caller-tried-many-numbers",
    "number-tried-by-many",
    "number-failed-often",
    "calls-failed-often",
    "pepper-missing",
    "phones-changed",
    "line-unsafe",
    "prompt-missing",
    "menu-refused",
]

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)

ALL_CALLS: Final = Trace("all calls", b"")
"""The subject of what no single caller or number is to blame for."""

RATE_PAUSE: Final = 10.0
"""Seconds from one look at all calls of the last hour to the next: it reads thousands of rows."""
RETRY_SECONDS: Final = 1.0
CLOSING_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Sighting:
    """Something that an alarm is to be raised for, unless one that nobody has acknowledged was within the `window`.

    Attributes:
        count: of what the kind names: numbers, callers, failures, per cent.
        more: whether it is one more of what was seen before in the window, and not as many as there are in all.
        causer: the person whose deed it is, who may not acknowledge it; nobody's deed if empty.
    """

    kind: Kind
    subject: Trace
    count: int
    window: timedelta = DAY
    more: bool = False
    causer: str = ""


@dataclass(frozen=True)
class Raised:
    """An alarm in the records, to be told once its transaction is committed."""

    key: int
    seen: Sighting

    def tell(self) -> None:
        """Write it to the log, where it is watched for."""
        seen = self.seen
        log.error("alarm", kind=seen.kind, subject=seen.subject.masked, count=seen.count, alarm=self.key)


async def raised(connection: Connection, seen: Sighting) -> Raised | None:
    """Raise an alarm for `seen`; None when one within its window, which nobody has acknowledged, notes this too."""
    key = await alarms.put(
        connection, seen.kind, seen.subject, seen.count, window=seen.window, more=seen.more, causer=seen.causer
    )
    return None if key is None else Raised(key, seen)


class AlarmWatch:
    """Looks, in the background and one subject after another, whether what just happened is an alarm.

    What is still to be looked at when the process ends is seen at the subject's next failed check.
    """

    def __init__(self, database: Database, limits: LimitSettings) -> None:
        self._database = database
        self._limits = limits
        self._due: dict[tuple[str, bytes], Look] = {}
        self._work: asyncio.Task[None] | None = None
        self._rate_timer: asyncio.TimerHandle | None = None
        self._rate_after = 0.0

    def failed(self, caller: Trace, number: Trace) -> None:
        """A check failed and was counted."""
        self._look("caller", caller, partial(_of_caller, caller=caller, limits=self._limits))
        self._look("number", number, partial(_of_number, number=number, limits=self._limits))
        if self._rate_timer is None:
            loop = asyncio.get_running_loop()
            if self._rate_after <= loop.time():
                self._look_at_all()
            else:
                self._rate_timer = loop.call_at(self._rate_after, self._look_at_all)

    def line_unsafe(self, subject: Trace) -> None:
        """A password was asked for over media that is not shown to be the carrier's."""

        async def look(_connection: Connection) -> Sequence[Sighting]:
            return [Sighting("line-unsafe", subject, 1, more=True)]

        self._look("line", subject, look)

    def menu_refused(self, number: int) -> None:
        """A published menu can't be used by this process."""
        subject = Trace(f"menu {number}", str(number).encode())

        async def look(_connection: Connection) -> Sequence[Sighting]:
            return [Sighting("menu-refused", subject, 1, more=True)]

        self._look("menu", subject, look)

    def prompt_missing(self, prompt: str) -> None:
        """A prompt can't be played any more."""
        subject = Trace(f"prompt {prompt}", prompt.encode())

        async def look(_connection: Connection) -> Sequence[Sighting]:
            return [Sighting("prompt-missing", subject, 1)]

        self._look("prompt", subject, look)

    def pepper_missing(self, key_id: str) -> None:
        """Somebody signs in, and the hash of their password was made with a pepper that nobody has."""
        subject = _pepper(key_id)

        async def look(connection: Connection) -> Sequence[Sighting]:
            return [Sighting("pepper-missing", subject, (await hashes.by_pepper(connection)).get(key_id, 1))]

        self._look("pepper", subject, look)

    def look_for_missing_peppers(self, known: Collection[str]) -> None:
        """Find out, at the start, whether passwords in force need a pepper that is not among the `known` ones."""

        async def look(connection: Connection) -> Sequence[Sighting]:
            counts = await hashes.by_pepper(connection)
            return [
                Sighting("pepper-missing", _pepper(key_id), count)
                for key_id, count in counts.items()
                if key_id not in known
            ]

        self._look("pepper", ALL_CALLS, look)

    async def close(self) -> None:
        """Finish, within 1 s, what is begun."""
        if self._rate_timer is not None:
            self._rate_timer.cancel()
        if self._work is not None and not self._work.done():
            await asyncio.wait({self._work}, timeout=CLOSING_SECONDS)
            self._work.cancel()
            await asyncio.wait({self._work})

    def _look_at_all(self) -> None:
        self._rate_timer = None
        self._rate_after = asyncio.get_running_loop().time() + RATE_PAUSE
        self._look("all", ALL_CALLS, partial(_of_all_calls, limits=self._limits))

    def _look(self, what: str, subject: Trace, look: Look) -> None:
        """Have a look at a subject; one that is due already needs no second one."""
        self._due[what, subject.hmac] = look
        if self._work is None or self._work.done():
            # In no call's context: it goes on to what other calls have found, and its log lines must not name this one.
            self._work = asyncio.create_task(self._work_off(), name="alarm watch", context=Context())

    async def _work_off(self) -> None:
        while self._due:
            due = next(iter(self._due))
            # Taken off before it is looked at: what fails meanwhile is looked at once more.
            look = self._due.pop(due)
            try:
                await self._raise(look)
            except RecordsUnavailable:
                self._due.setdefault(due, look)
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("alarm_watch_failed")

    async def _raise(self, look: Look) -> None:
        async with self._database.transaction() as connection:
            new = [await raised(connection, seen) for seen in await look(connection)]
        for alarm in new:
            if alarm is not None:
                alarm.tell()


def _pepper(key_id: str) -> Trace:
    return Trace(f"pepper {key_id}", key_id.encode())


async def _of_caller(connection: Connection, caller: Trace, limits: LimitSettings) -> Sequence[Sighting]:
    numbers = await attempts.numbers_failed_by(connection, caller)
    if numbers < limits.alarm_caller_numbers:
        return []
    return [Sighting("caller-tried-many-numbers", caller, numbers)]


async def _of_number(connection: Connection, number: Trace, limits: LimitSettings) -> Sequence[Sighting]:
    seen = []
    failures = await attempts.failures_of_number(connection, number)
    if failures >= limits.alarm_number_failures:
        seen.append(Sighting("number-failed-often", number, failures))
    # One caller makes one failure at least, so below that nobody needs to be told apart.
    if failures >= limits.alarm_number_callers:
        callers = await attempts.callers_failed_with(connection, number)
        if callers >= limits.alarm_number_callers:
            seen.append(Sighting("number-tried-by-many", number, callers))
    return seen


async def _of_all_calls(connection: Connection, limits: LimitSettings) -> Sequence[Sighting]:
    checked = await attempts.checked_calls(connection)
    if checked.calls < limits.alarm_failed_calls or checked.failed * 100 < limits.alarm_failed_percent * checked.calls:
        return []
    return [Sighting("calls-failed-often", ALL_CALLS, checked.failed * 100 // checked.calls, HOUR)]
