"""The reference call by one of our own doors: `ours.py ari` or `ours.py fastagi`.

The door and the call as the hotline has them, with the same few steps as the others: no menu file, database or hash.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import uvloop
from pydantic import SecretStr

from bench.beside.clients.orders import NUMBER, PASSWORD, Orders
from hotline import ari, logs
from hotline.call import Call, CallerGone, Entry, Reason
from hotline.doors.ari import AriDoor
from hotline.doors.fastagi import FastAgiDoor
from hotline.settings import FastAgiSettings

orders = Orders.given()
CHOICE = Entry(keys="8", grace={1: 0.0}, first=5.0, between=5.0)
DIGITS = Entry(keys="0123456789", grace={10: 5.0}, first=5.0, between=5.0, end="#")
CALL_SECONDS, AT_ONCE = 120, 500


@dataclass(frozen=True)
class Sound:
    """One of the sounds."""

    path: Path
    seconds: float


SOUNDS = {name: Sound(Path(orders.sounds) / name, seconds) for name, seconds in orders.seconds.items()}


async def serve(call: Call) -> None:
    """Serve one call."""
    try:
        await call.answer()
        chosen = await call.ask("menu", entry=CHOICE)
        keyed = await call.ask("silence", entry=DIGITS)
        if (chosen.digits, keyed.digits, keyed.reason) == ("8", NUMBER, Reason.ENTERED):
            await call.say("check", keys="")
            for _ in range(2):
                await call.read_out(SOUNDS["reading"])
        await call.hang_up()
    except CallerGone:
        pass


async def main(way: str) -> None:
    """Serve until killed."""
    logs.configure(logging.ERROR)
    door: AriDoor | FastAgiDoor
    if way == "ari":
        client = ari.Client(orders.url, orders.user, os.environ[PASSWORD], orders.app)
        door = AriDoor(
            client, SOUNDS, call_seconds=CALL_SECONDS, calls_at_once=AT_ONCE, apology="check", silence=SOUNDS["silence"]
        )
    else:
        settings = FastAgiSettings(enabled=True, port=orders.port, script=SecretStr("reference"))
        door = FastAgiDoor(settings, SOUNDS, call_seconds=CALL_SECONDS, calls_at_once=AT_ONCE)
    opened = asyncio.create_task(door.opened.wait())
    opened.add_done_callback(lambda _: print("ready", flush=True))
    await door.open(serve)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
