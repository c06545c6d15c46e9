"""Peers: the calls of another process that is gone, or stands still, are looked after before its name returns.

Asterisk tells nobody that an application has lost its socket, so processes tell each other that they live: each sends
its peers a pulse, an event by way of Asterisk. A peer that has calls and sends none has its name taken. That fences it,
should it only have stood still: Asterisk sends it `ApplicationReplaced`, and from then on it touches no channel.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from .errors import AriError, Fatal, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .client import Client
    from .stay import Handler

log = structlog.get_logger()

PULSE = "ari-client-pulse-"
"""How the events are named by which a process says that it lives; its first name follows."""

PULSE_SECONDS = 2.0
"""Between two pulses, and between two looks at the peers."""

SILENCE_SECONDS = 10.0
"""A peer with calls that sent no pulse for so long is gone. A process finds out in less that its socket is dead, and
opens another; one that is started again at once has its name back by then."""

ADOPTED_SECONDS = 0.2
"""Between two looks whether a peer's calls have ended."""


class PeerWatch:
    """Tells the peers that we live, and takes the name of one that does not.

    Args:
        client: connects us with Asterisk, under our own names.
        us: our own names.
        peers: the names of each other process.
        under: returns a client, not running yet, that connects to the same Asterisk under other names.
    """

    def __init__(
        self,
        client: Client,
        us: Sequence[str],
        peers: Sequence[Sequence[str]],
        *,
        under: Callable[[Sequence[str]], Client],
    ) -> None:
        self._client = client
        self._us = us
        self._peers = {names[0]: names for names in peers}
        self._under = under
        self._silent_since: dict[str, float] = {}
        self._now = asyncio.get_running_loop().time

    async def run(self, *, on_orphan: Handler, on_refused: Handler) -> None:
        """Watch until cancelled; see `Client.run` for what is done with a peer's calls. No new one is taken for it."""
        self._client.on_user_event = self._heard
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pulse())
            group.create_task(self._watch(on_orphan, on_refused))

    async def _pulse(self) -> None:
        """Say that we live; a process that has just come back does so at once."""
        while True:
            await self._client.connected.wait()
            for peer in self._peers:
                with contextlib.suppress(AriError):  # it is not there, or we are not; who is will see
                    await self._client.events.user_event(PULSE + self._us[0], peer)
            await asyncio.sleep(PULSE_SECONDS)

    def _heard(self, event_name: str) -> None:
        if event_name.startswith(PULSE):
            self._silent_since.pop(event_name.removeprefix(PULSE), None)

    async def _watch(self, on_orphan: Handler, on_refused: Handler) -> None:
        looked = self._now()
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            stood_still, looked = self._now() - looked > 2 * PULSE_SECONDS, self._now()
            if stood_still or not self._client.connected.is_set():
                # Who stood still, or was cut off, has heard no pulse either.
                self._silent_since.clear()
                continue
            try:
                for peer in await self._gone():
                    await self._succeed(peer, on_orphan, on_refused)
                    looked = self._now()
            except AriError as error:
                self._silent_since.clear()
                log.warning("ari_peers_not_seen", error=str(error))

    async def _gone(self) -> list[str]:
        """Return the peers that have calls and have sent no pulse for too long."""
        gone = []
        for peer in self._peers:
            if not await self._calls_of(peer):
                self._silent_since.pop(peer, None)
            elif self._now() - self._silent_since.setdefault(peer, self._now()) > SILENCE_SECONDS:
                del self._silent_since[peer]
                gone.append(peer)
        return gone

    async def _calls_of(self, peer: str) -> int:
        """How many channels a peer has."""
        count = 0
        for name in self._peers[peer]:
            with contextlib.suppress(NotFound):
                count += len((await self._client.applications.get(name)).channel_ids)
        return count

    async def _succeed(self, peer: str, on_orphan: Handler, on_refused: Handler) -> None:
        """Have a peer's name until it has no calls any more, or takes it back."""
        log.error(
            "ari_peer_gone", app=peer, effect="its callers are looked after here", do="see why it ended or stands still"
        )
        successor = self._under(self._peers[peer])
        running = asyncio.create_task(
            successor.run(on_refused, on_orphan=on_orphan, accept=lambda: False, on_refused=on_refused)
        )
        try:
            while not running.done() and await self._calls_of(peer):
                await asyncio.wait({running}, timeout=ADOPTED_SECONDS)
        finally:
            await successor.close()
            with contextlib.suppress(Fatal):
                await running
        log.info("ari_peer_succeeded", app=peer)
