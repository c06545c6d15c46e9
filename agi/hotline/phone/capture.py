"""What really passed on the wire, and when: a packet capture with the kernel's own clock.

Linux only; needs CAP_NET_RAW. The kernel filters by UDP port and stamps each packet, so neither a busy event
loop nor the traffic of other calls falsifies a time.
"""

from __future__ import annotations

import asyncio
import ctypes
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from hotline.phone.errors import CannotListen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

RECEIVE_BUFFER = 16 << 20
"""Bytes the kernel may hold for us: a minute of one call, should the loop stand still."""

_ETH_P_ALL = 0x0003
_SO_RCVBUFFORCE = 33
_SO_ATTACH_FILTER = 26
_SO_TIMESTAMPNS = 35
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_PACKET_OUTGOING = 4
_AD_PKTTYPE = 0xFFFFF004
"""Classic BPF's address of the packet type (SKF_AD_OFF + SKF_AD_PKTTYPE)."""
_FRAME = 65535
_ETHERNET = 14


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP datagram over IPv4.

    Attributes:
        at: Unix time of its passing, seconds.
        source: address and port it came from.
        target: address and port it went to.
        payload: its content.
        frame: the whole Ethernet frame.
    """

    at: float
    source: tuple[str, int]
    target: tuple[str, int]
    payload: bytes
    frame: bytes = field(default=b"", repr=False)


class Capture:
    """Collects the datagrams from or to given UDP ports; an asynchronous context manager.

    Args:
        ports: first and last port of each range of interest.
        interface: network interface.

    Attributes:
        datagrams: all so far, in the order of their passing; only ever appended to.
    """

    def __init__(self, ports: Sequence[tuple[int, int]], interface: str = "lo") -> None:
        self.datagrams: list[Datagram] = []
        self._ports = ports
        self._interface = interface
        self._socket: socket.socket | None = None
        self._dropped = 0

    async def __aenter__(self) -> Self:
        """Begin to listen.

        Raises:
            CannotListen: no such interface, or no CAP_NET_RAW.
        """
        # Protocol 0 keeps the socket deaf until filter and clock are set; `bind` then opens its ears.
        try:
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except OSError as error:
            raise CannotListen(f"cannot capture packets (is CAP_NET_RAW missing?): {error.strerror}") from None
        try:
            attach_filter(raw, filter_program(self._ports, loopback=self._interface == "lo"))
            raw.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            _widen(raw)
            raw.setblocking(False)
            raw.bind((self._interface, _ETH_P_ALL))
        except OSError as error:
            raw.close()
            raise CannotListen(f"cannot capture on {self._interface}: {error.strerror}") from None
        self._socket = raw
        asyncio.get_running_loop().add_reader(raw.fileno(), self.read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is None:
            return
        self.read()
        self._dropped = self.dropped
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        self._socket = None

    @property
    def dropped(self) -> int:
        """Packets the kernel had to drop because we were too slow; anything but 0 makes the capture worthless."""
        if self._socket is not None:
            # Reading the kernel's counter also resets it.
            self._dropped += struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))[1]
        return self._dropped

    def read(self) -> None:
        """Take in all that has passed up to now."""
        while self._socket is not None:
            try:
                frame, extras, _, _ = self._socket.recvmsg(_FRAME, socket.CMSG_SPACE(16))
            except (BlockingIOError, InterruptedError):
                return
            for level, kind, data in extras:
                if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
                    seconds, nanoseconds = struct.unpack("@ll", data[:16])
                    datagram = read_frame(frame, seconds + nanoseconds / 1e9)
                    if datagram is not None:
                        self.datagrams.append(datagram)

    def save(self, path: Path) -> None:
        """Write all as a .pcap file with nanoseconds, for Wireshark."""
        with path.open("wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, _FRAME, 1))
            for datagram in self.datagrams:
                seconds, fraction = divmod(datagram.at, 1)
                length = len(datagram.frame)
                file.write(struct.pack("<IIII", int(seconds), int(fraction * 1e9), length, length) + datagram.frame)


def read_frame(frame: bytes, at: float) -> Datagram | None:
    """Return the datagram in an Ethernet frame, or None when it holds no whole UDP datagram over IPv4."""
    if len(frame) < _ETHERNET + 28 or frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_UDP:
        return None
    if struct.unpack_from("!H", frame, 20)[0] & 0x3FFF:  # a fragment
        return None
    udp = _ETHERNET + 4 * (frame[_ETHERNET] & 15)
    if len(frame) < udp + 8:
        return None
    source_port, target_port, length = struct.unpack_from("!HHH", frame, udp)
    source, target = socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])
    payload = frame[udp + 8 : udp + length]
    return Datagram(at, (source, source_port), (target, target_port), payload, frame)


def _widen(raw: socket.socket) -> None:
    try:
        raw.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:  # no CAP_NET_ADMIN: as much as the system's limit allows
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)


def attach_filter(raw: socket.socket, program: list[tuple[int, int, int, int]]) -> None:
    """Have the kernel keep from a packet socket what a classic BPF program, as `filter_program` returns one, drops."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    raw.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(code)))


def filter_program(ports: Sequence[tuple[int, int]], *, loopback: bool) -> list[tuple[int, int, int, int]]:
    """Return the classic BPF program that keeps UDP over IPv4 from or to `ports`.

    On loopback each packet passes twice, going out and coming in; only the first is kept.

    Returns:
        (operation, steps to skip if true, steps to skip if false, value) of each step.
    """
    load_word, load_half, load_byte, load_header, load_half_behind = 0x20, 0x28, 0x30, 0xB1, 0x48
    equal, greater, at_least, result = 0x15, 0x25, 0x35, 0x06
    drop = -1
    steps = [(load_word, 0, 0, _AD_PKTTYPE), (equal, 0, drop, _PACKET_OUTGOING)] if loopback else []
    steps += [(load_half, 0, 0, 12), (equal, 0, drop, 0x0800), (load_byte, 0, 0, 23), (equal, 0, drop, 17)]
    steps.append((load_header, 0, 0, _ETHERNET))
    for port in (_ETHERNET, _ETHERNET + 2):  # of the source, then of the target
        steps.append((load_half_behind, 0, 0, port))
        for first, last in ports:
            steps += [(at_least, 0, 2, first), (greater, 1, 0, last), (result, 0, 0, _FRAME)]
    steps.append((result, 0, 0, 0))
    end = len(steps) - 1
    return [
        (op, true, end - at - 1 if false == drop else false, value) for at, (op, true, false, value) in enumerate(steps)
    ]
