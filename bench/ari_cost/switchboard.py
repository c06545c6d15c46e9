"""A private Asterisk with the shipped modules and a dialplan that does nothing but hand calls over."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.site import roomy_site
from hotline.demo.run_folder import run_folder
from hotline.pbx import Ports, PrivateAsterisk, install_root
from hotline.settings import SHARE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


ONE, FOUR = "1", "4"
"""What callers dial: how many application names the calls are spread over."""
APPS = tuple(f"cost{nth}" for nth in range(1, 5))
DIALPLAN = f"""\
[general]
static = yes
writeprotect = yes
autofallthrough = yes

[from-trunk]
exten => {ONE},1,Stasis({APPS[0]})
 same => n,Hangup()
exten => {FOUR},1,Stasis(cost${{RAND(1,4)}})
 same => n,Hangup()
"""
SECONDS = {"short": 0.2, "menu": 10.0, "check": 1.5, "silence": 12.0}
"""Lengths of the sounds; that of the one read twice is asked for."""
_SILENCE = b"\xd5"


@dataclass(frozen=True)
class Switchboard:
    """An Asterisk that takes calls, and what callers and applications need to know of it.

    Attributes:
        folder: gone when it is.
        asterisk: the PBX.
        sounds: folder of its sounds.
        carrier: the address it takes calls from.
    """

    folder: Path
    asterisk: PrivateAsterisk
    sounds: Path
    carrier: str

    @property
    def server(self) -> str:
        """Where callers find it: host and port."""
        return f"{self.asterisk.site.address}:{self.asterisk.site.sip_port}"


@contextlib.asynccontextmanager
async def switchboard(reading_seconds: float) -> AsyncIterator[Switchboard]:
    """Run one until the end of the block; what is read to callers takes `reading_seconds`.

    Raises:
        FolderUnsafe, MissingProgram, PbxUnavailable: something is missing or broken; the message says what to do.
    """
    with run_folder() as folder, Ports.claim() as ports:
        sounds, spoken, dialplan = folder / "sounds", folder / "secrets", folder / "dialplan"
        sounds.mkdir()
        spoken.mkdir()
        for name, seconds in (SECONDS | {"reading": reading_seconds}).items():
            (sounds / f"{name}.alaw").write_bytes(_SILENCE * round(8000 * seconds))
        shutil.copytree(SHARE / "dialplan", dialplan)
        (dialplan / "extensions.conf").write_text(DIALPLAN, encoding="utf-8")
        site = roomy_site(ports, sounds, spoken)
        (carrier,) = site.trunk_matches
        async with PrivateAsterisk(install_root(), folder / "pbx", site, dialplan) as asterisk:
            yield Switchboard(folder, asterisk, sounds, carrier)
