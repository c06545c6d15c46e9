"""A real softphone without a screen: baresip 1.0, steered over its control socket.

Its microphone is a file of silence and its loudspeaker a dump of what it decoded. Three traits shape this module: it
cannot find the loopback address by itself, so it is told its address; it **closes the call when its microphone's file
ends**, so that file is as long as the longest call allowed; and its jitter buffer swallows the last 0.1 s before the
answer and before the end, and says a packet twice, so it has none.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import wave
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from hotline.phone.control import Control
from hotline.phone.errors import CallClosed, NotInTime, PhoneFailed
from hotline.phone.g711 import RATE
from hotline.processes import Box, Child, need

if TYPE_CHECKING:
    from types import TracebackType

KEYS = frozenset("0123456789*#")
START_SECONDS = 5.0
KEY_PACE = 0.3
"""Seconds from key to key. Keys are held for 0.18 s; those that come faster than one every 0.24 s wait in line."""


class Moment(StrEnum):
    """How far a call has come, by the name of baresip's event."""

    RINGING = "CALL_RINGING"
    EARLY = "CALL_PROGRESS"
    ANSWERED = "CALL_ESTABLISHED"
    CLOSED = "CALL_CLOSED"
    REGISTERED = "REGISTER_OK"


@dataclass(frozen=True)
class Closing:
    """How a call ended.

    Attributes:
        code: SIP status where the call was refused (300 and above), else None.
        reason: in baresip's words.
        by_us: we hung up.
    """

    code: int | None
    reason: str
    by_us: bool


