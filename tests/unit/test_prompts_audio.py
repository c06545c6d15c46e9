"""Every clip sounds as loud as every other, and begins and ends with the same silence."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from hotline.prompts import audio


def decoded(raw: bytes, subtype: str, rate: int = 8000) -> np.ndarray:
    """Return raw audio as samples from −1 to 1."""
    return soundfile.read(io.BytesIO(raw), samplerate=rate, channels=1, format="RAW", subtype=subtype, dtype="float64")[
        0
    ]


def speech(*, seconds: float = 0.5, hertz: float = 300.0, loud: float = 0.3, rate: int = 22_050) -> audio.Speech:
    """Make a tone between 0.2 s of silence and 0.4 s of it."""
    time = np.arange(round(seconds * rate)) / rate
    tone = loud * np.sin(2 * np.pi * hertz * time)
    return audio.Speech(np.pad(tone, (round(0.2 * rate), round(0.4 * rate))).astype(np.float32), rate)


def level(samples: np.ndarray) -> float:
    """Return the RMS in dBFS."""
    return float(20 * np.log10(np.sqrt(np.mean(np.square(samples)))))


@pytest.mark.parametrize("loud", [0.01, 0.3, 1.0])
@pytest.mark.parametrize("rate", [8000, 22_050, 48_000])
def test_a_clip_has_the_level_and_the_silences_of_all(loud, rate):
    """Loud or soft, at any rate, a clip is at −20 dBFS between 0.05 s and 0.10 s of silence."""
    clip = decoded(audio.encode(speech(loud=loud, rate=rate))["alaw"], "ALAW")
    assert level(clip[400:-800]) == pytest.approx(-20, abs=0.5)
    assert len(clip) / 8000 == pytest.approx(0.65, abs=0.02)
    assert np.abs(clip[:390]).max() < 0.001
    assert np.abs(clip[-790:]).max() < 0.001


def test_peaks_stay_under_the_limit_in_every_codec():
    """Peaks far above the level are turned down to −3 dBFS, also after the codec has rounded them."""
    spiky = speech(seconds=1.0, loud=0.1)
    samples = spiky.samples.copy()
    samples[8000::2000] = 1.0
    files = audio.encode(audio.Speech(samples, spiky.rate))
    for extension, subtype, rate in (("alaw", "ALAW", 8000), ("ulaw", "ULAW", 8000), ("sln16", "PCM_16", 16_000)):
        assert np.abs(decoded(files[extension], subtype, rate)).max() <= 10 ** (-3 / 20)


def test_the_master_is_the_same_clip_at_twice_the_rate():
    """The .sln16 file is raw 16-bit, 16,000 samples a second, as long as the others."""
    files = audio.encode(speech())
    assert len(files["sln16"]) / 2 / 16_000 == pytest.approx(audio.seconds(files["alaw"]), abs=0.02)
    assert len(files["ulaw"]) == len(files["alaw"])


def test_what_the_line_cannot_carry_is_filtered_not_folded_back():
    """A tone above 4 kHz is gone at 8 kHz; it does not come back at another pitch."""
    both = audio.Speech(speech(hertz=300).samples + speech(hertz=6000).samples, 22_050)
    spectrum = np.abs(np.fft.rfft(audio.finish(both, 8000)[800:3600] * np.hanning(2800)))
    folded = spectrum[round(2000 * 2800 / 8000)]
    assert folded < spectrum.max() / 1000


def test_silence_is_no_clip():
    """Sound with nothing in it to hear is refused, also when it is empty."""
    for samples in (np.zeros(22_050), np.zeros(0)):
        with pytest.raises(audio.NoSpeech):
            audio.encode(audio.Speech(samples.astype(np.float32), 22_050))


def test_core_is_the_clip_without_its_silences():
    """The core of a clip is its bytes without the lead of 400 and the tail of 800."""
    clip = audio.encode(speech())["alaw"]
    assert audio.silence(0.05) + audio.core(clip) + audio.silence(0.10) == clip


@given(st.binary(max_size=300))
def test_a_law_becomes_mu_law_sample_by_sample(alaw):
    """The µ-law form of A-law audio is as long and sounds the same within the step of the codecs."""
    ulaw = audio.alaw_to_ulaw(alaw)
    assert len(ulaw) == len(alaw)
    before, after = decoded(alaw, "ALAW"), decoded(ulaw, "ULAW")
    assert np.all(np.abs(before - after) <= np.maximum(np.abs(before) * 0.04, 0.0005))


def test_silence_is_the_codes_of_zero():
    """Silence in A-law is the byte D5, the code next to zero, and in µ-law what G.711 puts in its place."""
    assert audio.silence(0.001) == b"\xd5" * 8
    assert audio.alaw_to_ulaw(audio.silence(0.001)) == b"\xfe" * 8


def test_several_channels_are_mixed(tmp_path):
    """A stereo recording becomes one channel with both in it."""
    soundfile.write(tmp_path / "two.flac", np.tile([0.5, 0.25], (100, 1)), 16_000)
    mixed = audio.read(tmp_path / "two.flac")
    assert mixed.rate == 16_000
    assert mixed.samples == pytest.approx(np.full(100, 0.375), abs=0.001)
