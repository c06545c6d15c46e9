"""The HTTP server of the console.

/healthz    200 as long as the event loop answers: whether to restart the process
/readyz     200 when calls can come and be served, else 503 and a line for each part that is not as it must be
/metrics    all figures, for Prometheus
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from hotline.console.errors import ConsoleUnavailable
from hotline.console.vitals import faults, take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hotline.console.metrics import Meters
    from hotline.console.vitals import Parts, Vitals
    from hotline.settings import ConsoleSettings

FRESH: Final = 1.0
"""Seconds for which what was found out is told again: however many ask, the database is asked once a second."""
LAG_EVERY: Final = 0.5
"""Seconds between two looks at how late the event loop is."""
CLOSING_SECONDS: Final = 1.0


@contextlib.asynccontextmanager
async def console(settings: ConsoleSettings, parts: Parts, meters: Meters) -> AsyncIterator[None]:
    """Answer over HTTP until the end of the block, if the settings want it.

    Raises:
        ConsoleUnavailable: the address can't be listened on.
    """
    if not settings.enabled:
        yield
        return
    answers = _Answers(parts, meters)
    app = web.Application()
    app.add_routes(
        [web.get("/healthz", answers.alive), web.get("/readyz", answers.ready), web.get("/metrics", answers.metrics)]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_SECONDS)
    await runner.setup()
    watching = asyncio.create_task(watch_lag(meters.lagged), name="event loop lag")
    try:
        try:
            await web.TCPSite(runner, str(settings.address), settings.port).start()
        except OSError as error:
            raise ConsoleUnavailable(
                f"HOTLINE_CONSOLE__ADDRESS={settings.address}, HOTLINE_CONSOLE__PORT={settings.port}: {error.strerror}"
            ) from None
        yield
    finally:
        watching.cancel()
        await asyncio.wait({watching})
        await runner.cleanup()


async def watch_lag(observe: Callable[[float], None]) -> None:
    """Tell `observe`, again and again, how many seconds late the event loop is; until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_EVERY
        await asyncio.sleep(LAG_EVERY)
        observe(max(0.0, loop.time() - due))


class _Answers:
    """What is answered."""

    def __init__(self, parts: Parts, meters: Meters) -> None:
        self._parts = parts
        self._meters = meters
        self._looking = asyncio.Lock()
        self._looked_at = -FRESH

    async def alive(self, _request: web.Request) -> web.Response:
        """The loop turns, or nobody would read this."""
        return web.Response(text="alive\n")

    async def ready(self, _request: web.Request) -> web.Response:
        """Whether calls can come and be served."""
        found = faults(await self._vitals())
        if not found:
            return web.Response(text="ready\n")
        return web.Response(status=503, text="".join(f"{part}: {why}\n" for part, why in found.items()))

    async def metrics(self, _request: web.Request) -> web.Response:
        """All figures."""
        await self._vitals()
        figures = generate_latest(self._meters.registry)
        return web.Response(body=figures, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _vitals(self) -> Vitals:
        now = asyncio.get_running_loop().time
        async with self._looking:
            if self._meters.vitals is None or now() - self._looked_at >= FRESH:
                self._meters.vitals = await take(self._parts)
                self._looked_at = now()
            return self._meters.vitals
