"""The reference call by FastAGI with panoramisk."""

from __future__ import annotations

import asyncio
from typing import Any

from panoramisk.fast_agi import Application

from bench.beside.clients.orders import NUMBER, Orders

orders = Orders.given()
S = orders.sounds


async def serve(request: Any) -> None:
    """Serve one call."""
    ask = request.send_command
    await ask("ANSWER")
    if (await ask(f"GET DATA {S}/menu 5000 1"))["result"][0] == "8":
        keyed = await ask(f"GET DATA {S}/silence 5000 20")
        if keyed["result"][0] == NUMBER:
            for sound in ("check", "reading", "reading"):
                await ask(f'STREAM FILE {S}/{sound} ""')
    await ask("HANGUP")


async def main() -> None:
    """Serve until killed."""
    application = Application(loop=asyncio.get_running_loop())
    application.add_route("reference", serve)
    server = await asyncio.start_server(application.handler, "127.0.0.1", orders.port)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
