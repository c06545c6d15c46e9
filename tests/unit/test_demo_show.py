"""What a person at a terminal sees of a call."""

from __future__ import annotations

import asyncio
import io

import pytest
from rich.console import Console

from hotline.demo.show import Story


async def test_who_stops_watching_a_call_ends_it():
    """Ctrl-C in the middle leaves no conversation behind whose end nobody hears, and so no traceback."""
    talking = asyncio.create_task(asyncio.sleep(60))
    watching = asyncio.create_task(Story(Console(file=io.StringIO())).accompany(talking, list))
    await asyncio.sleep(0)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    await asyncio.wait({talking}, timeout=5)
    assert talking.cancelled()


async def test_what_goes_wrong_in_a_call_is_told_to_who_watches():
    """An error of the conversation is raised, not lost."""

    async def fails():
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        await Story(Console(file=io.StringIO())).accompany(asyncio.create_task(fails()), list)
