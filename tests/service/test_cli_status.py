"""`hotline status --watch`, over a real Postgres and without a switchboard."""

from __future__ import annotations

import asyncio
import contextlib
import io

import pytest
from pydantic import SecretStr
from rich.console import Console

from hotline.cli import status
from hotline.settings import Settings

LEFT = "\x1b[?1049l"
"""A terminal gets its screen back."""


@pytest.fixture
def shown(monkeypatch):
    """What the terminal was shown."""
    screen = io.StringIO()
    monkeypatch.setattr(status, "console", Console(file=screen, force_terminal=True, width=160, height=40))
    monkeypatch.setattr(status, "EVERY", 0.01)
    monkeypatch.setattr(status, "processes", list)
    return screen


@pytest.fixture
def settings(wire, tmp_path):
    """Settings of a machine that has nothing but a database."""
    settings = Settings()
    settings.database.dsn = SecretStr(wire.dsn)
    settings.voice.sounds = tmp_path
    settings.ari.url = "http://127.0.0.1:9"
    return settings


async def test_it_looks_again_and_again(shown, settings, wire):
    """A database that goes away is seen at the next look, and seen when it is back; the end gives the screen back."""

    async def see(words):
        shown.seek(0)
        shown.truncate()
        async with asyncio.timeout(20):
            while words not in shown.getvalue():
                await asyncio.sleep(0.01)

    watching = asyncio.create_task(status._watched(settings))
    try:
        await see("answers in")
        await wire.cut()
        await see("away")
        await wire.mend()
        await see("answers in")
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    assert LEFT in shown.getvalue()
