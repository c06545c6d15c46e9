"""The measured client in a process of its own: `python -m bench.ari_cost.client ORDERS`, with them as JSON.

Nothing but `hotline.ari` and a handler: no database, no hashing, no menu.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import msgspec
import uvloop

from bench.ari_cost.orders import NUMBER, PASSWORD, Orders, Report
from hotline import ari, logs
from hotline.ari import Outcome
from hotline.ari.models import decode_event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LIMIT_SECONDS = 30.0
KEY_SECONDS = 5.0


class Wrong(Exception):
    """A call did not go as it should."""


class KeysLost(Exception):
    """The keys that came are not those that were sent."""


class Handlers:
    """What is done with calls.

    Args:
        orders: from whoever measures.
    """

    def __init__(self, orders: Orders) -> None:
        self.report = Report()
        self._sounds = orders.sounds
        self._serve = {"set-up": self._set_up, "reference": self._reference}[orders.call]

    async def serve(self, stay: ari.Stay) -> None:
        """Serve one call and count it."""
        try:
            await self._serve(stay)
        except KeysLost:
            self.report.void += 1
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is reported
            self.report.wrong.append(f"{type(trouble).__name__}: {trouble}")
        else:
            self.report.served += 1

    async def _set_up(self, stay: ari.Stay) -> None:
        await stay.answer()
        await self._play(stay, "short")
        await stay.hang_up()

    async def _reference(self, stay: ari.Stay) -> None:
        await stay.answer()
        await self._play(stay, "menu", stop_keys="8")
        if await stay.key(within=KEY_SECONDS) != "8":
            raise KeysLost
        # As the hotline does: while nothing is played, a key that comes close to another may be told twice.
        listening = asyncio.create_task(self._play(stay, "silence", stop_keys="#"))
        keyed = ""
        while (key := await stay.key(within=KEY_SECONDS)) not in {"#", None}:
            keyed += key or ""
        await listening
        if keyed != NUMBER:
            raise KeysLost
        await self._play(stay, "check")
        await self._play(stay, "reading")
        await self._play(stay, "reading")
        await stay.hang_up()

    async def _play(self, stay: ari.Stay, sound: str, stop_keys: str = "") -> None:
        played = await stay.play([f"sound:{self._sounds}/{sound}"], limit_seconds=LIMIT_SECONDS, stop_keys=stop_keys)
        if stop_keys and played.outcome is Outcome.FINISHED:
            raise KeysLost
        if played.outcome is not (Outcome.STOPPED if stop_keys else Outcome.FINISHED):
            raise Wrong(f"{sound}: {played.outcome.value} after {played.seconds:.2f} s")


async def run(orders: Orders) -> None:
    """Serve calls until killed, and report to whoever connects."""
    handlers = Handlers(orders)
    report = handlers.report

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await client.connected.wait()
        writer.write(msgspec.json.encode(report))
        writer.close()

    async with contextlib.AsyncExitStack() as stack:
        if orders.record:
            stack.enter_context(patch("hotline.ari.connection.decode_event", _kept(report.events)))
        client = await stack.enter_async_context(ari.Client(orders.url, orders.user, os.environ[PASSWORD], orders.apps))
        if orders.call == "set-up":
            for name, times in {"answer": report.answer, "play_with_id": report.play}.items():
                setattr(client.channels, name, _timed(getattr(client.channels, name), times))
        await stack.enter_async_context(await asyncio.start_unix_server(tell, orders.socket))
        await client.run(handlers.serve)


def _timed(operation: Callable[..., Awaitable[Any]], times: list[float]) -> Callable[..., Awaitable[Any]]:
    """Return `operation` with a watch on it; only what succeeds counts."""

    async def timed(*args: object, **named: object) -> object:
        began = time.perf_counter()
        answer = await operation(*args, **named)
        times.append(time.perf_counter() - began)
        return answer

    return timed


def _kept(events: list[bytes]) -> Callable[[bytes], object]:
    """Return a `decode_event` that keeps what it is given."""

    def decode_and_keep(text: bytes) -> object:
        events.append(text)
        return decode_event(text)

    return decode_and_keep


if __name__ == "__main__":
    logs.configure(logging.ERROR)
    uvloop.run(run(msgspec.json.decode(sys.argv[1], type=Orders)))
