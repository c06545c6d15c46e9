"""How often, and when to raise an alarm."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from hotline.settings.group import Group, crossed


class LimitSettings(Group):
    """How often (SPEC §3, Limits), and when to raise an alarm; an hour is the last 60 minutes, a day the last 24 h."""

    caller_failures_hour: Annotated[
        int,
        Field(ge=3, le=20, description="failed checks a caller may have an hour: two calls of three tries"),
    ] = 6
    caller_failures_day: Annotated[
        int, Field(ge=3, le=50, description="failed checks a caller may have a day; what one phone can try of 10^10")
    ] = 12
    number_failures_day: Annotated[
        int,
        Field(
            ge=20,
            le=1000,
            description="failed checks of one insurance number a day, then silently refused; low, and two phones could "
            "lock its owner out",
        ),
    ] = 100
    reissues_day: Annotated[int, Field(ge=1, le=10, description="passwords active a day and account")] = 3
    pending_day: Annotated[
        int, Field(ge=3, le=50, description="passwords of one account begun a day, heard or not: calls can be cut off")
    ] = 10
    phone_hold_hours: Annotated[
        int,
        Field(
            ge=24,
            le=336,
            description="hours a changed phone gets no password, unless a second person approves it",
        ),
    ] = 72
    alarm_caller_numbers: Annotated[
        int,
        Field(
            ge=2,
            le=50,
            description="different insurance numbers one caller fails with a day: an alarm; a family has three or four",
        ),
    ] = 6
    alarm_number_callers: Annotated[
        int,
        Field(ge=2, le=100, description="different callers that fail with one insurance number a day: an alarm"),
    ] = 4
    alarm_number_failures: Annotated[
        int, Field(ge=3, le=500, description="failed checks of one insurance number a day: an alarm")
    ] = 10
    alarm_failed_percent: Annotated[
        int, Field(ge=10, le=100, description="per cent of an hour's calls with a check and without a match: an alarm")
    ] = 70
    alarm_failed_calls: Annotated[
        int, Field(ge=10, le=10_000, description="such calls an hour before the percentage says anything")
    ] = 30

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self._at_most("caller_failures_hour", "caller_failures_day", "or it is never reached")
        self._at_most("reissues_day", "pending_day", "as each of them was begun")
        self._at_most("alarm_caller_numbers", "caller_failures_day", "where the caller is stopped")
        self._at_most("alarm_number_callers", "number_failures_day", "where the number is refused")
        self._at_most("alarm_number_failures", "number_failures_day", "to be told before the number is refused", less=1)
        return self

    def _at_most(self, name: str, other: str, why: str, *, less: int = 0) -> None:
        most = getattr(self, other)
        if getattr(self, name) > most - less:
            kind = "less than" if less else "at most"
            raise crossed(self, name, f"must be {kind} HOTLINE_LIMITS__{other.upper()}={most}, {why}")
