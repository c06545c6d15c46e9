"""The calls that are made, and what each kind of them tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import cpu, sipp
from bench.ari_cost import scenarios
from bench.ari_cost.serving import serving
from bench.ari_cost.switchboard import APPS, FOUR, ONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.ari_cost.orders import Report
    from bench.ari_cost.switchboard import Switchboard
    from bench.sipp import Load

    Done = Callable[[int], None]

REFERENCE_RATE = 8.0
"""Reference calls begun a second: 200 at once, half of what two cores carry."""
RECORDED = 5
"""Reference calls whose events are recorded: a hundred events, and some."""
PATIENCE_SECONDS = scenarios.RING_SECONDS + scenarios.CALL_SECONDS + 10.0
_ASTERISK = "/usr/sbin/asterisk"


@dataclass(frozen=True)
class Run:
    """Calls of one kind, made at one rate.

    Attributes:
        rate: calls begun a second.
        load: as the callers saw it.
        report: as the client saw it.
        client_seconds: CPU time of the client in all.
        asterisk_seconds: CPU time of Asterisk in all.
    """

    rate: float
    load: Load
    report: Report
    client_seconds: float
    asterisk_seconds: float

    @property
    def counted(self) -> int:
        """How many calls were offered and not void."""
        return self.load.offered - self.report.void

    @property
    def right(self) -> int:
        """How many calls went as they should, for caller and client."""
        return min(self.load.succeeded, self.report.served)


async def set_up(board: Switchboard, calls: int, rate: float, done: Done, *, names: int = 1) -> Run:
    """Offer calls that are answered, hear 0.2 s and are hung up, spread over one application name or four."""
    apps, number = (APPS[:1], ONE) if names == 1 else (APPS, FOUR)
    async with serving(board, apps, "set-up") as client:
        folder = board.folder / f"set-up-{rate:g}-{names}"
        load = await sipp.offer(
            scenarios.SET_UP,
            folder,
            server=board.server,
            number=number,
            address=board.carrier,
            calls=calls,
            rate=rate,
            patience_seconds=PATIENCE_SECONDS,
            done=done,
        )
        return Run(rate, load, await client.report(), 0.0, 0.0)


async def reference(board: Switchboard, calls: int, done: Done, *, record: bool = False) -> Run:
    """Make reference calls: answer, menu and key 8, ten digits and #, check, one reading twice, hang up."""
    asterisk = await cpu.find(_ASTERISK, str(board.asterisk.run_dir))
    async with serving(board, APPS[:1], "reference", record=record) as client:
        before = cpu.seconds(client.process), cpu.seconds(asterisk)
        load = await sipp.offer(
            scenarios.REFERENCE,
            board.folder / f"reference-{record:d}",
            server=board.server,
            number=ONE,
            address=board.carrier,
            calls=calls,
            rate=REFERENCE_RATE,
            patience_seconds=PATIENCE_SECONDS,
            done=done,
        )
        after = cpu.seconds(client.process), cpu.seconds(asterisk)
        return Run(REFERENCE_RATE, load, await client.report(), after[0] - before[0], after[1] - before[1])
