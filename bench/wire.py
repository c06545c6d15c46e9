"""When a key was let go and when a clip began, told from the packets of a call.

Asterisk hides a pause under 80 ms between two clips from the RTP timestamps, so only the arrival of a packet tells it.
The packet is found by its content: Asterisk sends a sound file in pieces of 20 ms from its beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.phone.g711 import A_LAW
from hotline.phone.rtp import read_packet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hotline.phone import Datagram

PIECE = 160
"""Samples of a packet."""
PIECE_SECONDS = 0.02
_SILENT = bytes([A_LAW.silence]) * PIECE
_END = 0x80
"""The bit of an RFC 4733 event that says the key was let go."""


class NotSeen(Exception):
    """What was to be timed did not pass; the message says what."""


class Wire:
    """The media of one call, by direction.

    Args:
        datagrams: of the call, in the order of their passing.
        phone_port: where the caller listens, and sends from.
    """

    def __init__(self, datagrams: Sequence[Datagram], phone_port: int) -> None:
        packets = [(datagram, read_packet(datagram.payload)) for datagram in datagrams]
        self._to_caller = [(at.at, packet) for at, packet in packets if packet and at.target[1] == phone_port]
        self._from_caller = [(at.at, packet) for at, packet in packets if packet and at.source[1] == phone_port]

    def last_key(self) -> float:
        """Return the Unix time at which the last key was let go: of the first packet of its event that says so.

        Raises:
            NotSeen: no key was.
        """
        ends: dict[int, float] = {}
        for at, packet in self._from_caller:
            if packet.payload_type >= 96 and len(packet.payload) == 4 and packet.payload[1] & _END:
                ends.setdefault(packet.timestamp, at)
        if not ends:
            raise NotSeen("no key was let go")
        return max(ends.values())

    def began(self, audio: bytes, after: float) -> float:
        """Return the Unix time of the first packet of the clip `audio` that was sent after `after`.

        It is told from the first audible one, as silence is alike everywhere.

        Raises:
            NotSeen: it was not sent.
        """
        pieces = _pieces(audio)
        first = next(place for place, piece in enumerate(pieces) if piece != _SILENT)
        return self._passed(pieces[first], after) - first * PIECE_SECONDS

    def ended(self, audio: bytes, after: float) -> float:
        """Return the Unix time of the last packet of the clip; as `began`, from the last audible one."""
        pieces = _pieces(audio)[::-1]
        last = next(place for place, piece in enumerate(pieces) if piece != _SILENT)
        return self._passed(pieces[last], after) + last * PIECE_SECONDS

    def _passed(self, piece: bytes, after: float) -> float:
        for at, packet in self._to_caller:
            if at > after and packet.payload == piece:
                return at
        raise NotSeen("a clip was not sent")


def _pieces(audio: bytes) -> list[bytes]:
    """Return what Asterisk sends of a file, packet by packet."""
    return [audio[start : start + PIECE] for start in range(0, len(audio) - PIECE + 1, PIECE)]
