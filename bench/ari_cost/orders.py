"""What the measured client is told, and what it reports: the one thing both processes know."""

from __future__ import annotations

from typing import Literal

import msgspec

PASSWORD = "BENCH_ARI_PASSWORD"  # noqa: S105 - the name of the variable that holds it
NUMBER = "0123456799"
"""What a caller keys, and then #; without an 8, which would be taken for the choice if that was lost."""


class Orders(msgspec.Struct, frozen=True):
    """What to do.

    Attributes:
        url: base address of Asterisk's HTTP server.
        user: ARI user.
        apps: application names.
        sounds: folder of the sounds.
        socket: where to listen for whoever wants the report.
        call: `set-up`: answer, a short sound, hang up, requests timed; `reference`: a whole call, nothing timed.
        record: whether to keep each event as it came.
    """

    url: str
    user: str
    apps: list[str]
    sounds: str
    socket: str
    call: Literal["set-up", "reference"]
    record: bool = False


class Report(msgspec.Struct):
    """What was done.

    Attributes:
        served: calls that went as they should.
        void: calls whose keys did not come as they were sent: a busy machine loses one, or SIPp does.
        wrong: for each other one, what went wrong.
        answer: seconds from each request to answer a call to Asterisk's answer.
        play: the same of each request to play a sound.
        events: as they came, if they were recorded.
    """

    served: int = 0
    void: int = 0
    wrong: list[str] = []
    answer: list[float] = []
    play: list[float] = []
    events: list[bytes] = []
