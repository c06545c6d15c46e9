"""Media of one call: what reached the caller on one real-time axis, and the keys the caller sent."""

from __future__ import annotations

import struct
import wave
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotline.phone.g711 import A_LAW, LAWS, RATE, Law

if TYPE_CHECKING:
    from pathlib import Path

LATE = 0.1
"""Seconds a packet may come after its place in the stream until it counts as a pause; a phone's buffer hides less."""
SLIPPED = 0.01
"""Seconds by which ten packets in a row come late until the stream itself counts as late, from its next silence on.

Between two sounds Asterisk sends nothing for some milliseconds, and its timestamps pass over any pause below 80 ms. So
many of them add up, and would be found together at `LATE`, in the middle of a word."""
_STEADY = 10
EARLY = 0.5
"""Seconds a packet may come before its place, catching up after a stall, before its timestamp is disbelieved."""
REORDERED = 50
"""Packets that may overtake one of their stream before it is lost for good: a second of speech."""
_KEYPAD = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet (RFC 3550)."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    source: int
    payload: bytes


def read_packet(datagram: bytes) -> Packet | None:
    """Return the RTP packet in a datagram, or None when it is none (RTCP, STUN)."""
    if len(datagram) < 12 or datagram[0] >> 6 != 2 or 192 <= datagram[1] <= 223:
        return None
    _, kind, sequence, timestamp, source = struct.unpack_from("!BBHII", datagram)
    start = 12 + 4 * (datagram[0] & 15)
    if datagram[0] & 0x10:
        if len(datagram) < start + 4:
            return None
        start += 4 + 4 * struct.unpack_from("!H", datagram, start + 2)[0]
    end = len(datagram) - (datagram[-1] if datagram[0] & 0x20 else 0)
    if start > end:
        return None
    return Packet(kind & 0x7F, bool(kind & 0x80), sequence, timestamp, source, datagram[start:end])


def _ahead(new: int, old: int, bits: int) -> int:
    """Return how far a counter that wraps at `bits` has gone from `old` to `new`; negative when it went back."""
    half = 1 << (bits - 1)
    return (new - old + half) % (2 * half) - half


@dataclass(frozen=True)
class Heard:
    """What reached the caller, sample by sample, in real time.

    Attributes:
        audio: one byte a sample in `law`, from the INVITE on; where nothing came there is silence.
        law: how it is coded.
        answer: seconds from the INVITE to the answer; None when there was none.
    """

    audio: bytes | bytearray
    law: Law = A_LAW
    answer: float | None = None

    @property
    def zero(self) -> float:
        """Seconds from the first sample to where times are counted from: the answer, or else the INVITE."""
        return self.answer or 0.0

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.audio) / RATE

    def save(self, path: Path) -> None:
        """Write it as a WAV file, 16 bits, mono."""
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(self.law.decode(self.audio).astype("<i2").tobytes())


class Line:
    """Lays the audio of one direction on a real-time axis.

    Within a stream the sender's timestamps place the samples, exact to the sample. Arrival decides where a stream
    begins, and whenever the two disagree: a packet that comes `LATE` after its place was preceded by a pause, whatever
    its timestamp says, and a stream that has slipped by less goes on where it really is, from a silence on. Early media
    and what follows the answer, with the same or another source, are one line.

    Args:
        began: Unix time of the first sample.

    Attributes:
        audio: all so far; `law.silence` where nothing came.
        law: of the first packet; packets of another are not placed.
        packets: audio packets placed.
        lost: packets missing in the streams' numbering.
    """

    def __init__(self, began: float) -> None:
        self.audio = bytearray()
        self.law = A_LAW
        self.packets = 0
        self.lost = 0
        self._began = began
        self._source: int | None = None
        self._sequence = 0
        self._timestamp = 0
        self._place = 0
        self._floor = 0
        self._late: deque[int] = deque(maxlen=_STEADY)

    def take(self, packet: Packet, at: float) -> None:
        """Place a packet that came at Unix time `at`; packets that are not G.711 audio are passed over."""
        law = LAWS.get(packet.payload_type)
        if law is None or not packet.payload:
            return
        if self._source is None:
            self.law = law
        elif law is not self.law:
            return
        arrived = round((at - self._began) * RATE)
        ahead = _ahead(packet.sequence, self._sequence, 16)
        if packet.source != self._source or abs(ahead) > REORDERED:
            self._begin(packet, max(arrived, len(self.audio)))
        elif ahead <= 0:
            self._fill_in(packet)
            return
        else:
            self.lost += ahead - 1
            place = self._place_of(packet)
            self._late.append(arrived - place)
            slipped = min(self._late) if len(self._late) == _STEADY else 0
            if not -EARLY * RATE <= arrived - place <= LATE * RATE:
                self._begin(packet, max(arrived, len(self.audio)))
            elif slipped >= SLIPPED * RATE and packet.payload.count(law.silence) == len(packet.payload):
                self._begin(packet, place + slipped)
        self._write(packet.payload, self._place_of(packet))
        self._sequence = packet.sequence
        self.packets += 1

    def _begin(self, packet: Packet, place: int) -> None:
        """Let the stream run on from `place`."""
        self._late.clear()
        self._source, self._timestamp, self._place, self._floor = (
            packet.source,
            packet.timestamp,
            place,
            len(self.audio),
        )

    def _place_of(self, packet: Packet) -> int:
        return self._place + _ahead(packet.timestamp, self._timestamp, 32)

    def _fill_in(self, packet: Packet) -> None:
        """Place a packet that others overtook, or drop a copy of one that is there."""
        place = self._place_of(packet)
        there = self.audio[max(place, 0) : place + len(packet.payload)]
        if place >= self._floor and there.count(self.law.silence) == len(packet.payload):
            self._write(packet.payload, place)
            self.packets += 1
            self.lost -= 1

    def _write(self, payload: bytes, place: int) -> None:
        place = max(place, 0)
        if place > len(self.audio):
            self.audio += bytes([self.law.silence]) * (place - len(self.audio))
        self.audio[place : place + len(payload)] = payload


@dataclass(frozen=True)
class Key:
    """One key that was pressed.

    Attributes:
        key: of `0123456789*#`.
        at: Unix time of its first packet.
        seconds: how long it was held, as its packets say.
    """

    key: str
    at: float
    seconds: float


class Keypad:
    """Collects the keys of one direction from RFC 4733 events.

    Every packet of one key carries the same timestamp, and its end is sent three times: a key is counted once.

    Attributes:
        keys: those so far, in the order they were pressed.
    """

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self._index: dict[tuple[int, int], int] = {}

    def take(self, packet: Packet, at: float) -> None:
        """Take note of a telephone event that passed at Unix time `at`; anything else is passed over."""
        if packet.payload_type < 96 or len(packet.payload) != 4 or packet.payload[0] >= len(_KEYPAD):
            return
        key, seconds = _KEYPAD[packet.payload[0]], struct.unpack_from("!H", packet.payload, 2)[0] / RATE
        index = self._index.setdefault((packet.source, packet.timestamp), len(self.keys))
        if index == len(self.keys):
            self.keys.append(Key(key, at, seconds))
        elif seconds > self.keys[index].seconds:
            self.keys[index] = Key(key, self.keys[index].at, seconds)
