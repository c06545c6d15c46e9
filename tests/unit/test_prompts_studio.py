"""A person's takes are looked at, and the good ones take the place of the engine."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from hotline.prompts import Prompt, RecordingRefused, Script, SoundsUnwritable, recording_list, recordings, take_in

DIGITS = dict(zip("0123456789", ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"), strict=True))
WORDS = {"menu": "xin chào, nhấn tám.", "check": "xin chờ.", "bye": "xin chào."}


@pytest.fixture
def script():
    """Three prompts, two of them in a group, and the digits."""
    prompts = {id_: Prompt(id_, words.upper(), words, 1) for id_, words in WORDS.items()}
    return Script("vi", prompts, DIGITS, groups={"Kết thúc": ["bye"], "Thực đơn": ["menu"]})


class Booth:
    """A folder to record takes into, and the one for those taken in."""

    def __init__(self, folder, script):
        self.folder = folder / "takes"
        self.recorded = folder / "recorded"
        self._script = script

    def record(self, name, seconds=0.4, *, loud=0.2, rate=16_000):
        """Hum into a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        hum = np.clip(loud * np.sin(np.arange(round(seconds * rate)) * 440 / rate * 2 * np.pi), -1, 1)
        soundfile.write(path, np.pad(hum, rate // 2), rate)

    def digits(self, which="0123456789", **how):
        """Hum digits."""
        for digit in which:
            self.record(f"digits/{digit}.wav", **how)

    def take(self):
        """Take everything in; return what was wrong with which, and the session."""
        session = take_in(self.folder, self._script, self.recorded)
        return {take.path.name: list(take.faults) for take in session.takes if take.faults}, session

    def kept(self):
        """Return what a build would use."""
        ids = {*WORDS, *(f"digits/{digit}" for digit in DIGITS)}
        return sorted(recordings.find(self.recorded / "vi", ids))


@pytest.fixture
def booth(tmp_path, script):
    """An empty booth."""
    return Booth(tmp_path, script)


def test_the_list_is_in_groups_with_the_digits_last(script):
    """In the order of the groups; what is in none comes after them; words as they are said."""
    lines = [(line.group, line.file, line.words) for line in recording_list(script)]
    assert lines[:3] == [
        ("Kết thúc", "bye", "xin chào."),
        ("Thực đơn", "menu", "xin chào, nhấn tám."),
        ("Khác", "check", "xin chờ."),
    ]
    assert lines[3] == ("Chữ số", "digits/0", "không")
    assert len(lines) == 13


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg", "aiff", "mp3"])
def test_a_good_take_is_taken_in_whatever_its_format(booth, extension):
    """It is kept as FLAC, at its own rate, under the id of its prompt; the rest is told to be missing."""
    booth.record(f"menu.{extension}")
    faults, session = booth.take()
    assert faults == {}
    assert session.taken == ["menu"]
    assert session.missing[:2] == ["check", "bye"]
    assert len(session.missing) == 12
    assert booth.kept() == ["menu"]
    assert soundfile.info(booth.recorded / "vi" / "menu.flac").samplerate == 16_000


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ({"loud": 3.0}, "clipped"),
        ({"loud": 0.7}, "too loud: speech at -6 dBFS, -9 at most"),
        ({"loud": 0.01}, "too quiet: speech at -43 dBFS, -40 at least"),
        ({"loud": 0.0}, "there is nothing in it to hear"),
        ({"seconds": 3.0}, "too long: 3.0 s of speech, 1.9 at most for these words"),
        ({"rate": 4000}, "4000 samples a second are too few"),
    ],
)
def test_a_take_that_cannot_be_used_is_told_and_left(booth, how, fault):
    """Each fault with its figure; nothing is kept of it, and others are taken in all the same."""
    booth.record("check.wav", **how)
    booth.record("menu.wav")
    faults, session = booth.take()
    assert faults["check.wav"][0].startswith(fault)
    assert session.taken == ["menu"]
    assert booth.kept() == ["menu"]


def test_silence_around_a_take_does_not_make_it_long(booth):
    """Only speech counts; what is around it is cut off when built."""
    booth.record("check.wav", seconds=1.8)
    assert booth.take()[0] == {}


def test_files_of_other_names_are_told(booth):
    """A sound of no prompt and a second take are faults, a sound's name on another file is one, a note is none."""
    booth.record("chek.wav")
    booth.record("menu.flac")
    booth.record("menu.wav")
    (booth.folder / "check.wav").write_text("not a sound")
    (booth.folder / "README.txt").write_text("by whom, and when")
    faults, session = booth.take()
    assert faults == {
        "check.wav": ["not a sound file"],
        "chek.wav": ["the script has no prompt “chek”"],
        "menu.wav": ["a second take of “menu”: keep the better one"],
    }
    assert session.taken == ["menu"]


def test_digits_are_taken_in_all_ten_or_none(booth):
    """Nine are left, and so are ten of which one is too long; ten good ones are taken, and then one may be replaced."""
    booth.digits("012345678")
    assert booth.take()[1].taken == []
    booth.digits("9", seconds=0.7)
    faults, session = booth.take()
    assert faults == {"9.wav": ["too long: 0.7 s of speech, 0.6 at most for these words"]}
    assert session.taken == []
    booth.digits("9")
    assert len(booth.take()[1].taken) == 10
    booth.folder.rename(booth.folder.with_name("first"))
    booth.digits("3", loud=0.3)
    assert booth.take()[1].taken == ["digits/3"]
    assert len(booth.kept()) == 10


def test_a_new_take_replaces_a_recording_of_another_format(booth):
    """Afterwards there is one recording of the prompt, so that it can be built."""
    booth.record("../recorded/vi/menu.wav")
    booth.record("menu.ogg")
    booth.take()
    assert [path.name for path in (booth.recorded / "vi").iterdir()] == ["menu.flac"]


def test_folders_that_cannot_be_used_are_named(booth):
    """No folder of takes, or none that can be written, is an error with its name."""
    with pytest.raises(RecordingRefused, match="takes: there is no such folder"):
        booth.take()
    booth.record("menu.wav")
    booth.recorded.write_text("in the way")
    with pytest.raises(SoundsUnwritable, match="recorded"):
        booth.take()
