"""Child processes that end with us.

Every server and softphone we start runs as the first process of a PID namespace of its own, with the kernel's
parent-death signal set: when this process ends, however it ends, the kernel ends the child and all its descendants.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STOP_SECONDS = 5.0
_HOMES = frozenset({"home", "mnt", "opt", "root", "srv", "work"})
"""Top folders in which a distribution's root file system has nothing that a server needs."""


class MissingProgram(Exception):
    """A program this machine should have is not there."""


class ChildFailed(Exception):
    """A child process did not do what it was started for."""


def need(program: str) -> str:
    """Return the full path of `program`.

    Raises:
        MissingProgram: it is not on the PATH.
    """
    found = shutil.which(program)
    if found is None:
        raise MissingProgram(f"{program} is not installed; run `make setup`")
    return found


@dataclass(frozen=True)
class Box:
    """What a child sees of this machine.

    Attributes:
        root: the folder that is its `/`; the machine's own when None.
        shared: folders of ours it sees at the same path, read and write.
        offline: it has a network of its own with nothing in it but an empty loopback interface.
        as_nobody: run under the user id of `nobody` (for servers that refuse to run as root); files stay ours.
    """

    root: Path | None = None
    shared: Sequence[Path] = ()
    offline: bool = False
    as_nobody: bool = False

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return the command line that runs `argv` in this box.

        Raises:
            MissingProgram: bubblewrap is not installed.
        """
        line = [need("bwrap"), "--die-with-parent", "--unshare-pid", "--unshare-ipc"]
        if self.offline:
            line.append("--unshare-net")
        if self.root is None:
            line += ["--dev-bind", "/", "/"]
        else:
            line += ["--bind", str(self.root), "/", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - a fresh one
        if self.as_nobody and os.geteuid() == 0:
            # Without a /proc of its own: a kernel lets a user namespace mount one only where nothing hides parts of it.
            line += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
        else:
            line += ["--proc", "/proc"]
        # Shared folders may lie where the root has none: an empty place for them needs no right to write there.
        for top in sorted({folder.parts[1] for folder in self.shared} & _HOMES) if self.root is not None else ():
            line += ["--tmpfs", f"/{top}"]
        for folder in self.shared:
            line += ["--bind", str(folder), str(folder)]
        return [*line, "--", *argv]


class Child:
    """A running child process."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self.name = name

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        box: Box,
        name: str,
        output: IO[bytes] | int = asyncio.subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
    ) -> Child:
        """Start `argv` in `box`; standard output and error go to `output`.

        Raises:
            MissingProgram: bubblewrap is not installed.
        """
        process = await asyncio.create_subprocess_exec(
            *box.command(argv), stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, env=env
        )
        return cls(process, name)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for its end and return its exit status."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End it and everything it started; returns when all of it is gone, so its ports and files are free."""
        if not self.running:
            return
        with _first_in_box(self._process.pid) as first:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
                if first is not None:
                    await _ended(first)


@contextlib.contextmanager
def _first_in_box(bwrap: int) -> Iterator[int | None]:
    """Yield a handle on the first process of the PID namespace below `bwrap`, or None when it has ended already.

    The kernel ends a namespace's other processes with its first, which is gone only after all of them.
    """
    handle = None
    with contextlib.suppress(OSError, IndexError):
        children = Path(f"/proc/{bwrap}/task/{bwrap}/children").read_text(encoding="ascii")
        handle = os.pidfd_open(int(children.split()[0]))
    try:
        yield handle
    finally:
        if handle is not None:
            os.close(handle)


async def _ended(process: int) -> None:
    """Wait until the process of this handle has ended: the handle becomes readable."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(process, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process)
