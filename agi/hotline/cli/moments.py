"""Days and moments on the command line, by the clocks of Vietnam."""

from __future__ import annotations

from datetime import UTC, date, datetime

import typer

from hotline.menu import Moment


def moment(text: str) -> datetime:
    """Return a moment given on the command line; a time alone is one of today, in Vietnam."""
    today = str(Moment(datetime.now(UTC))).partition(" ")[0]
    try:
        return Moment.parse(text if "-" in text else f"{today} {text}").at
    except ValueError:
        raise typer.BadParameter("a moment is written as 18:00, which is today, or as 2026-11-23T18:00") from None


def in_vietnam(at: datetime) -> str:
    """Return a moment as it is written for people, `2026-11-23 18:00`, by the clocks of Vietnam."""
    return str(Moment(at))


def day_of(text: str) -> date:
    """Return a day given on the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day is written as 2026-11-22") from None
