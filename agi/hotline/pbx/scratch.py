"""A scratch start: a real Asterisk with a copy of an admin's configuration, without a network, to hear what it says.

The copy has the admin's text line for line, so what Asterisk says of a line is true of the admin's. Only addresses are
others, each a loopback address of its own: in a network with nothing in it those of this machine are not there, and
nothing that runs is disturbed or called.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import shutil
import socket
from typing import TYPE_CHECKING, Final

from hotline.pbx.console import ENV, PROGRAM, Console
from hotline.pbx.errors import PbxUnavailable
from hotline.pbx.folders import FOLDERS, directories
from hotline.processes import Box, Child

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

START_SECONDS: Final = 30.0
LOG: Final = "scratch"
_ADDRESS = re.compile(r"^(\s*(?:bind|bindaddr|media_address|tlsbindaddr)\s*=\s*)([0-9.]+)(?=[:\s]|$)", re.MULTILINE)
_MATCH = re.compile(r"^(\s*match\s*=\s*)([A-Za-z][A-Za-z0-9.-]*\.[A-Za-z0-9.-]+)[ \t]*$", re.MULTILINE)
_KEPT_SOCKET = re.compile(r"^(\s*type\s*=\s*)websocket_client\b", re.MULTILINE)


class Scratch:
    """What Asterisk made of a configuration.

    Attributes:
        folder: the admin's.
        etc: the copy.
        console: of the Asterisk that has it; of none when it `ended`.
        ended: it did not start up, or ended by itself.
        root: the root file system of Asterisk; None for the machine's own.
    """

    def __init__(self, folder: Path, run: Path, console: Console, root: Path | None, *, ended: bool) -> None:
        self.folder = folder
        self.etc = run / "etc"
        self.console = console
        self.root = root
        self.ended = ended
        self._log = run / "log"

    def said(self) -> str:
        """Return its warnings and errors, and what it printed before it had a log."""
        texts = [self._log / LOG, self._log / "console"] if self.ended else [self._log / LOG]
        return "".join(text.read_text(encoding="utf-8", errors="replace") for text in texts if text.exists())


def require_configuration(folder: Path) -> None:
    """See that `folder` has an Asterisk's configuration. Raises: PbxUnavailable."""
    if not (folder / "extensions.conf").is_file():
        raise PbxUnavailable(f"{folder}/extensions.conf is not there: name the folder of an Asterisk's configuration")


@contextlib.asynccontextmanager
async def scratch_start(folder: Path, root: Path | None, run: Path) -> AsyncIterator[Scratch]:
    """Start an Asterisk with a copy of the configuration in `folder`, and end it after the block.

    Args:
        folder: dialplan/ with its site/, or any /etc/asterisk.
        root: root file system with Asterisk, from `install_root`; the machine's own when None.
        run: an empty folder for all it writes, of less than 90 letters.

    Raises:
        PbxUnavailable: it can't be tried: no such configuration, or Asterisk neither came up nor ended within 30 s.
    """
    require_configuration(folder)
    await asyncio.to_thread(_copy, folder, run, root)
    options = run / "etc" / "asterisk.conf"
    box = Box(root=root, shared=[run], offline=True)
    with (run / "log" / "console").open("ab") as output:
        child = await Child.start([PROGRAM, "-f", "-C", str(options)], box=box, name="asterisk", output=output, env=ENV)
    console = Console(options, Box(root=root, shared=[run]))
    try:
        ended = not await _booted(child, console)
        yield Scratch(folder, run, console, root, ended=ended)
    finally:
        await child.stop()


async def _booted(child: Child, console: Console) -> bool:
    """Wait until it takes calls; return False when it ended before."""
    try:
        async with asyncio.timeout(START_SECONDS):
            while child.running:
                with contextlib.suppress(PbxUnavailable):  # it does not listen yet
                    if "fully booted" in await console.ask("core waitfullybooted"):
                        return True
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise PbxUnavailable(f"Asterisk neither came up nor ended in {START_SECONDS:g} s") from None
    return False


def _copy(folder: Path, run: Path, root: Path | None) -> None:
    for name in FOLDERS[1:]:
        (run / name).mkdir(mode=0o700)
    etc = run / "etc"
    shutil.copytree(folder, etc, ignore=shutil.ignore_patterns("*.toml", ".*"), symlinks=False)
    etc.chmod(0o700)
    places: dict[str, str] = {}
    for path in etc.rglob("*.conf"):
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        text = _ADDRESS.sub(lambda found: found[1] + _loopback(found[2], places), text)
        text = _MATCH.sub(lambda found: found[1] + _looked_up(found[2]), text)
        if path.name == "websocket_client.conf":
            # A socket that Asterisk keeps open to the application can't be had here.
            text = text.replace("connection_type = persistent", "connection_type = per_call_config")
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    options = etc / "asterisk.conf"
    given = options.read_text(encoding="utf-8") if options.exists() else ""
    # Their folders are not for us to write into; the lines stay, so that all below keep their numbers.
    given = re.sub(r"^\[directories\]", "[elsewhere]", given, flags=re.MULTILINE)
    options.write_text(f"{given}\n{directories(run, root)}", encoding="utf-8")
    logger = etc / "logger.conf"
    given = logger.read_text(encoding="utf-8") if logger.exists() else "[general]\n"
    section = "[logfiles](+)" if re.search(r"^\[logfiles\]", given, re.MULTILINE) else "[logfiles]"
    logger.write_text(f"{given}\n{section}\n{LOG} => warning,error\n", encoding="utf-8")


def _loopback(address: str, places: dict[str, str]) -> str:
    """Return the loopback address that stands for `address`, always the same one; loopback stands for itself."""
    try:
        meant = ipaddress.ip_address(address)
    except ValueError:
        return address
    if meant.is_loopback or meant.is_unspecified:
        return address
    return places.setdefault(address, f"127.9.9.{len(places) + 1}")


def _looked_up(name: str) -> str:
    """Return an address of a host: Asterisk looks it up at its start, and can't here. An unknown one stays."""
    try:
        return socket.gethostbyname(name)
    except OSError:
        return name
