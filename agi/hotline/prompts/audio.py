"""Speech made ready for the telephone: 8 kHz, trimmed, padded, levelled, in the codecs of the line.

The figures are those of docs/voice.md: every clip sounds as loud as every other, and begins and ends with the same
short silence, so that clips can be joined and gaps counted from speech to speech.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import soundfile
import soxr  # type: ignore[import-untyped]
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

VERSION: Final = 1  # of this processing; a change of any figure here makes every built clip stale
LINE_RATE: Final = 8000  # samples a second on the telephone line
MASTER_RATE: Final = 16_000  # of Asterisk's .sln16
MASTER_BYTES: Final = 2  # a sample of it
LEAD_SECONDS: Final = 0.05  # silence before the speech of a clip
TAIL_SECONDS: Final = 0.10  # silence after it
LEVEL_DBFS: Final = -20.0  # RMS of the frames with speech
EXTENSIONS: Final = ("alaw", "ulaw", "sln16")

_PEAK_DBFS = -3.2  # A-law rounds by up to 0.2 dB up there, and −3 is the limit
_SPEECH_DB = -40.0  # below the loudest frame: no speech, and trimmed away
_ACTIVE_DB = -30.0  # below the loudest frame: does not count for the level
_SILENT_DBFS = -60.0  # the loudest frame of a recording of nothing
_FRAME_SECONDS = 0.01
_LIMITER_SECONDS = 0.005


class NoSpeech(ValueError):
    """A sound has nothing in it to hear."""


@dataclass(frozen=True)
class Speech:
    """Sound as it comes from an engine or a recording: mono, −1 to 1, `rate` samples a second."""

    samples: Samples
    rate: int


def read(path: Path) -> Speech:
    """Read a sound file; several channels are mixed to one.

    Raises:
        OSError: it cannot be read.
        soundfile.LibsndfileError: it is not a sound file.
    """
    with path.open("rb") as file:
        samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return Speech(samples.mean(axis=1), rate)


def encode(speech: Speech) -> dict[str, bytes]:
    """Return the clip of `speech` as the content of its files, by extension.

    The µ-law is made from the A-law, as that of a reading is, so that in either codec a reading has the clips' bytes.

    Raises:
        NoSpeech: there is nothing in it to hear.
    """
    alaw = _raw(finish(speech, LINE_RATE), LINE_RATE, "ALAW")
    master = _raw(finish(speech, MASTER_RATE), MASTER_RATE, "PCM_16")
    return {"alaw": alaw, "ulaw": alaw_to_ulaw(alaw), "sln16": master}


def finish(speech: Speech, rate: int) -> Samples:
    """Resample to `rate`, trim, level and pad.

    Raises:
        NoSpeech: there is nothing in it to hear.
    """
    # soxr at its best filters what 8 kHz cannot carry; plain decimation folds it back as noise.
    samples = soxr.resample(speech.samples, speech.rate, rate, quality="VHQ").astype(np.float32)
    core = _level(_trim(samples, rate), rate)
    return np.pad(core, (round(LEAD_SECONDS * rate), round(TAIL_SECONDS * rate)))


@dataclass(frozen=True)
class Measures:
    """What can be measured of a sound.

    Attributes:
        seconds: how long it is.
        level: RMS of the frames with speech, in dBFS; −inf where there is none.
        peak: the loudest sample, in dBFS.
        lead: seconds of silence before the first speech.
        tail: seconds of silence after the last.
    """

    seconds: float
    level: float
    peak: float
    lead: float
    tail: float


def measure(samples: Samples, rate: int) -> Measures:
    """Measure a sound as `finish` does, to a hundredth of a second."""
    length = len(samples) / rate
    frames = _frames(samples, rate)
    if not len(frames) or frames.max() < _ratio(_SILENT_DBFS):
        return Measures(length, -math.inf, _decibels(np.abs(samples).max(initial=0.0)), length, length)
    speech = np.flatnonzero(frames > frames.max() * _ratio(_SPEECH_DB))
    return Measures(
        length,
        _decibels(_active(frames)),
        _decibels(np.abs(samples).max()),
        speech[0] * _FRAME_SECONDS,
        max(0.0, length - (speech[-1] + 1) * _FRAME_SECONDS),
    )


def decode(alaw: bytes) -> Samples:
    """Return the samples of A-law audio, −1 to 1."""
    samples, _ = soundfile.read(
        io.BytesIO(alaw), dtype="float32", samplerate=LINE_RATE, channels=1, format="RAW", subtype="ALAW"
    )
    return cast("Samples", samples)


def decode_master(sln16: bytes) -> Samples:
    """Return the samples of a master, 16 kHz, −1 to 1."""
    samples, _ = soundfile.read(
        io.BytesIO(sln16), dtype="float32", samplerate=MASTER_RATE, channels=1, format="RAW", subtype="PCM_16"
    )
    return cast("Samples", samples)


def core(alaw: bytes) -> bytes:
    """Return the speech of a built A-law or µ-law clip without the silence around it."""
    return alaw[round(LEAD_SECONDS * LINE_RATE) : len(alaw) - round(TAIL_SECONDS * LINE_RATE)]


def seconds(alaw: bytes) -> float:
    """Return how long A-law or µ-law audio plays."""
    return len(alaw) / LINE_RATE


def silence(length: float) -> bytes:
    """Return `length` seconds of silence in A-law."""
    return SILENT * round(length * LINE_RATE)


def alaw_to_ulaw(alaw: bytes) -> bytes:
    """Return the same audio in µ-law."""
    return alaw.translate(_ALAW_TO_ULAW)


def _frames(samples: Samples, rate: int) -> Samples:
    """Return the RMS of each frame."""
    size = round(_FRAME_SECONDS * rate)
    whole = np.pad(samples, (0, -len(samples) % size)).reshape(-1, size)
    return cast("Samples", np.sqrt(np.mean(np.square(whole), axis=1)))


def _trim(samples: Samples, rate: int) -> Samples:
    frames = _frames(samples, rate)
    if not len(frames) or frames.max() < _ratio(_SILENT_DBFS):
        raise NoSpeech("there is nothing in it to hear")
    speech = np.flatnonzero(frames > frames.max() * _ratio(_SPEECH_DB))
    size = round(_FRAME_SECONDS * rate)
    return samples[speech[0] * size : (speech[-1] + 1) * size]


def _level(samples: Samples, rate: int) -> Samples:
    gain = _ratio(LEVEL_DBFS) / _active(_frames(samples, rate))
    return _limit(samples * gain, rate)


def _active(frames: Samples) -> float:
    """Return the RMS of the frames with speech."""
    return float(np.sqrt(np.mean(np.square(frames[frames > frames.max() * _ratio(_ACTIVE_DB)]))))


def _limit(samples: Samples, rate: int) -> Samples:
    """Turn the few peaks over the limit down, smoothly: clipped, they would crackle."""
    allowed = np.minimum(1.0, _ratio(_PEAK_DBFS) / np.maximum(np.abs(samples), 1e-9))
    if allowed.min() == 1.0:
        return samples
    reach = round(_LIMITER_SECONDS * rate)
    window = np.hanning(2 * reach + 1)
    # The least gain over a window, smoothed over the same window, is nowhere above the gain a sample needs.
    least = sliding_window_view(np.pad(allowed, 2 * reach, mode="edge"), 2 * reach + 1).min(axis=1)
    return (samples * np.convolve(least, window / window.sum(), mode="valid")).astype(np.float32)


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _decibels(ratio: float) -> float:
    return 20 * math.log10(ratio) if ratio > 0 else -math.inf


def _raw(samples: NDArray[np.generic], rate: int, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="RAW", subtype=subtype)
    return file.getvalue()


def _alaw_to_ulaw_table() -> bytes:
    """Return the µ-law code next to each of the 256 A-law codes."""
    codes = io.BytesIO(bytes(range(256)))
    linear, _ = soundfile.read(codes, dtype="int16", samplerate=LINE_RATE, channels=1, format="RAW", subtype="ALAW")
    return _raw(linear, LINE_RATE, "ULAW")


SILENT: Final = _raw(np.zeros(1, np.int16), LINE_RATE, "ALAW")  # one sample of it, in A-law
_ALAW_TO_ULAW = _alaw_to_ulaw_table()
