"""After each connect: choose the events, find out what was missed, and find channels that nobody serves."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from .errors import AriError, Conflict, InvalidState, NotFound, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .models import Channel
    from .operations import Applications, Channels
    from .stay import Stay

log = structlog.get_logger()

ORPHAN_SECONDS = 0.5
"""A channel without a stay is an orphan if it still is after this long: its `StasisStart` may be on its way."""


class Reconciler:
    """Brings what we believe in line with what Asterisk has.

    Args:
        apps: the applications' names.
        stays: the stays that have not ended, by channel id.
        applications: operations on applications.
        channels: operations on channels.
        connected: set while events come.
        adopt: called with each orphan.
    """

    def __init__(
        self,
        apps: Sequence[str],
        stays: Mapping[str, Stay],
        *,
        applications: Applications,
        channels: Channels,
        connected: asyncio.Event,
        adopt: Callable[[Channel], None],
    ) -> None:
        self._apps = apps
        self._stays = stays
        self._applications = applications
        self._channels = channels
        self._connected = connected
        self._adopt = adopt

    async def catch_up(self) -> set[str]:
        """Choose the events and let every stay find out what it missed; return the channels that have no stay.

        Raises:
            AriError: Asterisk did not tell.
        """
        before = dict(self._stays)
        for app in self._apps:
            await self._applications.filter(app)
        present = await self._present()
        for channel_id, stay in before.items():
            if channel_id in present:
                await _catch_up(stay)
            else:
                stay.gone()
        log.info("ari_connected", apps=self._apps, resumed=len(before.keys() & present))
        return present - self._stays.keys()

    async def adopt(self, suspects: set[str]) -> None:
        """Find those that are orphans indeed: still without a stay, and still here, a moment later."""
        while self._connected.is_set():
            await asyncio.sleep(ORPHAN_SECONDS)
            try:
                await self._adopt_now(suspects)
            except AriError as error:
                log.warning("ari_orphans_not_served", error=str(error))
            else:
                return

    async def _adopt_now(self, suspects: set[str]) -> None:
        still = suspects & await self._present()
        for channel_id in still - self._stays.keys():
            with contextlib.suppress(NotFound):
                channel = await self._channels.get(channel_id)
                if channel_id not in self._stays:
                    log.warning("ari_orphan", channel=channel_id)
                    self._adopt(channel)

    async def _present(self) -> set[str]:
        """The channels that Asterisk has in our applications."""
        return {channel_id for app in self._apps for channel_id in (await self._applications.get(app)).channel_ids}


async def _catch_up(stay: Stay) -> None:
    """Let a stay find out what it missed; that Asterisk would not tell about one must not hold up the others."""
    try:
        await stay.catch_up()
    except (Rejected, InvalidState, Conflict) as error:
        log.warning("ari_not_caught_up", channel=stay.channel.id, error=str(error))
