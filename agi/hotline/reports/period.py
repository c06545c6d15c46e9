"""The days a report is about, as they are in Vietnam."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Self

from hotline.records.retention import VIETNAM

Kind = Literal["day", "week", "month"]


@dataclass(frozen=True)
class Period:
    """Whole days, `first` and `last` included."""

    first: date
    last: date

    @classmethod
    def of(cls, kind: Kind, day: date) -> Self:
        """Return the day, the week from Monday to Sunday or the month in which `day` is."""
        match kind:
            case "day":
                return cls(day, day)
            case "week":
                monday = day - timedelta(days=day.weekday())
                return cls(monday, monday + timedelta(days=6))
            case "month":
                first = day.replace(day=1)
                next_month = (first + timedelta(days=31)).replace(day=1)
                return cls(first, next_month - timedelta(days=1))

    @property
    def days(self) -> list[date]:
        """Every day of it, in order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


def today() -> date:
    """Return the day it is in Vietnam."""
    return datetime.now(VIETNAM).date()
