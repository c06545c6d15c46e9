"""The reference call by ARI with nothing but aiohttp."""

from __future__ import annotations

import asyncio
import json
import os
from base64 import b64encode
from collections import defaultdict
from typing import Any

import aiohttp

from bench.beside.clients.orders import NUMBER, PASSWORD, Orders

orders = Orders.given()
Events = asyncio.Queue[dict[str, Any]]


async def serve(session: aiohttp.ClientSession, channel: str, events: Events) -> None:
    """Serve one call."""

    async def post(path: str, **params: str) -> Any:
        async with session.post(f"/ari/channels/{channel}/{path}", params=params) as answer:
            return await answer.json() if answer.content_type == "application/json" else None

    async def play(sound: str) -> str:
        playback: str = (await post("play", media=f"sound:{orders.sounds}/{sound}"))["id"]
        return playback

    async def key() -> str:
        while (event := await events.get())["type"] != "ChannelDtmfReceived":
            pass
        digit: str = event["digit"]
        return digit

    async def stop(playback: str) -> None:
        async with session.delete(f"/ari/playbacks/{playback}"):
            pass

    await post("answer")
    menu = await play("menu")
    chosen = await key()
    await stop(menu)
    silence = await play("silence")
    keyed = ""
    while (digit := await key()) != "#":
        keyed += digit
    await stop(silence)
    if (chosen, keyed) == ("8", NUMBER):
        for sound in ("check", "reading", "reading"):
            playback = await play(sound)
            while (event := await events.get())["type"] != "PlaybackFinished" or event["playback"]["id"] != playback:
                pass
    async with session.delete(f"/ari/channels/{channel}"):
        pass


async def main() -> None:
    """Serve until killed."""
    token = b64encode(f"{orders.user}:{os.environ[PASSWORD]}".encode()).decode()
    calls: defaultdict[str, Events] = defaultdict(asyncio.Queue)
    tasks = set()
    async with (
        aiohttp.ClientSession(orders.url, headers={"Authorization": f"Basic {token}"}) as session,
        session.ws_connect("/ari/events", params={"app": orders.app}) as stream,
    ):
        print("ready", flush=True)
        async for message in stream:
            event = json.loads(message.data)
            playback = event.get("playback", {}).get("target_uri", "").removeprefix("channel:")
            channel = event.get("channel", {}).get("id") or playback
            if event["type"] == "StasisStart":
                task = asyncio.create_task(serve(session, channel, calls[channel]))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            elif event["type"] == "StasisEnd":
                calls.pop(channel, None)
            elif channel in calls:
                calls[channel].put_nowait(event)


asyncio.run(main())
