"""Calls that are offered to every application, as `StasisBroadcast` does: the first that claims one gets it."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

from .answers import error


class Broadcasts:
    """The offers there are, and those that were won."""

    def __init__(self) -> None:
        self._winners: dict[str, asyncio.Future[str]] = {}

    async def winner(self, channel_id: str, wait_seconds: float) -> str | None:
        """Wait for the application that claims the channel; None if none does in time."""
        won: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._winners[channel_id] = won
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_seconds):
                return await won
        del self._winners[channel_id]
        return None

    async def claim(self, request: web.Request) -> web.Response:
        """Answer a claim."""
        won = self._winners.get(request.query["channelId"])
        if won is None:
            return error(404, "Channel not found or not in broadcast state")
        if won.done():
            return error(409, "Channel has already been claimed by another application")
        won.set_result(request.query["application"])
        return web.Response(status=204)
