"""`hotline call`: one call by script, and its story."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hotline.demo import show
from hotline.pbx import Ports
from hotline.phone import CallClosed, Caller, Ear, NotInTime, Softphone
from hotline.phone.route import route
from hotline.phone.scripted import follow
from hotline.prompts import Library, Script
from hotline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


@dataclass(frozen=True)
class Line:
    """Whom to call, and as whom.

    Attributes:
        host: address of the SIP server.
        port: its UDP port.
        name: user name of the account.
        password: of the account.
        number: what is dialled.
        sounds: folder of the prompts that will be heard; others are told as unknown sounds.
    """

    host: str
    port: int
    name: str
    password: str = field(repr=False)
    number: str
    sounds: Path


async def ring(line: Line, runs: Sequence[str], console: Console, *, pace: float, ahead: bool) -> bool:
    """Make the call, print what was said and keyed, in seconds since the answer; return whether it was answered.

    Raises:
        CannotListen: packets can't be captured: not as root.
        PromptsError: the prompts are not built.
        PbxUnavailable, PhoneError: the phone can't be had.
    """
    address, interface = route(line.host, line.port)
    library = Library.open(line.sounds, Script.load(Settings.load().voice.script))
    story = show.Story(console)
    with Ports.claim(address) as ports, tempfile.TemporaryDirectory(prefix="hotline-call-") as folder:
        phone = Softphone(
            line.name,
            line.password,
            f"{line.host}:{line.port}",
            run_dir=Path(folder),
            sip_port=ports.sip,
            rtp_ports=(ports.rtp_first, ports.rtp_first + 9),
            address=address,
        )
        async with phone, Caller(phone, Ear(library, library), interface) as caller:
            await caller.dial(line.number)
            following = asyncio.create_task(follow(caller, runs, pace=pace, ahead=ahead))
            try:
                await story.accompany(following, caller.timeline)
            except (CallClosed, NotInTime):
                await caller.hang_up()
            story.tell(caller.timeline(), over=True)
            return caller.witness.signalling.answered is not None
