"""A tap on the loopback wire that costs what is measured next to nothing.

The kernel writes packets into memory it shares with us, in blocks (packet_mmap, TPACKET_V3); a block is copied as it is
and read afterwards. At 14,000 packets a second a packet at a time would take a tenth of a core from what is measured.
"""

from __future__ import annotations

import asyncio
import mmap
import socket
import struct
from typing import TYPE_CHECKING, Self

from hotline.phone import CannotListen, Datagram
from hotline.phone.capture import attach_filter, read_frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

BLOCK = 1 << 20
BLOCKS = 32
"""Together some ten seconds of 280 calls, should we stand still."""
RETIRE_MS = 100
"""Milliseconds after which a block is handed over that is not full."""

_SOL_PACKET, _VERSION, _RX_RING, _STATISTICS, _V3 = 263, 10, 5, 6, 2
_ETH_P_ALL = 0x0003
_TO_USER = 1
_PACKET_OUTGOING = 4
_AD_PKTTYPE = 0xFFFFF004
_KEY_EVENT = 8 + 12 + 4
"""Length of a UDP datagram with one telephone event; the callers' other media is of no interest."""


class Tap:
    """Keeps what passes between the PBX and the carrier: all signalling, all the PBX sends, the callers' keys.

    An asynchronous context manager.

    Args:
        server: address and SIP port of the PBX.
        carrier: address of the callers.
    """

    def __init__(self, server: tuple[str, int], carrier: str) -> None:
        self._filter = filter_program(server, carrier)
        self._blocks: list[bytes] = []
        self._next = 0
        self._dropped = 0
        self._socket: socket.socket | None = None
        self._ring: mmap.mmap | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen.

        Raises:
            CannotListen: no CAP_NET_RAW, or a kernel without such a ring.
        """
        try:
            # Protocol 0 keeps it deaf until filter and ring are there; `bind` opens its ears.
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except OSError as error:
            raise CannotListen(f"cannot capture packets (is CAP_NET_RAW missing?): {error.strerror}") from None
        try:
            attach_filter(tap, self._filter)
            tap.setsockopt(_SOL_PACKET, _VERSION, _V3)
            frame = 2048
            ring = struct.pack("7I", BLOCK, BLOCKS, frame, BLOCK * BLOCKS // frame, RETIRE_MS, 0, 0)
            tap.setsockopt(_SOL_PACKET, _RX_RING, ring)
            self._ring = mmap.mmap(tap.fileno(), BLOCK * BLOCKS)
            tap.bind(("lo", _ETH_P_ALL))
        except OSError as error:
            tap.close()
            raise CannotListen(f"cannot capture on lo: {error.strerror}") from None
        self._socket = tap
        asyncio.get_running_loop().add_reader(tap.fileno(), self._take)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is None or self._ring is None:
            return
        # The last block is handed over when its time is up.
        await asyncio.sleep(2 * RETIRE_MS / 1000)
        self._take()
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._dropped = struct.unpack("III", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 12))[1]
        self._ring.close()
        self._socket.close()

    @property
    def dropped(self) -> int:
        """Packets the kernel could not keep, known once the tap is closed; anything but 0 makes it worthless."""
        return self._dropped

    def datagrams(self) -> Iterator[Datagram]:
        """Yield all that passed, in order."""
        for block in self._blocks:
            packets, place = struct.unpack_from("II", block, 12)
            for _ in range(packets):
                step, seconds, nanoseconds, length = struct.unpack_from("IIII", block, place)
                start = place + struct.unpack_from("H", block, place + 24)[0]
                datagram = read_frame(block[start : start + length], seconds + nanoseconds / 1e9)
                if datagram is not None:
                    # Without its frame: there are a million.
                    yield Datagram(datagram.at, datagram.source, datagram.target, datagram.payload)
                place += step

    def _take(self) -> None:
        """Copy the blocks that are ours, and give them back."""
        ring = self._ring
        while ring is not None:
            at = self._next * BLOCK
            status, _, _, length = struct.unpack_from("IIII", ring, at + 8)
            if not status & _TO_USER:
                return
            self._blocks.append(ring[at : at + length])
            struct.pack_into("I", ring, at + 8, 0)
            self._next = (self._next + 1) % BLOCKS


def filter_program(server: tuple[str, int], carrier: str) -> list[tuple[int, int, int, int]]:
    """Return the classic BPF program of the tap: (operation, steps to skip if true, if false, value) of each step.

    Of each packet, which passes loopback twice, the outgoing one counts. IP headers have no options here.
    """
    load_word, load_half, load_byte, equal, greater, result = 0x20, 0x28, 0x30, 0x15, 0x25, 0x06
    ours, theirs = (int.from_bytes(socket.inet_aton(address), "big") for address in (server[0], carrier))
    return [
        (load_word, 0, 0, _AD_PKTTYPE),
        (equal, 0, 12, _PACKET_OUTGOING),
        (load_half, 0, 0, 12),
        (equal, 0, 10, 0x0800),
        (load_byte, 0, 0, 23),
        (equal, 0, 8, socket.IPPROTO_UDP),
        (load_word, 0, 0, 26),
        (equal, 5, 0, ours),
        (equal, 0, 5, theirs),
        (load_half, 0, 0, 36),
        (equal, 2, 0, server[1]),
        (load_half, 0, 0, 38),
        (greater, 1, 0, _KEY_EVENT),
        (result, 0, 0, 65535),
        (result, 0, 0, 0),
    ]
