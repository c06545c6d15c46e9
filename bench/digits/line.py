"""A model of the phone line: what becomes of A-law audio on its way to an ear."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import soundfile

from hotline.prompts.audio import LINE_RATE, SILENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

PACKET: Final = 160
"""Samples a packet: 20 ms, what Asterisk sends."""
_FULL_SCALE = 32768.0
_SPEECH = 0.003
"""Of full scale: packets below it, −50 dBFS, have no speech and do not count for its level."""


@dataclass(frozen=True)
class Line:
    """One condition of the line.

    Attributes:
        name: as in the option `--conditions`.
        loss: part of the packets lost, each on its own. A lost one is silence: Asterisk sends it once, and the phone
            is taken to have no concealment, which is the worse case.
        noise: white noise at the ear, as speech-to-noise ratio in dB over the packets with speech; None for none.
    """

    name: str
    loss: float = 0.0
    noise: float | None = None

    def carry(self, alaw: bytes, rng: np.random.Generator) -> NDArray[np.int16]:
        """Return what comes out at 8 kHz when `alaw` goes in."""
        sent = np.frombuffer(alaw.ljust(-(-len(alaw) // PACKET) * PACKET, SILENT), np.uint8).reshape(-1, PACKET)
        lost = rng.random(len(sent)) < self.loss
        heard = np.where(lost[:, None], SILENT[0], sent).astype(np.uint8)
        samples = _decoded(heard.tobytes())
        if self.noise is not None:
            level = _speech_level(_decoded(sent.tobytes())) / 10 ** (self.noise / 20)
            samples = _again(samples + rng.normal(0.0, level, len(samples)))
        return (samples * _FULL_SCALE).clip(-_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


LINES: Final = {
    line.name: line
    for line in (
        Line("clean"),
        Line("loss-2", loss=0.02),
        Line("loss-5", loss=0.05),
        Line("noise-20", noise=20.0),
        Line("noise-10", noise=10.0),
    )
}
"""The conditions measured, by name."""


def _decoded(alaw: bytes) -> Samples:
    samples, _ = soundfile.read(
        io.BytesIO(alaw), dtype="float64", samplerate=LINE_RATE, channels=1, format="RAW", subtype="ALAW"
    )
    return cast("Samples", samples)


def _again(samples: Samples) -> Samples:
    """Return `samples` after another leg in A-law, as from a mobile network."""
    file = io.BytesIO()
    soundfile.write(file, samples.clip(-1.0, 1.0), LINE_RATE, format="RAW", subtype="ALAW")
    return _decoded(file.getvalue())


def _speech_level(samples: Samples) -> float:
    """Return the RMS of the packets that have speech."""
    packets = np.sqrt(np.mean(np.square(samples.reshape(-1, PACKET)), axis=1))
    return float(np.sqrt(np.mean(np.square(packets[packets > _SPEECH]))))
