"""The ways in which calls come by the settings: which doors there are, and having them open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from hotline import ari
from hotline.doors.ari import AriDoor
from hotline.doors.fastagi import FastAgiDoor
from hotline.prompts import silence
from hotline.service.calls import APOLOGY

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from hotline.doors import Door
    from hotline.prompts import Library, SpokenSecrets
    from hotline.service.calls import Service
    from hotline.settings import AriSettings, Settings

LONGEST_WAIT: Final = 60.0
"""Seconds that a caller can be waited for at most, by menu.toml."""


def doors_of(
    settings: Settings, stack: contextlib.AsyncExitStack, library: Library, secrets: SpokenSecrets
) -> list[Door]:
    """Return the ways in which calls come by the settings; what they hold is given back when `stack` closes."""
    doors: list[Door] = []
    limits = {"call_seconds": settings.call.longest_seconds, "calls_at_once": settings.call.at_once}
    if settings.ari.enabled:
        client = to_asterisk(settings.ari)
        stack.push_async_callback(client.close)
        quiet = stack.enter_context(secrets.file(silence(LONGEST_WAIT)))
        peers = watch_over_peers(settings.ari, client)
        doors.append(AriDoor(client, library, apology=APOLOGY, silence=quiet, peers=peers, **limits))
    if settings.fastagi.enabled:
        doors.append(FastAgiDoor(settings.fastagi, library, **limits))
    return doors


def to_asterisk(at: AriSettings) -> ari.Client | ari.Listener:
    """Return what connects us with Asterisk, whoever opens the socket."""
    password = at.password.get_secret_value()
    if at.connects == "hotline":
        return ari.Client(at.url, at.user, password, at.names)
    http = (at.url, at.user, password) if at.by_http else None
    listen_password = at.listen_password.get_secret_value()
    return ari.Listener(at.listen_address, at.listen_port, at.listen_user, listen_password, at.names, http=http)


def watch_over_peers(at: AriSettings, client: ari.Client | ari.Listener) -> ari.PeerWatch | None:
    """Return what watches over the other processes, if there are any."""
    if isinstance(client, ari.Listener) or not at.names_of_peers:
        return None

    def under(names: Sequence[str]) -> ari.Client:
        return ari.Client(at.url, at.user, at.password.get_secret_value(), names)

    return ari.PeerWatch(client, at.names, at.names_of_peers, under=under)


async def take_calls(doors: Sequence[Door], service: Service, fit: Callable[[], Coroutine[None, None, None]]) -> None:
    """Have all `doors` open until cancelled, or until one will not stay open: then none does.

    Nor does one when `fit` finds out that we may not serve with the database, which was away at the start.

    Raises:
        AriError, DoorUnavailable, SchemaUnfit, SettingsError: that was why.
    """
    tasks = [asyncio.create_task(door.open(service.receive), name=type(door).__name__) for door in doors]
    tasks.append(asyncio.create_task(fit(), name="fit"))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()


async def opened(doors: Sequence[Door], running: asyncio.Task[None]) -> None:
    """Wait until calls can come by each of `doors`.

    Raises:
        AriError, DoorUnavailable: they never will; `running` has ended with this.
    """
    waiting = asyncio.create_task(_all(door.opened for door in doors))
    try:
        await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if running.done():
        running.result()


async def _all(events: Iterable[asyncio.Event]) -> None:
    for event in events:
        await event.wait()
