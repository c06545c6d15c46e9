"""baresip's control socket: commands, responses and events as JSON in netstrings (`<length>:<text>,`)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from hotline.phone.errors import PhoneFailed

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND_SECONDS = 5.0


class Control:
    """One connection to a running baresip.

    Args:
        reader: of the connection.
        writer: of the connection.
        on_event: called with each event.
        on_lost: called once, when baresip goes away.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        on_event: Callable[[dict[str, Any]], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._on_lost = on_lost
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._task = asyncio.create_task(self._read())

    async def command(self, command: str, params: str) -> None:
        """Send a command and wait until it was carried out.

        Raises:
            PhoneFailed: it was refused, there was no response, or baresip is gone.
        """
        if self._task.done():
            raise PhoneFailed("the softphone ended")
        self._count += 1
        token = str(self._count)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[token] = answer
        text = json.dumps({"command": command, "params": params, "token": token}).encode()
        self._writer.write(b"%d:%b," % (len(text), text))
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                response = await answer
        except TimeoutError:
            raise PhoneFailed(f"no response to {command}") from None
        finally:
            del self._waiting[token]
        if not response.get("ok"):
            raise PhoneFailed(f"{command} refused: {str(response.get('data', '')).strip()}")

    async def close(self) -> None:
        """Close the connection."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        try:
            while True:
                length = int((await self._reader.readuntil(b":"))[:-1])
                message = json.loads((await self._reader.readexactly(length + 1))[:-1])
                waiting = self._waiting.get(message.get("token", ""))
                if message.get("event"):
                    self._on_event(message)
                elif waiting is not None and not waiting.done():
                    waiting.set_result(message)
        except (asyncio.IncompleteReadError, OSError):
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(PhoneFailed("the softphone ended"))
            self._on_lost()
