"""Rounds: in each one every way has its calls, in an order of its own."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import cpu
from bench.beside.clients.orders import NUMBER
from bench.beside.ways import DIALPLAN
from bench.traffic.carrier import Carrier, Plan
from bench.traffic.hearing import hearings
from bench.traffic.tap import Tap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.beside.board import Board
    from bench.beside.ways import Way
    from bench.traffic.hearing import Hearing
    from hotline.phone import Ear

LONGEST_SECONDS = 60.0
"""A call that nobody ended by then has failed, and is hung up."""
SETTLE_SECONDS = 0.3
"""Time after a call's end in which both sides finish with it; it is counted."""
CALLER = "+84399999999"
_ASTERISK = "/usr/sbin/asterisk"


@dataclass(frozen=True)
class Turn:
    """What one way's calls of one round came to.

    Attributes:
        way: whose.
        nth: which round.
        calls: made.
        right: which heard everything there was to hear.
        void: whose keys did not pass as planned, as far as they did.
        asterisk_ms: CPU time of Asterisk, milliseconds a call.
        client_ms: CPU time of the client, milliseconds a call; 0 for the dialplan's own.
        answers_ms: from the release of # to the sound that follows, milliseconds.
        stops_ms: from the release of 8 until the menu fell silent, milliseconds.
    """

    way: str
    nth: int
    calls: int
    right: int
    void: int
    asterisk_ms: float
    client_ms: float
    answers_ms: Sequence[float]
    stops_ms: Sequence[float]

    @property
    def total_ms(self) -> float:
        """CPU time of both, milliseconds a call."""
        return self.asterisk_ms + self.client_ms


class Table:
    """Where the ways take their turns.

    Args:
        board: the Asterisk they share.
        ear: which knows its sounds.
        asterisk: its process.
    """

    def __init__(self, board: Board, ear: Ear, asterisk: int) -> None:
        self._board = board
        self._ear = ear
        self._asterisk = asterisk

    async def turn(self, way: Way, client: int | None, nth: int, *, calls: int, rate: float) -> Turn:
        """Make the calls of one turn of `way`, whose process is `client`."""
        board, site = self._board, self._board.asterisk.site
        plan = Plan(CALLER, ((1.0, "8"), (2.0, f"{NUMBER}#")), LONGEST_SECONDS, number=way.extension)
        tap = Tap((site.address, site.sip_port), board.carrier)
        async with tap, Carrier(site, board.carrier) as carrier:
            before = self._spent(client)
            await carrier.offer([plan] * calls, rate)
            await asyncio.sleep(SETTLE_SECONDS)
            after = self._spent(client)
        heard = await asyncio.to_thread(lambda: list(hearings(tap.datagrams(), self._ear, board.carrier).values()))
        void = sum(not f"8{NUMBER}#".startswith(one.keyed) for one in heard)
        right = [one for one in heard if _right(one)]
        asterisk_ms, client_ms = (1000 * (late - early) / calls for early, late in zip(before, after, strict=True))
        answers, stops = [], []
        for one in right:
            wire, menu = one.wire, one.first("menu")
            released = wire.last_key()
            answers.append(1000 * (wire.began(board.sounds.audio("check"), released) - released))
            if menu is not None:
                stops.append(max(0.0, 1000 * (menu.ends - one.released(one.witness.keys[0]))))
        return Turn(way.name, nth, calls, len(right), void, asterisk_ms, client_ms, answers, stops)

    def _spent(self, client: int | None) -> tuple[float, float]:
        return cpu.seconds(self._asterisk), cpu.seconds(client) if client is not None else 0.0


async def play(
    board: Board,
    ways: Mapping[Way, int | None],
    ear: Ear,
    *,
    rounds: int,
    calls: int,
    rate: float,
    done: Callable[[], None],
) -> list[Turn]:
    """Play `rounds` rounds; `ways` has the process of each way. `done` is called after each turn."""
    table = Table(board, ear, await cpu.find(_ASTERISK, str(board.asterisk.run_dir)))
    rng = random.Random(0)  # noqa: S311 - an order
    # Not counted, so that what is loaded once is.
    await asyncio.gather(*(table.turn(way, client, 0, calls=1, rate=rate) for way, client in ways.items()))
    turns = []
    for nth in range(rounds):
        for way in rng.sample(list(ways), len(ways)):
            turns.append(await table.turn(way, ways[way], nth, calls=calls, rate=rate))
            done()
    return turns


def _right(one: Hearing) -> bool:
    """Tell whether a caller heard the menu cut short, the check, and the reading twice, to their ends."""
    said = [(each.id, each.complete) for each in one.said]
    return said == [("menu", False), ("check", True), ("reading", True), ("reading", True)]


def compared(turns: Sequence[Turn]) -> dict[str, list[float]]:
    """Return for each way its total over the dialplan's own of the same round, round by round."""
    own = {turn.nth: turn.total_ms for turn in turns if turn.way == DIALPLAN}
    ratios: dict[str, list[float]] = {}
    for turn in turns:
        if own.get(turn.nth):
            ratios.setdefault(turn.way, []).append(turn.total_ms / own[turn.nth])
    return ratios
