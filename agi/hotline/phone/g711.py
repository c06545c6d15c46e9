"""The two laws of G.711: 8,000 samples a second, one byte each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

RATE = 8000
"""Samples, and bytes, a second."""


@dataclass(frozen=True)
class Law:
    """One of the two codings.

    Attributes:
        name: as SDP writes it.
        extension: of a raw sound file, without the dot.
        payload_type: its static RTP payload type (RFC 3551).
        silence: the byte of zero level.
        levels: 16-bit linear value of each of the 256 bytes.
    """

    name: str
    extension: str
    payload_type: int
    silence: int
    levels: npt.NDArray[np.int16] = field(repr=False, compare=False)

    def decode(self, audio: bytes | bytearray | memoryview) -> npt.NDArray[np.int16]:
        """Return the linear samples of `audio`."""
        return self.levels[np.frombuffer(audio, np.uint8)]

    def encode(self, samples: npt.NDArray[np.int16]) -> bytes:
        """Return for each sample the byte whose level is nearest; exact for samples that came out of `decode`."""
        order = np.argsort(self.levels, kind="stable")
        sorted_levels = self.levels[order].astype(np.int32)
        above = np.clip(np.searchsorted(sorted_levels, samples), 1, 255)
        wide = samples.astype(np.int32)
        nearer_below = wide - sorted_levels[above - 1] <= sorted_levels[above] - wide
        return order[np.where(nearer_below, above - 1, above)].astype(np.uint8).tobytes()


def _a_law_levels() -> npt.NDArray[np.int16]:
    """G.711 table 1: even bits inverted, sign, 3 bits of segment, 4 bits of step; 13 bits shown as 16."""
    code = np.arange(256) ^ 0x55
    segment, step = (code >> 4) & 7, code & 15
    size = np.where(segment == 0, (step << 4) + 8, ((step << 4) + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, size, -size).astype(np.int16)


def _mu_law_levels() -> npt.NDArray[np.int16]:
    """G.711 table 2: all bits inverted, sign, 3 bits of segment, 4 bits of step; 14 bits shown as 16."""
    code = np.arange(256) ^ 0xFF
    segment, step = (code >> 4) & 7, code & 15
    size = (((step << 3) + 0x84) << segment) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


A_LAW = Law("PCMA", "alaw", 8, 0xD5, _a_law_levels())
MU_LAW = Law("PCMU", "ulaw", 0, 0xFF, _mu_law_levels())
LAWS = {law.payload_type: law for law in (A_LAW, MU_LAW)}
