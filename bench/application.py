"""The application in a process of its own, beside a house: what measures must not slow what is measured."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING

from hotline.processes import Box, Child, ChildFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from hotline.demo.house import House

START_SECONDS = 20.0
READY = "service_ready"
HOTLINE = ("-c", "from hotline.cli import main; main()")


@contextlib.asynccontextmanager
async def serving(rooms: House, program: Sequence[str] = HOTLINE, **more: str) -> AsyncIterator[Child]:
    """Run `hotline serve` until the end of the block; entered once calls can come.

    Args:
        rooms: the house whose calls it takes.
        program: what Python runs in the place of the application, which goes on as the application.
        more: further settings, as `HOTLINE_CALL__NOTICE`.

    Raises:
        ChildFailed: it did not start; the message has the end of its log.
    """
    settings = rooms.settings
    environment = os.environ | {
        "HOTLINE_ARI__URL": settings.ari.url,
        "HOTLINE_CALL__TEST_PHONES": "true",
        "HOTLINE_ARI__PASSWORD": settings.ari.password.get_secret_value(),
        "HOTLINE_DATABASE__DSN": settings.database.dsn.get_secret_value(),
        "HOTLINE_PASSWORD__PEPPER": settings.password.pepper.get_secret_value(),
        "HOTLINE_VOICE__SECRETS": str(settings.voice.secrets),
        "HOTLINE_CALL__MEDIA_NETWORKS": ",".join(map(str, settings.call.media_networks)),
        **more,
    }
    log = rooms.folder / "application.log"
    command = [sys.executable, *program, "serve"]
    with log.open("wb") as output:
        child = await Child.start(command, box=Box(), name="application", output=output, env=environment)
    try:
        await _ready(child, log)
        yield child
    finally:
        await child.stop()


async def _ready(child: Child, log: Path) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            while READY not in (said := _read(log)):
                if not child.running:
                    raise ChildFailed(f"the application did not start: {said[-500:].strip()}")
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise ChildFailed(f"the application was not ready after {START_SECONDS:g} s") from None


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")
