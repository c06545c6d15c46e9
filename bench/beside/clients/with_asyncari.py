"""The reference call by ARI with asyncari; runs in an environment of its own, without anything of ours."""

from __future__ import annotations

import json
import os
from typing import Any

import anyio
import asyncari

orders = json.loads(os.environ["BENCH_BESIDE"])
NUMBER = "0123456799"


async def serve(channel: Any) -> None:
    """Serve one call."""
    pressed, keys = anyio.create_memory_object_stream(100)
    channel.on_event("ChannelDtmfReceived", lambda event: pressed.send_nowait(event["digit"]))

    async def play(sound: str) -> Any:
        return await channel.play(media=f"sound:{orders['sounds']}/{sound}")

    await channel.answer()
    menu = await play("menu")
    chosen = await keys.receive()
    await menu.stop()
    silence = await play("silence")
    keyed = ""
    while (key := await keys.receive()) != "#":
        keyed += key
    await silence.stop()
    if (chosen, keyed) == ("8", NUMBER):
        for sound in ("check", "reading", "reading"):
            playback = await play(sound)
            await playback.wait_done()
    await channel.hang_up()


async def main() -> None:
    """Serve until killed."""
    user, password = orders["user"], os.environ["BENCH_ARI_PASSWORD"]
    async with (
        asyncari.connect(orders["url"], orders["app"], user, password) as client,
        client.on_channel_event("StasisStart") as calls,
    ):
        print("ready", flush=True)
        async for objects, _ in calls:
            client.taskgroup.start_soon(serve, objects["channel"])


anyio.run(main)
