"""Processes of the application that signals can be sent to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hotline.processes import ChildFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

START_SECONDS = 30.0
READY = "service_ready"


class Process:
    """One `hotline serve`.

    Attributes:
        send: sends it a signal.
    """

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self.send = process.send_signal

    @classmethod
    async def start(cls, log: Path, settings: Mapping[str, str]) -> Process:
        """Start one with `settings` in its environment, which writes to `log`; it is not ready yet."""
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", "from hotline.cli import main; main()", "serve",
                env=os.environ | settings, stdout=output, stderr=output,
            )  # fmt: skip
        return cls(process, log)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended, frozen or not."""
        return self._process.returncode is None

    @property
    def said(self) -> str:
        """Its log so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    async def ready(self) -> None:
        """Wait until calls can come. Raises: ChildFailed."""
        await self.says(READY, 1, START_SECONDS)

    async def says(self, words: str, times: int, within: float) -> None:
        """Wait until `words` are in its log so many times. Raises: ChildFailed (it ended, or not in time)."""
        try:
            async with asyncio.timeout(within):
                while self.said.count(words) < times:
                    if not self.running:
                        raise ChildFailed(f"the application ended: {self.said[-500:].strip()}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise ChildFailed(f"not within {within:g} s: {words}") from None

    async def freeze(self) -> None:
        """Stop it in its tracks; returns when it stands."""
        self.send(signal.SIGSTOP)
        while not self._stands():  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.005)

    def _stands(self) -> bool:
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(") ")[2].startswith("T")

    async def ended(self, limit_seconds: float = 15.0) -> int:
        """Return its exit status once it has ended. Raises: ChildFailed (it does not)."""
        try:
            return await asyncio.wait_for(self._process.wait(), limit_seconds)
        except TimeoutError:
            raise ChildFailed(f"it did not end: {self.said[-500:].strip()}") from None

    async def kill(self) -> None:
        """End it with SIGKILL, whatever became of it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
