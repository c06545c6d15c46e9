"""What the fake's answers look like."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from .call import LeftMeanwhile

if TYPE_CHECKING:
    from collections.abc import Awaitable

NO_CHANNEL = "Channel not found"
NOT_IN_STASIS = "Channel not in Stasis application"


async def in_turn(work: Awaitable[None]) -> web.Response:
    """Wait until the channel's thread has done something, and say so."""
    try:
        await work
    except LeftMeanwhile:
        return error(404, NO_CHANNEL)
    return web.Response(status=204)


def now() -> str:
    """Return the time as Asterisk writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def error(status: int, message: str) -> web.Response:
    """Return an answer that says what is wrong."""
    return web.json_response({"message": message}, status=status)
