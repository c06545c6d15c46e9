"""Every built prompt is looked at, and what is wrong with it is said."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import soundfile
import soxr

from hotline.prompts import Prompt, Script, audio, inspect, page
from hotline.prompts.manifest import Entry, Manifest

WORDS = "xin <chào>"


def tone(seconds=1.0, loud=0.1414, rate=audio.LINE_RATE):
    """Return a tone; by itself of −20 dBFS."""
    return (loud * np.sin(np.arange(round(seconds * rate)) * 440 / rate * 2 * np.pi)).astype(np.float32)


def padded(samples, lead=0.05, tail=0.10):
    """Return samples with silence around them."""
    return np.pad(samples, (round(lead * audio.LINE_RATE), round(tail * audio.LINE_RATE)))


def raw_master(samples):
    """Return samples (16 kHz) as the content of a master."""
    return (samples * 32767).astype("<i2").tobytes()


@pytest.fixture
def inspected(tmp_path):
    """Inspect a folder of clips of which `menu` has these samples, and return what was found of it."""
    script = Script("vi", {"menu": Prompt("menu", WORDS, "xin chào", 1)}, {})

    def look(samples, *, master=None, ulaw=None, words="xin chào", spoil=lambda folder: None):
        folder = tmp_path / "vi"
        folder.mkdir()
        file = io.BytesIO()
        soundfile.write(file, samples, 8000, format="RAW", subtype="ALAW")
        alaw = file.getvalue()
        if master is None:
            master = raw_master(soxr.resample(samples, audio.LINE_RATE, audio.MASTER_RATE))
        files = {"alaw": alaw, "ulaw": ulaw or audio.alaw_to_ulaw(alaw), "sln16": master}
        entry = Entry.write(folder / "menu", files, key="", words=words)
        Manifest({"menu": entry}).save(folder)
        spoil(folder)
        (clip,) = inspect(tmp_path, script)
        return clip

    return look


def test_a_clip_as_it_is_made_has_no_fault(inspected):
    """Level, peak, silence and length are measured, and all is well."""
    clip = inspected(padded(tone()))
    assert clip.faults == []
    assert clip.measures.seconds == pytest.approx(1.15)
    assert clip.measures.level == pytest.approx(-20, abs=0.1)
    assert clip.measures.peak == pytest.approx(-17, abs=0.2)
    assert (clip.measures.lead, clip.measures.tail) == (pytest.approx(0.05), pytest.approx(0.10))


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        (padded(tone(loud=0.12)), "level -21.4 dBFS"),
        (padded(tone(loud=0.17)), "level -18.4 dBFS"),
        (padded(np.append(tone(), tone(0.001, loud=0.99))), "peak -"),
        (padded(tone(), lead=0.2), "0.20 s of silence before the speech"),
        (padded(tone(), tail=0.5), "0.50 s of silence after the speech"),
        (np.zeros(8000, np.float32), "level -inf dBFS"),
    ],
    ids=["soft", "loud", "clipped", "late", "long", "silent"],
)
def test_what_is_wrong_with_a_sound_is_said(inspected, samples, fault):
    """Too soft, too loud, clipped, with too much silence, or silent: each is a fault with its figure."""
    assert [told for told in inspected(samples).faults if told.startswith(fault)]


@pytest.mark.parametrize(
    ("master", "fault"),
    [
        (raw_master(tone(1.15, loud=0.05, rate=audio.MASTER_RATE)), ".sln16: level -29.0 dBFS"),
        (raw_master(np.append(tone(1.14, rate=16_000), tone(0.01, loud=0.99, rate=16_000))), ".sln16: peak -"),
        (raw_master(np.zeros(18_400)), ".sln16: level -inf dBFS"),
        (raw_master(tone(2, rate=16_000)), ".sln16 has 64000 bytes, and the .alaw's length makes 36800"),
        (raw_master(tone(1.15, rate=16_000))[:-1], ".sln16 has 36799 bytes"),
    ],
    ids=["soft", "clipped", "silent", "long", "half a sample"],
)
def test_what_is_wrong_with_a_master_is_said(inspected, master, fault):
    """The 16 kHz file is read and measured like the one of the line; a fault of it says whose it is."""
    assert [told for told in inspected(padded(tone()), master=master).faults if told.startswith(fault)]


def test_a_mu_law_file_of_another_sound_is_said(inspected):
    """Both codecs of the line must play one sound, byte for byte."""
    assert inspected(padded(tone()), ulaw=bytes(9200)).faults == [
        ".ulaw is not the sound of the .alaw: run `hotline sounds build`"
    ]


def test_a_clip_that_is_not_there_is_said(inspected):
    """A file that was removed is named, with what to do."""
    clip = inspected(padded(tone()), spoil=lambda folder: (folder / "menu.ulaw").unlink())
    assert clip.measures is None
    assert re.search(r"menu\.ulaw: No such file or directory; run `hotline sounds build`", clip.faults[0])


def test_a_clip_that_was_never_built_is_said(inspected):
    """Without a manifest nothing is taken for built."""
    clip = inspected(padded(tone()), spoil=lambda folder: (folder / "manifest.json").unlink())
    assert clip.faults == ["not built: run `hotline sounds build`"]


def test_a_clip_of_other_words_is_said(inspected):
    """A clip that says what the script said before is stale."""
    assert "built from other words" in inspected(padded(tone()), words="xin").faults[0]


def test_the_page_plays_what_the_line_plays_and_needs_no_other_file(inspected):
    """Each clip has its FLAC, which decodes to the samples of the A-law, a waveform and its words, escaped."""
    clip = inspected(padded(tone()))
    shown = page([clip], title="Prompts & more", language="vi")
    flac = base64.b64decode(re.search(r"base64,([^\"]+)", shown)[1])
    samples, rate = soundfile.read(io.BytesIO(flac), dtype="float32")
    assert rate == 8000
    assert np.array_equal(samples, audio.decode(clip.alaw))
    assert "xin &lt;chào&gt;" in shown
    assert "Prompts &amp; more" in shown
    assert '<path d="M0 ' in shown
    assert not re.search(r"(src|href)=\"(?!data:)", shown)


def test_the_page_tells_faults(inspected):
    """A clip without a sound has its fault in place of a player."""
    shown = page(
        [inspected(padded(tone()), spoil=lambda folder: (folder / "menu.alaw").unlink())], title="", language="vi"
    )
    assert "No such file" in shown
    assert "<audio" not in shown
