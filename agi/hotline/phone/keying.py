"""Keys as RTP packets (RFC 4733), one by one, to be sent well or badly."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotline.phone.g711 import A_LAW, RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

TICK = 0.02
"""Seconds from packet to packet."""
SAMPLES = round(TICK * RATE)
EVENTS = 101
"""Payload type of telephone-event in our SDP."""
ENDS = 3
"""Times the end of a key is sent (RFC 4733, 2.5.1.4)."""
_KEYPAD = "0123456789*#"
_A_LAW, _VOLUME = 8, 10
_SILENCE = bytes([A_LAW.silence]) * SAMPLES


@dataclass(frozen=True)
class Sent:
    """One packet.

    Attributes:
        tick: when it is sent, counted from the first one.
        data: the packet.
        key: which key it belongs to, counted from 0; None for audio.
        marker: the first packet of a key.
        end: it says that the key was let go.
    """

    tick: int
    data: bytes
    key: int | None = None
    marker: bool = False
    end: bool = False


class Stream:
    """The numbering of one RTP stream."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._sequence = 0
        self._timestamp = 0

    def silence(self, tick: int = 0) -> Sent:
        """Return the next packet of silence."""
        packet = self._packet(_A_LAW, self._timestamp, _SILENCE)
        self._timestamp += SAMPLES
        return Sent(tick, packet)

    def keys(self, keys: str, tone: float, gap: float) -> Iterator[Sent]:
        """Yield the packets of `keys`, each held for `tone` seconds, with `gap` seconds of silence after it."""
        tick = 0
        for number, key in enumerate(keys):
            held, began = round(tone / TICK), self._timestamp
            for nth in range(1, held + 1):
                yield self._event(tick, number, key, began, nth, end=False)
                tick += 1
            for _ in range(ENDS):
                yield self._event(tick, number, key, began, held, end=True)
            self._timestamp = began + held * SAMPLES
            tick += 1
            for _ in range(round(gap / TICK) - 1):
                yield self.silence(tick)
                tick += 1

    def _event(self, tick: int, number: int, key: str, began: int, nth: int, *, end: bool) -> Sent:
        payload = struct.pack("!BBH", _KEYPAD.index(key), (0x80 if end else 0) | _VOLUME, nth * SAMPLES)
        marker = nth == 1 and not end
        return Sent(tick, self._packet(EVENTS, began, payload, marker=marker), number, marker, end)

    def _packet(self, kind: int, timestamp: int, payload: bytes, *, marker: bool = False) -> bytes:
        self._sequence += 1
        second = kind | (0x80 if marker else 0)
        return struct.pack("!BBHII", 0x80, second, self._sequence & 0xFFFF, timestamp, self._source) + payload
