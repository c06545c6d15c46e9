"""The ways of driving the call, and the process of each."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import cpu
from bench.beside import install
from bench.beside.clients.orders import PASSWORD, VARIABLE, Orders
from hotline.processes import Box, Child, ChildFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bench.beside.board import Board

CLIENTS = Path(__file__).parent / "clients"
START_SECONDS = 30.0
DIALPLAN = "Asterisk's own dialplan"


@dataclass(frozen=True)
class Way:
    """One way.

    Attributes:
        name: as shown; the dialplan's is the one the others are compared with.
        extension: what a caller dials.
        application: the dialplan application that hands the call over; none for the dialplan's own.
        program: what runs the client; empty for none.
        arguments: of the program.
        ours: whether the goals are for it.
    """

    name: str
    extension: str
    application: str = ""
    program: str = ""
    arguments: tuple[str, ...] = ()
    ours: bool = False

    @property
    def missing(self) -> str:
        """What it lacks to run here, in words; nothing if it can."""
        if self.extension == "asyncari" and not (install.PYTHON.parent.parent / "pyvenv.cfg").exists():
            return "asyncari is not installed: run `.venv/bin/python -m bench.beside.install`"
        if self.extension == "node" and not self.program:
            return "node is not installed"
        if self.extension == "node" and not (install.NODE_MODULES / "ari-client").is_dir():
            return "ari-client is not installed: run `.venv/bin/python -m bench.beside.install`"
        return ""


def _python(module: str, *arguments: str) -> tuple[str, tuple[str, ...]]:
    return sys.executable, ("-m", f"bench.beside.clients.{module}", *arguments)


WAYS = (
    Way(DIALPLAN, "dialplan"),
    Way("FastAGI, panoramisk", "panoramisk", "AGI(agi://127.0.0.1:{panoramisk}/reference)",
        *_python("with_panoramisk")),
    Way("ARI, plain aiohttp", "aiohttp", "Stasis(aiohttp)", *_python("with_aiohttp")),
    Way("ARI, asyncari", "asyncari", "Stasis(asyncari)", str(install.PYTHON), (str(CLIENTS / "with_asyncari.py"),)),
    Way("ARI, Node's ari-client", "node", "Stasis(node)", shutil.which("node") or "",
        (str(CLIENTS / "with_ari_client.js"),)),
    Way("ours, FastAGI door", "ours-fastagi", "AGI(agi://127.0.0.1:{ours}/reference)", *_python("ours", "fastagi"),
        ours=True),
    Way("ours, ARI door", "ours-ari", "Stasis(ours-ari)", *_python("ours", "ari"), ours=True),
)  # fmt: skip


@contextlib.asynccontextmanager
async def driving(way: Way, board: Board) -> AsyncIterator[int | None]:
    """Run the client of `way` until the end of the block; yield its process id, None for the dialplan's own.

    Raises:
        ChildFailed: it did not start; the message has the end of what it said.
    """
    if not way.program:
        yield None
        return
    site = board.asterisk.site
    orders = Orders(
        url=f"http://127.0.0.1:{site.http_port}",
        user=site.ari_user,
        app=way.extension,
        sounds=str(board.folder_of_sounds),
        seconds=dict(board.seconds),
        port=board.agi_ports[way.ours],
    )
    environment = os.environ | {
        VARIABLE: json.dumps(asdict(orders)),
        PASSWORD: site.ari_password,
        "NODE_PATH": str(install.NODE_MODULES),
    }
    log, mark = board.folder / f"{way.extension}.log", f"way={way.extension};"
    with log.open("wb") as output:
        child = await Child.start(
            [way.program, *way.arguments, mark], box=Box(), name=way.name, output=output, env=environment
        )
    try:
        async with asyncio.timeout(START_SECONDS):
            while "ready" not in (said := log.read_text(encoding="utf-8", errors="replace")):
                if not child.running:
                    raise ChildFailed(f"{way.name} did not start: {said[-500:].strip()}")
                await asyncio.sleep(0.05)
        process = await cpu.find(way.program, mark)
    except TimeoutError:
        raise ChildFailed(f"{way.name} was not ready after {START_SECONDS:g} s: {said[-500:].strip()}") from None
    else:
        yield process
    finally:
        await child.stop()
