"""What a conversation works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from hotline.desk import Desk, MediaRule
    from hotline.dialogue.readings import Readings
    from hotline.menu import Menu


def _clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Hotline:
    """The parts every conversation shares.

    Attributes:
        menu: the menu as it was when the call came in.
        desk: who decides.
        readings: secrets as sounds.
        media: what a call's media must be like before a password is said.
        notice: when the price is told: before the answer and free, after it, or not at all.
        now: what time it is, with a time zone.
        test_phones: whether testers' phones are served.
        canary: whether the canary is served.
    """

    menu: Menu
    desk: Desk
    readings: Readings
    media: MediaRule
    notice: Literal["early", "answered", "off"]
    now: Callable[[], datetime] = _clock
    test_phones: bool = False
    canary: bool = False
