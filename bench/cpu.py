"""CPU time of processes, as the kernel counts it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
FIND_SECONDS, FIND_TIMES = 5.0, 250


class NoProcess(Exception):
    """A process whose CPU time was to be measured is not there."""


async def find(program: str, mark: str) -> int:
    """Return the id of the process that runs `program` with `mark` in one of its arguments; it may be just starting.

    Programs run in a box, as a child of a child of ours under a name of its own, so their ids are not known to us.

    Raises:
        NoProcess: there is none, nor was one within 5 s.
    """
    for _ in range(FIND_TIMES):
        if (found := _running(program, mark)) is not None:
            return found
        await asyncio.sleep(FIND_SECONDS / FIND_TIMES)
    raise NoProcess(f"{program} is not running")


def seconds(process: int) -> float:
    """Return the CPU time that all threads of `process` have used so far, in user mode and in the kernel.

    Raises:
        NoProcess: it has ended.
    """
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        raise NoProcess(f"process {process} has ended") from None
    user, system = stat.rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) * TICK_SECONDS


def _running(program: str, mark: str) -> int | None:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            first, *others = (process / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
            if first == program and any(mark in argument for argument in others):
                return int(process.name)
    return None
