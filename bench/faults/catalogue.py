"""The faults, and what must hold through each."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.faults.scene import NAMES
from bench.faults.torture import MESSAGES
from hotline.phone.keying import EVENTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from bench.faults.scene import Scene
    from hotline.phone.keying import Sent

    Facts = dict[str, float]

AWAY_SECONDS = 5.0
"""How long what is taken away stays away."""
RIGHT, TOLD, ASKED, REFUSED, LEFT, LOST = "right", "told why not", "asked again", "refused", "left", "lost"
"""What can become of a call: a password that works; a sentence that says why not; keys were lost and asked for again,
but these callers key only once; 503; a caller who left; or worse."""
ONLY_RIGHT, RIGHT_OR_TOLD, KEYS_LOST = frozenset({RIGHT}), frozenset({RIGHT, TOLD}), frozenset({RIGHT, TOLD, ASKED})
ROLLS = COMMITS = 10


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        key: its short name, for the command line.
        what: happens.
        strike: makes it happen while calls come, and mends it; returns what was measured, in seconds.
        processes: of the application.
        live: what may become of calls that were answered when it struck.
        new: what may become of calls that began from then until it was mended.
        limits: how much each measured thing may be, in seconds.
        rate: calls a second, where it is another than asked for.
        short: calls that are answered and left again after two seconds; else reference calls.
        disturb: what happens to the packets of keys.
        tone: seconds a key is held.
        leaves: callers hang up at points all over the call.
        peers: the processes watch over each other.
    """

    key: str
    what: str
    strike: Callable[[Scene], Awaitable[Facts]]
    processes: tuple[str, ...] = NAMES[:1]
    live: frozenset[str] = ONLY_RIGHT
    new: frozenset[str] = RIGHT_OR_TOLD
    limits: Mapping[str, float] = field(default_factory=dict)
    rate: float | None = None
    short: bool = False
    disturb: Callable[[Iterable[Sent]], Iterable[Sent]] | None = None
    tone: float = 0.1
    leaves: bool = False
    peers: bool = False


async def nothing(_: Scene) -> Facts:
    """Nothing but the callers' own doing."""
    await asyncio.sleep(AWAY_SECONDS)
    return {}


async def application_killed(scene: Scene) -> Facts:
    """SIGKILL; started again after a while."""
    await scene.processes[NAMES[0]].kill()
    await asyncio.sleep(AWAY_SECONDS)
    await scene.start(NAMES[0])
    return {}


async def one_killed(scene: Scene) -> Facts:
    """SIGKILL to one of two."""
    await scene.processes[NAMES[0]].kill()
    await asyncio.sleep(AWAY_SECONDS)
    return {}


async def one_frozen(scene: Scene) -> Facts:
    """SIGSTOP to one of two, for ever."""
    await scene.processes[NAMES[0]].freeze()
    await asyncio.sleep(AWAY_SECONDS)
    return {}


async def socket_cut(scene: Scene) -> Facts:
    """Every connection to Asterisk is reset."""
    scene.gate.cut()
    return {"back": await scene.back()}


async def socket_away(scene: Scene) -> Facts:
    """Closed, and refused for a second."""
    await scene.gate.shut()
    await asyncio.sleep(1.0)
    await scene.gate.open()
    return {"back": await scene.back()}


async def socket_half_open(scene: Scene) -> Facts:
    """Nothing passes any more, and nobody says so."""
    scene.gate.half_open()
    return {"found and back": await scene.back()}


async def socket_slow(scene: Scene) -> Facts:
    """Everything arrives a tenth of a second late."""
    scene.gate.delay_seconds = 0.1
    await asyncio.sleep(AWAY_SECONDS)
    scene.gate.delay_seconds = 0.0
    return {}


async def database_away(scene: Scene) -> Facts:
    """Connections break and are refused."""
    await scene.wire.cut()
    await asyncio.sleep(AWAY_SECONDS)
    await scene.wire.mend()
    return {}


async def database_silent(scene: Scene) -> Facts:
    """Queries go out and nothing comes back."""
    scene.wire.fall_silent()
    await asyncio.sleep(AWAY_SECONDS)
    await scene.wire.cut()
    await scene.wire.mend()
    return {}


async def database_slow(scene: Scene) -> Facts:
    """Every message takes a tenth of a second, each way."""
    scene.wire.delay_seconds = 0.1
    await asyncio.sleep(AWAY_SECONDS)
    scene.wire.delay_seconds = 0.0
    return {}


async def _at_commits(scene: Scene, *, done: bool) -> Facts:
    for _ in range(COMMITS):
        scene.wire.set_trap(b"COMMIT", done=done, then="broken")
        try:
            await asyncio.wait_for(scene.wire.sprung.wait(), AWAY_SECONDS)
        except TimeoutError:
            break
    return {}


async def before_commit(scene: Scene) -> Facts:
    """The connection breaks at a COMMIT that does not arrive, ten times."""
    return await _at_commits(scene, done=False)


async def after_commit(scene: Scene) -> Facts:
    """The connection breaks at a COMMIT that is done, before its answer, ten times."""
    return await _at_commits(scene, done=True)


