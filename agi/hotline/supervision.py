"""What systemd is told of us: that calls can come, and that we are not frozen (sd_notify(3), WatchdogSec=).

Started by anybody else, we tell nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

READY = b"READY=1"
ALIVE = b"WATCHDOG=1"


@contextlib.asynccontextmanager
async def supervised(environment: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """Tell now that calls can come and, until the end of the block, that the loop still turns."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        yield
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        # An abstract address is written with an @ in place of the zero byte it begins with.
        line.connect("\0" + address[1:] if address.startswith("@") else address)
        line.send(READY)
        telling = asyncio.create_task(_tell(line, watchdog_seconds(environment)), name="supervision")
        try:
            yield
        finally:
            telling.cancel()
            await asyncio.wait({telling})


def watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """Return the seconds of silence after which systemd takes this process for frozen; None if it does not care."""
    whose = environment.get("WATCHDOG_PID", "")
    if whose not in {"", str(os.getpid())}:
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds else None


async def _tell(line: socket.socket, seconds: float | None) -> None:
    while seconds is not None:
        with contextlib.suppress(OSError):  # it does not read for a while, or is being replaced by a newer one
            line.send(ALIVE)
        await asyncio.sleep(seconds / 3)
