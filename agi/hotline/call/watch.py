"""Watching over something while it is said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

Watch = Callable[[], Awaitable[None]]
"""Asked again and again whether what is being said may go on; what it raises ends it."""

EVERY = 2.0
"""Seconds from one look to the next: three digits of nine, four at most, and one request each.

Each second, they were 40 % of what the application does for a call but for the hash (decision 9)."""


async def watched(playing: Awaitable[T], watch: Watch) -> T:
    """Return the result of `playing`, watched every `EVERY` seconds and once more when it is over.

    What the watch raises is raised here, and `playing` is cancelled and over by then.
    """
    task = asyncio.ensure_future(playing)
    try:
        while not (await asyncio.wait({task}, timeout=EVERY))[0]:
            await watch()
        result = task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await watch()
    return result
