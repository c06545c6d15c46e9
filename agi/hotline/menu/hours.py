"""When the hotline is open: hours of the week, and days on which it is closed, as clocks in Vietnam have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Self
from zoneinfo import ZoneInfo

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")
"""The only zone of the country; no summer time since 1975."""
WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_SPAN: Final = re.compile(r"([0-2][0-9]):([0-5][0-9])\s*[-–]\s*([0-2][0-9]):([0-5][0-9])")
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DAYS: Final = re.compile(rf"({_DAY})(?:\s*\.\.\s*({_DAY}))?")
_MIDNIGHT: Final = 24 * 60


@dataclass(frozen=True, order=True)
class Span:
    """A part of a day, in minutes since midnight; `ends` is not in it, and at most 1440."""

    begins: int
    ends: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return what an admin wrote as `"07:30-11:30"`; a day ends at 24:00.

        Raises:
            ValueError: it is none.
        """
        written = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
        if written is None:
            raise ValueError(f'“{text}” is no span of hours, as "07:30-11:30"')
        from_hour, from_minute, to_hour, to_minute = map(int, written.groups())
        span = cls(60 * from_hour + from_minute, 60 * to_hour + to_minute)
        if span.ends > _MIDNIGHT:
            raise ValueError(f"“{text}”: a day ends at 24:00")
        if span.begins >= span.ends:
            raise ValueError(f"“{text}” ends before it begins; over midnight it is two spans, of two days")
        return span

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (self.begins, self.ends))


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Opening hours of each day of the week; a day without is closed."""

    monday: tuple[Span, ...] = ()
    tuesday: tuple[Span, ...] = ()
    wednesday: tuple[Span, ...] = ()
    thursday: tuple[Span, ...] = ()
    friday: tuple[Span, ...] = ()
    saturday: tuple[Span, ...] = ()
    sunday: tuple[Span, ...] = ()

    def of(self, weekday: int) -> tuple[Span, ...]:
        """Return the hours of a day, Monday being 0."""
        spans: tuple[Span, ...] = getattr(self, WEEK[weekday])
        return spans

    def open_at(self, moment: datetime) -> bool:
        """Return whether it is open at `moment`, which knows its time zone."""
        there = moment.astimezone(VIETNAM)
        minute = 60 * there.hour + there.minute
        return any(span.begins <= minute < span.ends for span in self.of(there.weekday()))

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield each fault: the day it is in, empty for all, and a sentence."""
        if not any(self.of(day) for day in range(7)):
            yield "", "no day has hours, so nobody could call; without the table [hours] it is open day and night"
        for day, name in enumerate(WEEK):
            for first, second in pairwise(sorted(self.of(day))):
                if second.begins < first.ends:
                    yield name, f"{first} and {second} overlap"


@dataclass(frozen=True, order=True)
class Days:
    """Days one after another, `first` and `last` included."""

    first: date
    last: date

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return what an admin wrote as `2027-02-06`, or as `"2027-02-05..2027-02-11"`.

        Raises:
            ValueError: it is no day, or the last one is before the first.
        """
        if isinstance(written, date) and not isinstance(written, datetime):
            return cls(written, written)
        parts = _DAYS.fullmatch(written.strip()) if isinstance(written, str) else None
        if parts is None:
            raise ValueError(f'“{written}” is neither a day, as 2027-02-06, nor days, as "2027-02-05..2027-02-11"')
        try:
            days = cls(date.fromisoformat(parts[1]), date.fromisoformat(parts[2] or parts[1]))
        except ValueError:
            raise ValueError(f"“{written}”: there is no such day") from None
        if days.last < days.first:
            raise ValueError(f"“{written}”: the last day is before the first")
        return days

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True)
class Moment:
    """A moment; without a time zone of its own it is one in Vietnam."""

    at: datetime

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return what an admin wrote as `2026-11-23T18:00:00`, or as `"2026-11-23 18:00"`.

        Raises:
            ValueError: it is none.
        """
        try:
            moment = written if isinstance(written, datetime) else datetime.fromisoformat(str(written))
        except ValueError:
            raise ValueError(f"“{written}” is no moment, as 2026-11-23T18:00:00") from None
        if len(str(written)) <= len("2026-11-23"):
            raise ValueError(f"“{written}” is a day; at what time? As 2026-11-23T18:00:00")
        return cls(moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM))

    def __str__(self) -> str:
        return f"{self.at.astimezone(VIETNAM):%Y-%m-%d %H:%M}"
