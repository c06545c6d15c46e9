"""The measured client, from the side of whoever measures it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from bench import cpu
from bench.ari_cost.orders import PASSWORD, Orders, Report
from hotline.processes import Box, Child, ChildFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from bench.ari_cost.switchboard import Switchboard

START_SECONDS = 20.0


@dataclass(frozen=True)
class Serving:
    """The client while it serves.

    Attributes:
        process: its id.
    """

    process: int
    _socket: Path

    async def report(self) -> Report:
        """Ask it what it has done so far; it answers once it is connected."""
        reader, writer = await asyncio.open_unix_connection(self._socket)
        try:
            return msgspec.json.decode(await reader.read(), type=Report)
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def serving(
    board: Switchboard, apps: Sequence[str], call: Literal["set-up", "reference"], *, record: bool = False
) -> AsyncIterator[Serving]:
    """Run the client until the end of the block; entered once calls can come.

    Raises:
        ChildFailed: it did not start; the message has the end of what it said.
    """
    site = board.asterisk.site
    socket, log = board.folder / "client.socket", board.folder / "client.log"
    socket.unlink(missing_ok=True)
    orders = Orders(
        url=f"http://127.0.0.1:{site.http_port}",
        user=site.ari_user,
        apps=list(apps),
        sounds=str(board.sounds),
        socket=str(socket),
        call=call,
        record=record,
    )
    command = [sys.executable, "-m", "bench.ari_cost.client", msgspec.json.encode(orders).decode()]
    with log.open("wb") as output:
        environment = os.environ | {PASSWORD: site.ari_password}
        child = await Child.start(command, box=Box(), name="client", output=output, env=environment)
    try:
        served = Serving(await cpu.find(sys.executable, str(socket)), socket)
        await _ready(served, child, log)
        yield served
    finally:
        await child.stop()


async def _ready(served: Serving, child: Child, log: Path) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                with contextlib.suppress(OSError):
                    await served.report()
                    return
                if not child.running:
                    raise ChildFailed(f"the client did not start: {_end_of(log)}")
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise ChildFailed(f"the client was not ready after {START_SECONDS:g} s") from None


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-500:].strip()
