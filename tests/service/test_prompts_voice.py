"""The real voice, and every way in which its process can fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest

from hotline.prompts import Library, Pyttsx3Engine, Script, VoiceFailed, audio, build, compose
from hotline.settings import SHARE, VoiceSettings


@pytest.fixture(scope="module")
def script():
    """The shipped script."""
    return Script.load(SHARE / "sounds" / "vi.toml")


@pytest.fixture(scope="module")
def library(script):
    """The shipped script, spoken: what is not built yet is built for all tests of this checkout."""
    voice = VoiceSettings()
    return build(script, voice.recorded, voice.sounds, voice)


def fake(program: str, **options) -> Pyttsx3Engine:
    """Make an engine whose speaking process is the given Python program."""
    return Pyttsx3Engine("vi", 140, program=(sys.executable, "-c", program), **options)


def test_the_whole_script_can_be_said(library, script):
    """Every prompt of the shipped script becomes speech of a plausible length."""
    assert isinstance(library, Library)
    for id_, prompt in script.prompts.items():
        syllables = len(prompt.spoken.split())
        assert 0.15 < (library[id_].seconds - 0.15) / syllables < 0.6, id_


def test_digits_are_short_and_differ(library):
    """Each digit is one syllable long, and no two sound the same."""
    speech = [library.speech(f"digits/{digit}") for digit in range(10)]
    assert all(0.15 < audio.seconds(core) < 0.6 for core in speech)
    assert all(one != other for one, other in pairwise(sorted(speech)))


def test_a_password_is_read_in_the_time_the_call_has(library):
    """Two readings of nine digits leave the call within its paid minute."""
    whole = "menu", "ask-number", "check", "after-reading"
    prompts = sum(library[id_].seconds for id_ in whole)
    first = compose(library, "new-password", "323232323", digit_gap=0.2, group_gap=1.0)
    again = compose(library, "repeat-password", "323232323", digit_gap=0.3, group_gap=2.0)
    assert len(first) == len(compose(library, "new-password", "019465019", digit_gap=0.2, group_gap=1.0))
    keys = 1 + 13  # the branch; twelve digits and the hash key, one a second
    assert prompts + audio.seconds(first) + audio.seconds(again) + keys <= 58


def test_the_same_words_sound_the_same_in_every_process():
    """Two processes give the same samples for the same words in the same order."""
    texts = ["xin chờ", "một", "hai"]
    one, other = (list(Pyttsx3Engine("vi", 140).speak(texts)) for _ in range(2))
    for mine, theirs in zip(one, other, strict=True):
        assert np.array_equal(mine.samples, theirs.samples)
    assert one[0].rate == 22_050


def test_the_rate_asked_for_is_the_rate_spoken_at():
    """A slower rate takes longer, from the first text on."""
    slow, fast = (next(Pyttsx3Engine("vi", rate).speak(["xin quý khách chờ"])) for rate in (100, 200))
    assert len(slow.samples) > 1.3 * len(fast.samples)


@pytest.mark.parametrize("voice", ["nosuch", "en", "vi+nosuch"])
def test_a_voice_that_is_not_there_is_refused(voice):
    """A wrong voice is a clear error, never English."""
    with pytest.raises(
        VoiceFailed, match=f"voice “{voice}” is not one of espeak-ng's Vietnamese voices".replace("+", r"\+")
    ):
        next(Pyttsx3Engine(voice, 140).speak(["một"]))


def test_a_variant_of_the_voice_is_accepted():
    """A variant of the Vietnamese voice sounds different from the plain one."""
    plain, woman = (next(Pyttsx3Engine(voice, 140).speak(["một"])) for voice in ("vi", "vi+f3"))
    assert not np.array_equal(plain.samples, woman.samples)


def test_the_identity_tells_voice_rate_range_and_versions():
    """What decides the sound is in the engine's identity, so that the cache sees a change."""
    identities = {
        Pyttsx3Engine(voice, rate, pitch_range).identity
        for voice in ("vi", "vi+f3")
        for rate in (135, 140)
        for pitch_range in (50, 100)
    }
    assert len(identities) == 8
    assert all("pyttsx3 2.99, espeak-ng 1." in identity for identity in identities)


def test_the_pitch_range_is_heard():
    """Tones farther apart are other samples."""
    near, far = (next(Pyttsx3Engine("vi", 140, pitch_range).speak(["sáu"])) for pitch_range in (0, 100))
    assert not np.array_equal(near.samples, far.samples)


def test_phonemes_are_said_and_not_spelt():
    """Text in double brackets is one syllable of phonemes, not the names of its letters."""
    spoken, spelt = Pyttsx3Engine("vi", 140).speak(["[[S'aU3]]", "ét ca u ba"])
    assert len(spoken.samples) < 0.7 * len(spelt.samples)


def test_a_silent_process_is_ended_in_time():
    """A speaking process that hangs is ended after the time limit, with an error that says so."""
    start = time.monotonic()
    with pytest.raises(VoiceFailed, match=r"did not answer within 0\.3 s"):
        next(fake("import time; time.sleep(60)", time_limit=0.3).speak(["một"]))
    assert time.monotonic() - start < 5


def test_a_process_that_dies_has_its_last_words_told():
    """A speaking process that ends early is an error with what it said last."""
    with pytest.raises(VoiceFailed, match="ended with status 1: RuntimeError: no espeak"):
        next(fake("raise RuntimeError('no espeak')").speak(["một"]))


def test_a_process_that_no_longer_listens_is_told_apart_from_our_own_faults():
    """A speaking process that is gone before it is asked is an error of the voice, whatever the pipe says."""
    program = "import sys; sys.stdin.readline(); sys.stdin.close(); print('{}', flush=True); sys.exit('bye')"
    with pytest.raises(VoiceFailed, match="ended with status 1: bye"):
        list(fake(program).speak(["một " * 1000]))


def test_a_process_that_writes_nothing_is_found_out():
    """An answer without a file is an error that names the words."""
    program = "import sys\nfor line in sys.stdin: print('{}', flush=True)"
    with pytest.raises(VoiceFailed, match="no sound for “một”"):
        next(fake(program).speak(["một"]))


def test_a_speaking_process_that_hangs_ends_by_itself(tmp_path):
    """A file over which pyttsx3 waits for ever, here a pipe nobody reads, does not leave a process behind us."""
    os.mkfifo(pipe := tmp_path / "speech.wav")
    manner = {"voice": "vi", "rate": 140, "pitch_range": 50, "language": "Vietnamese", "family": "aav/vi"}
    orders = [manner, {"text": "một", "path": str(pipe)}]
    program = "from hotline.prompts import speaker; speaker.LINE_SECONDS = 1; speaker.main()"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        input="".join(json.dumps(order) + "\n" for order in orders),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == -signal.SIGALRM


def test_a_missing_library_is_named(monkeypatch):
    """Without espeak-ng the error names the packages to install."""
    monkeypatch.setattr("hotline.prompts.pyttsx3_engine._LIBRARY", "libespeak-none.so.1")
    with pytest.raises(VoiceFailed, match="install libespeak-ng1 and espeak-ng-data"):
        _ = Pyttsx3Engine("vi", 140).identity