async def asterisk_killed(scene: Scene) -> Facts:
    """SIGKILL; started again at once."""
    asterisk = scene.rooms.asterisk
    await asterisk.kill()
    await asterisk.start()
    return {"back": await scene.back()}


async def asterisk_stopped(scene: Scene) -> Facts:
    """`core stop gracefully`: its calls end, then it; started again."""
    asterisk = scene.rooms.asterisk
    # The console has no answer before Asterisk has ended.
    asking = asyncio.create_task(asterisk.console("core stop gracefully"))
    asyncio.gather(asking, return_exceptions=True)
    async with asyncio.timeout(90):
        while asterisk.running:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    await asterisk.start()
    return {"back": await scene.back()}


async def rolling(scene: Scene) -> Facts:
    """Both processes are stopped and started again in turn, ten times."""
    longest = 0.0
    for _ in range(ROLLS):
        for name in NAMES:
            began = time.monotonic()
            scene.processes[name].send(signal.SIGTERM)
            await scene.processes[name].ended(60)
            await scene.start(name)
            longest = max(longest, time.monotonic() - began)
    return {"longest restart": longest}


async def flood(scene: Scene) -> Facts:
    """A stranger sends malformed SIP, OPTIONS and INVITEs, 500 messages a second."""
    site = scene.rooms.asterisk.site
    stranger = site.trunk_matches[0].rpartition(".")[0] + ".3"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((stranger, 0))
        line.setblocking(False)
        began = time.monotonic()
        sent = 0
        while (passed := time.monotonic() - began) < AWAY_SECONDS:
            while sent < 500 * passed:
                message = MESSAGES[sent % len(MESSAGES)]
                line.sendto(message(site.address, site.sip_port, stranger, sent), (site.address, site.sip_port))
                sent += 1
            await asyncio.sleep(0.01)
    return {}


def lossy(packets: Iterable[Sent]) -> list[Sent]:
    """Lose 2 % of the packets, send 5 % twice, and let 5 % change places with the next."""
    rng = random.Random()  # noqa: S311 - bad luck
    kept = [packet for packet in packets if rng.random() >= 0.02]
    kept += [packet for packet in kept if packet.data[1] & 0x7F == EVENTS and rng.random() < 0.05]
    kept.sort(key=lambda packet: packet.tick)
    for place in range(len(kept) - 1):
        if rng.random() < 0.05:
            kept[place], kept[place + 1] = kept[place + 1], kept[place]
    return kept


FAULTS = (
    Fault("killed", "application killed, back after 5 s", application_killed, live=RIGHT_OR_TOLD,
          limits={"fallback": 0.6, "apology": 3.0}),
    Fault("one-killed", "one of two processes killed", one_killed, NAMES, RIGHT_OR_TOLD, ONLY_RIGHT,
          {"answer": 1.0}, peers=True),
    Fault("one-frozen", "one of two processes frozen", one_frozen, NAMES, RIGHT_OR_TOLD, ONLY_RIGHT,
          {"answer": 1.0}, peers=True),
    Fault("socket-cut", "events socket and requests reset", socket_cut, live=KEYS_LOST, limits={"back": 2.0}),
    Fault("socket-away", "events socket closed, refused for 1 s", socket_away, live=KEYS_LOST, limits={"back": 2.0}),
    Fault("socket-half-open", "events socket half-open", socket_half_open, live=KEYS_LOST,
          limits={"found and back": 10.0}),
    Fault("socket-slow", "everything to and from Asterisk 0.1 s late", socket_slow),
    Fault("database-away", "Postgres cut and refused for 5 s", database_away, live=RIGHT_OR_TOLD),
    Fault("database-silent", "Postgres silent for 5 s", database_silent, live=RIGHT_OR_TOLD),
    Fault("database-slow", "Postgres 0.1 s late, each way", database_slow, live=RIGHT_OR_TOLD),
    Fault("before-commit", "connection lost before COMMIT, ten times", before_commit, new=ONLY_RIGHT),
    Fault("after-commit", "connection lost after COMMIT, ten times", after_commit, new=ONLY_RIGHT),
    Fault("asterisk-killed", "Asterisk killed and started", asterisk_killed, live=frozenset({LOST, RIGHT, TOLD}),
          new=frozenset({LOST, RIGHT, TOLD}), limits={"back": 5.0}),
    Fault("asterisk-stopped", "Asterisk stopped gracefully and started", asterisk_stopped,
          new=frozenset({REFUSED, LOST, RIGHT, TOLD}), limits={"back": 5.0}),
    Fault("rolling", "rolling restart of two processes, ten rounds at 20 calls/s", rolling, NAMES,
          frozenset({LEFT}), frozenset({LEFT}), rate=20.0, short=True),
    Fault("hang-up", "callers hang up at points all over the call", nothing, live=frozenset({LEFT, RIGHT}),
          new=frozenset({LEFT, RIGHT}), leaves=True),
    Fault("lossy", "RTP of the keys: 2 % lost, 5 % twice, 5 % reordered", nothing, new=ONLY_RIGHT, disturb=lossy),
    Fault("short-keys", "keys of 40 ms", nothing, new=ONLY_RIGHT, tone=0.04),
    Fault("flood", "500 malformed and unwanted SIP messages a second", flood, new=ONLY_RIGHT),
)  # fmt: skip
