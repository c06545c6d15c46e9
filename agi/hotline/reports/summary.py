"""The calls of a period in sums: how they ended, how long each step took, where callers gave up, what it cost them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from hotline.records import days

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from hotline.records import Database
    from hotline.records.days import OutcomeSum, StepSum
    from hotline.reports.period import Period


@dataclass(frozen=True)
class Summary:
    """A period in sums.

    Attributes:
        period: the days.
        outcomes: the calls by how they ended, most frequent first.
        steps: the points of the conversation, most reached first.
        per_day: calls by day and outcome.
    """

    period: Period
    outcomes: Sequence[OutcomeSum]
    steps: Sequence[StepSum]
    per_day: Mapping[date, Mapping[str, int]]

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(one.calls for one in self.outcomes)

    @property
    def billed_minutes(self) -> int:
        """All minutes that callers paid."""
        return sum(one.billed_minutes for one in self.outcomes)

    @property
    def price(self) -> int:
        """Đồng that callers paid."""
        return sum(one.price for one in self.outcomes)

    def write_csv(self, file: TextIO) -> None:
        """Write it as CSV: what, name, calls, mean seconds, gave up, billed minutes, price."""
        rows = csv.writer(file)
        rows.writerow(("what", "name", "calls", "mean_seconds", "gave_up", "billed_minutes", "price"))
        for one in self.outcomes:
            rows.writerow(
                ("outcome", one.outcome, one.calls, f"{one.seconds / one.calls:.1f}", "", one.billed_minutes, one.price)
            )
        for step in self.steps:
            rows.writerow(("step", step.step, step.calls, f"{step.seconds / step.calls:.1f}", step.gave_up, "", ""))


async def summary(database: Database, period: Period) -> Summary:
    """Sum up the calls of a period; those deleted after their time are in it.

    Raises:
        RecordsUnavailable: the database is away.
    """
    async with database.transaction() as connection:
        per_day: dict[date, dict[str, int]] = {day: {} for day in period.days}
        for day, outcome, count in await days.per_day(connection, period.first, period.last):
            per_day[day][outcome] = count
        return Summary(
            period,
            outcomes=await days.outcomes(connection, period.first, period.last),
            steps=await days.steps(connection, period.first, period.last),
            per_day=per_day,
        )
