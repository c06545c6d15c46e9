"""Where to look: folders, a database, and what processes and files are called while something goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leaks.finder import Finder

PACE = 0.3
"""Seconds between two looks at names and processes; a file that is played lives for seconds. A look takes 20 ms."""
LARGEST = 64 << 20
"""Bytes of a file beyond which it is not read; Postgres' log of changes has files of 16 MiB."""


@dataclass(frozen=True, order=True)
class Leak:
    """Where a number was found, and in which form; never the number."""

    place: str
    form: str


class Folder:
    """All files below a folder, with their names.

    Args:
        root: the folder.
        without: folders not looked into, by path or by name.
        since: Unix time; only files changed since.
    """

    def __init__(self, root: Path, *, without: Iterable[Path | str] = (), since: float = 0.0) -> None:
        self.root = root
        self._without = {str(one) for one in without}
        self._since = since

    def files(self) -> Iterator[Path]:
        """Yield each regular file."""
        for folder, below, names in os.walk(self.root):
            below[:] = [name for name in below if not self._without & {name, f"{folder}/{name}"}]
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(OSError):
                    state = path.lstat()
                    if stat.S_ISREG(state.st_mode) and self._since <= state.st_mtime and state.st_size <= LARGEST:
                        yield path

    def leaks(self, finder: Finder) -> set[Leak]:
        """Return where the number is: in a file, by its path below the root, or in the names."""
        found = set()
        names = []
        for path in self.files():
            place = str(path.relative_to(self.root))
            names.append(place)
            with contextlib.suppress(OSError):  # gone meanwhile
                found |= {Leak(place, form) for form in finder.inside(path.read_bytes())}
        return found | {Leak("a file's name", form) for form in finder.inside("\n".join(names).encode())}


class Spy:
    """Notes names of files and folders, and arguments and environments of processes, while its block lasts.

    A name is noted each time it appears, so that names which come and go in turn tell their order.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self.names: list[str] = []
        self.processes: dict[str, None] = {}
        self._there: set[str] = set()
        self._looking = threading.Lock()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self.look()

    def leaks(self, finder: Finder) -> set[Leak]:
        """Return where the number was seen."""
        seen = {"a file's name": self.names, "a process": self.processes}
        return {Leak(place, form) for place, what in seen.items() for form in finder.inside("\n".join(what).encode())}

    def look(self) -> None:
        """Note what there is just now."""
        with self._looking:
            walks = [walk for root in self._folders for walk in os.walk(root)]
            there = [f"{folder}/{name}" for folder, below, names in walks for name in [*below, *names]]
            self.names += [name for name in there if name not in self._there]
            self._there = set(there)
        for process in Path("/proc").glob("[0-9]*"):
            for what in ("cmdline", "environ", "comm"):
                with contextlib.suppress(OSError):
                    self.processes[(process / what).read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")] = None

    async def _watch(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(PACE)


async def tables(connection: object) -> dict[str, bytes]:
    """Return the whole content of every table, by name, as text."""
    names = await connection.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    found = {}
    for row in names:
        rows = await connection.fetch(f"SELECT one::text AS text FROM {row['name']} AS one")
        found[row["name"]] = "\n".join(row["text"] for row in rows).encode()
    return found