class Softphone:
    """One phone with one account and one call at a time; an asynchronous context manager.

    Args:
        name: user part of its address, and its user name where it signs in.
        password: for digest authentication; None for a trunk, known by its address alone.
        server: host and port of the PBX.
        run_dir: a folder of its own; configuration, log and the dump of what it heard lie there.
        sip_port: its SIP port (UDP and TCP); baresip also takes the next one.
        rtp_ports: first and last of the UDP ports for media; 10 are plenty, below 32768 they meet nobody else.
        address: local address it speaks from.
        transport: of SIP.
        tls: for SIP over TLS with encrypted media only (SRTP): its own certificate with the key, and the certificate of
            the authority that signed the server's, both PEM. Such calls can't be captured; `dumps` has what was heard.
        register: sign in at the PBX, so that it can be called; not needed for calling.
        codec: the only one it offers.
        longest_call: seconds after which it hangs up by itself; costs 16 kB of memory a second.
    """

    def __init__(
        self,
        name: str,
        password: str | None,
        server: str,
        *,
        run_dir: Path,
        sip_port: int,
        rtp_ports: tuple[int, int],
        address: str = "127.0.0.1",
        transport: Literal["udp", "tcp"] = "udp",
        tls: tuple[Path, Path] | None = None,
        register: bool = False,
        codec: Literal["PCMA", "PCMU"] = "PCMA",
        longest_call: float = 300.0,
    ) -> None:
        self.name = name
        self.server = server
        self.address = address
        self.sip_port = sip_port
        self.rtp_ports = rtp_ports
        self.run_dir = run_dir
        self._password = password
        self._transport = "tls" if tls else transport
        self._tls = tls
        self._register = register
        self._codec = codec
        self._longest_call = longest_call
        self._child: Child | None = None
        self._control: Control | None = None
        self._seen: set[Moment] = set()
        self._news = asyncio.Event()
        self._number: str | None = None
        self._hung_up = False
        self.closing: Closing | None = None

    async def __aenter__(self) -> Self:
        """Start it.

        Raises:
            PhoneFailed: it did not come up, for example because a port is taken.
            MissingProgram: baresip or bubblewrap is not installed.
        """
        control_port = _free_port(self.address)
        self._write_configuration(control_port)
        log = self.run_dir / "baresip.log"
        with log.open("wb") as output:
            self._child = await Child.start(
                ["baresip", "-4", "-f", str(self.run_dir)],
                box=Box(),
                name=f"phone {self.name}",
                output=output,
                env=os.environ | {"HOME": str(self.run_dir), "XDG_RUNTIME_DIR": str(self.run_dir)},
            )
        try:
            self._control = await self._connect(self._child, control_port)
        except BaseException:
            await self._child.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._control is not None:
            with contextlib.suppress(PhoneFailed):
                await self.hang_up()
                await self._command("quit")  # the dump's header is written on a clean end only
            await self._control.close()
        if self._child is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._child.wait()
            await self._child.stop()

    @property
    def dumps(self) -> list[Path]:
        """What it decoded, one WAV a call, oldest first; complete once the call is closed."""
        return sorted(self.run_dir.glob("dump-*-dec.wav"))

    @property
    def in_call(self) -> bool:
        """Whether a call was begun that has not ended."""
        return self._number is not None and self.closing is None

    async def dial(self, number: str) -> None:
        """Begin a call to `number` at the server; returns when the INVITE is on its way.

        Raises:
            PhoneFailed: baresip refused, for example because it has a call.
        """
        if self.in_call:
            raise PhoneFailed(f"{self.name} is in a call already")
        self._seen -= {Moment.RINGING, Moment.EARLY, Moment.ANSWERED, Moment.CLOSED}
        self._hung_up, self.closing, self._number = False, None, number
        try:
            await self._command("dial", f"sip:{number}@{self.server};transport={self._transport}")
        except PhoneFailed:
            self._number = None
            raise

    async def press(self, keys: str, pace: float = KEY_PACE) -> None:
        """Key `keys`, one every `pace` seconds, as RFC 4733 events; returns when the last is on its way.

        Raises:
            ValueError: something in `keys` is not on a keypad.
            PhoneFailed: there is no call.
        """
        if not set(keys) <= KEYS:
            raise ValueError(f"only {''.join(sorted(KEYS))} can be keyed")
        loop = asyncio.get_running_loop()
        due = loop.time()
        for key in keys:
            await asyncio.sleep(due - loop.time())
            await self._command("sndcode", key)
            due += pace

    async def hang_up(self) -> None:
        """End the call; does nothing when there is none."""
        if self.in_call:
            self._hung_up = True
            await self._command("hangup")

    async def ringing(self, within: float) -> None:
        """Wait for 180 Ringing. Raises: NotInTime, CallClosed."""
        await self._until(Moment.RINGING, within)

    async def early(self, within: float) -> None:
        """Wait for early media (183). Raises: NotInTime, CallClosed."""
        await self._until(Moment.EARLY, within)

    async def answered(self, within: float) -> None:
        """Wait for the answer. Raises: NotInTime, CallClosed (with the SIP status where it was refused)."""
        await self._until(Moment.ANSWERED, within)

    async def registered(self, within: float) -> None:
        """Wait until the PBX knows where to call it (only with `register`). Raises: NotInTime."""
        await self._until(Moment.REGISTERED, within)

    async def closed(self, within: float) -> Closing:
        """Wait for the end of the call, whoever ends it. Raises: NotInTime."""
        try:
            async with asyncio.timeout(within):
                while self.closing is None:
                    await self._next_event()
                return self.closing
        except TimeoutError:
            raise NotInTime(f"{self.name}: not closed within {within:g} s") from None

    async def _until(self, moment: Moment, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                while moment not in self._seen:
                    if self.closing is not None:
                        raise CallClosed(f"the call was closed: {self.closing.reason}")
                    await self._next_event()
        except TimeoutError:
            raise NotInTime(f"{self.name}: not {moment.name.lower()} within {within:g} s") from None

    async def _next_event(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _on_event(self, event: dict[str, Any]) -> None:
        """Take note of what baresip tells."""
        try:
            moment = Moment(event["type"])
        except ValueError:
            return
        if moment is Moment.CLOSED:
            self._close(str(event.get("param", "")))
        self._seen.add(moment)
        self._news.set()

    def _close(self, reason: str) -> None:
        code = reason.split(" ", 1)[0]
        self.closing = Closing(int(code) if code.isdecimal() else None, reason, self._hung_up)

    def _on_lost(self) -> None:
        """The program went away: nobody may wait for it any longer."""
        if self.in_call:
            self._close("the softphone ended")
        self._news.set()

    async def _command(self, command: str, params: str = "") -> None:
        if self._control is None:
            raise PhoneFailed(f"{self.name} is not running")
        await self._control.command(command, params)

    async def _connect(self, child: Child, port: int) -> Control:
        try:
            async with asyncio.timeout(START_SECONDS):
                while child.running:
                    try:
                        streams = await asyncio.open_connection(self.address, port)
                    except OSError:
                        await asyncio.sleep(0.02)
                        continue
                    return Control(*streams, on_event=self._on_event, on_lost=self._on_lost)
        except TimeoutError:
            pass
        log = (self.run_dir / "baresip.log").read_text(errors="replace").strip().splitlines()
        raise PhoneFailed(f"{self.name} did not start: " + " / ".join(log[-4:]))

    def _write_configuration(self, control_port: int) -> None:
        folder = self.run_dir
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        with wave.open(str(folder / "silence.wav"), "wb") as silence:
            silence.setparams((1, 2, RATE, 0, "NONE", ""))
            silence.writeframes(bytes(2 * int(RATE * self._longest_call)))
        secure = f"sip_certificate {self._tls[0]}\nsip_cafile {self._tls[1]}\nmodule srtp.so\n" if self._tls else ""
        (folder / "config").write_text(
            f"""\
module_path {_module_folder()}
sip_listen {self.address}:{self.sip_port}
net_interface {self.address}
rtp_ports {self.rtp_ports[0]}-{self.rtp_ports[1]}
ctrl_tcp_listen {self.address}:{control_port}
jitter_buffer_delay 0-0
call_max_calls 1
redial_attempts 0
audio_path {folder}
audio_source aufile,{folder}/silence.wav
audio_player aufile,{folder}/nowhere.wav
audio_alert aufile,{folder}/nowhere.wav
snd_path {folder}
module g711.so
module aufile.so
module sndfile.so
{secure}module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
"""
        )
        account = f"<sip:{self.name}@{self.server};transport={self._transport}>;audio_codecs={self._codec}"
        account += f";regint={60 if self._register else 0}"
        if self._tls:
            account += ";mediaenc=srtp-mand"
        if self._password is not None:
            account += f";auth_user={self.name};auth_pass={self._password}"
        accounts = folder / "accounts"
        accounts.touch(0o600)
        accounts.write_text(account + "\n")


def _module_folder() -> Path:
    """Return where baresip's modules lie beside the program: without being told it looks in its working folder.

    Raises:
        MissingProgram: baresip is not installed.
        PhoneFailed: its modules are not.
    """
    library = Path(need("baresip")).resolve().parent.parent / "lib"
    for pattern in ("baresip/modules", "*/baresip/modules"):
        for folder in library.glob(pattern):
            return folder
    raise PhoneFailed(f"baresip has no modules in {library}")


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port
