"""A private Asterisk with an extension for each way of driving the reference call, and sounds like no others."""

from __future__ import annotations

import contextlib
import random
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.beside.clients.orders import NUMBER
from bench.site import roomy_site
from hotline.demo.run_folder import run_folder
from hotline.pbx import Ports, PrivateAsterisk, install_root
from hotline.phone.g711 import A_LAW, RATE
from hotline.settings import SHARE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

SECONDS = {"menu": 10.0, "silence": 12.0, "check": 1.5}
"""Lengths of the sounds; that of the one read twice is asked for."""
DIALPLAN = """\
[general]
static = yes
writeprotect = yes
autofallthrough = yes

[globals]
S = {sounds}

[from-trunk]
exten => dialplan,1,Answer()
 same => n,Read(CHOICE,${{S}}/menu,1,,1,5)
 same => n,GotoIf($["${{CHOICE}}" != "8"]?end)
 same => n,Read(NUMBER,${{S}}/silence,,,1,5)
 same => n,GotoIf($["${{NUMBER}}" != "{number}"]?end)
 same => n,Playback(${{S}}/check)
 same => n,Playback(${{S}}/reading)
 same => n,Playback(${{S}}/reading)
 same => n(end),Hangup()
"""


@dataclass(frozen=True)
class NoiseClip:
    """A sound as the ear wants it."""

    path: Path
    written: str


class Noise:
    """Sounds of noise, which the ear tells from each other."""

    def __init__(self, folder: Path, seconds: Mapping[str, float]) -> None:
        self._folder = folder
        for seed, (name, length) in enumerate({**seconds, **dict.fromkeys("0123456789", 0.3)}.items()):
            noise = random.Random(seed).randbytes(round(length * RATE))  # noqa: S311 - to be told apart, not secret
            silent = bytes([A_LAW.silence]) * len(noise)
            (folder / f"{name}.alaw").write_bytes(silent if name == "silence" else noise)

    def __getitem__(self, name: str, /) -> NoiseClip:
        return NoiseClip(self._folder / name, name)

    def audio(self, name: str) -> bytes:
        """Return a sound's samples."""
        return self[name].path.with_suffix(".alaw").read_bytes()

    def digit(self, digit: str, /) -> NoiseClip:
        """Return the clip of a digit; nothing here says any."""
        return self[digit]


@dataclass(frozen=True)
class Board:
    """An Asterisk that takes calls for each way.

    Attributes:
        folder: gone when it is.
        asterisk: the PBX.
        sounds: what callers hear.
        folder_of_sounds: where they lie.
        seconds: length of each.
        agi_ports: for those who listen for FastAGI.
        carrier: the address it takes calls from.
    """

    folder: Path
    asterisk: PrivateAsterisk
    sounds: Noise
    folder_of_sounds: Path
    seconds: Mapping[str, float]
    agi_ports: tuple[int, int]
    carrier: str


@contextlib.asynccontextmanager
async def board(reading_seconds: float, apps: Mapping[str, str]) -> AsyncIterator[Board]:
    """Run one until the end of the block; `apps` says for each extension by which dialplan application it goes on.

    Raises:
        FolderUnsafe, MissingProgram, PbxUnavailable: something is missing or broken; the message says what to do.
    """
    with run_folder() as folder, Ports.claim() as ports:
        sounds, spoken, dialplan = folder / "sounds", folder / "secrets", folder / "dialplan"
        sounds.mkdir()
        spoken.mkdir()
        seconds = SECONDS | {"reading": reading_seconds}
        noise = Noise(sounds, seconds)
        shutil.copytree(SHARE / "dialplan", dialplan)
        agi = {"panoramisk": ports.application, "ours": ports.agi}
        text = DIALPLAN.format(sounds=sounds, number=NUMBER)
        for name, application in apps.items():
            text += f"exten => {name},1,{application.format(**agi)}\n same => n,Hangup()\n"
        (dialplan / "extensions.conf").write_text(text, encoding="utf-8")
        with (dialplan / "modules.conf").open("a", encoding="utf-8") as modules:
            modules.write("\nrequire = app_read.so\n")
        site = roomy_site(ports, sounds, spoken, agi=True)
        (carrier,) = site.trunk_matches
        async with PrivateAsterisk(install_root(), folder / "pbx", site, dialplan) as asterisk:
            agi_ports = (ports.application, ports.agi)
            yield Board(folder, asterisk, noise, sounds, seconds, agi_ports, carrier)
