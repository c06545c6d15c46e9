"""The engines that can take pyttsx3's place: espeak-ng's command, and Piper, by a stand-in for its program."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from hotline.prompts import LANGUAGES, EspeakEngine, Manner, PiperEngine, Script, VoiceFailed, build, engine_for
from hotline.settings import VoiceSettings

SPEAKS = Path(__file__).with_name("stand_in_piper.py")
ENGLISH = """\
language = "en"
[prompt.menu]
written = "Press one."
[digits]
"""


def only(engine, text):
    """Return the speech of one text."""
    (speech,) = engine.speak([text])
    return speech


def test_the_command_says_the_same_words_the_same_way():
    """Two runs give the same samples; voice, rate, range and phonemes are heard, and the identity has them."""
    usual = only(EspeakEngine("vi", 140), "xin chờ")
    assert np.array_equal(usual.samples, only(EspeakEngine("vi", 140), "xin chờ").samples)
    assert usual.rate == 22_050
    others = [EspeakEngine("vi+f3", 140), EspeakEngine("vi", 100), EspeakEngine("vi", 140, 100)]
    for engine in others:
        assert not np.array_equal(usual.samples, only(engine, "xin chờ").samples)
    assert len({engine.identity for engine in others}) == 3
    assert others[0].identity.startswith("command of eSpeak NG text-to-speech: 1.")
    spoken, spelt = EspeakEngine("vi", 140).speak(["xin [[S'aU3]]", "xin ét ca u ba"])
    assert len(spoken.samples) < 0.7 * len(spelt.samples)


@pytest.mark.parametrize(
    ("voice", "fault"),
    [
        ("nosuch", "“nosuch” is not one of espeak-ng's Vietnamese voices"),
        ("en", "“en” is not one of espeak-ng's Vietnamese voices"),
        ("vi+nosuch", "no variant “nosuch”"),
    ],
)
def test_a_voice_that_the_command_does_not_have_is_refused(voice, fault):
    """A wrong voice is a clear error, never English, and never the plain voice for a variant."""
    with pytest.raises(VoiceFailed, match=fault):
        only(EspeakEngine(voice, 140), "một")


def test_a_command_that_fails_is_told(tmp_path):
    """Missing, hanging, failing or silent: each is an error that says which, within the time limit."""
    with pytest.raises(VoiceFailed, match="apt-get install espeak-ng"):
        _ = EspeakEngine("vi", 140, program="espeak-none").identity
    for script, fault in {
        "sleep 60": r"did not answer within 0\.5 s",
        "echo hoarse >&2; exit 3": "ended with status 3: hoarse",
        'echo "p vi a n aav/vi"; echo "p vi a n aav/vi"': "wrote no sound for “một”",
    }.items():
        program = tmp_path / "espeak"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        with pytest.raises(VoiceFailed, match=fault):
            only(EspeakEngine("vi", 140, time_limit=0.5, program=str(program)), "một")


@pytest.fixture
def piper(tmp_path):
    """Make an engine of a Piper voice that fares as told, spoken by the stand-in."""
    program = tmp_path / "piper"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {SPEAKS} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def make(manner="", *, rate=140, config=None, **limits):
        voice = tmp_path / "voice.onnx"
        voice.write_text(manner)
        (tmp_path / "voice.onnx.json").write_text(json.dumps(config or {"inference": {"length_scale": 1.0}}))
        return PiperEngine(str(voice), rate, program=str(program), **limits)

    return make


def test_piper_speaks_each_text_in_order(piper):
    """One run says all of them, at the speed of the voice or slower as the rate is; the texts have no line breaks."""
    one, two = piper().speak(["một", "một\nhai"])
    assert (one.rate, len(one.samples), len(two.samples)) == (22_050, 2400, 5600)
    assert len(only(piper(rate=70), "một").samples) == 4800
    assert len(only(piper(config={"inference": {"length_scale": 1.5}}), "một").samples) == 3600


def test_a_pipers_identity_is_its_voice_and_speed(piper):
    """Another voice, description or rate is another identity, so that the cache sees it."""
    makes = [{}, {"manner": "another"}, {"rate": 120}, {"config": {"audio": {}}}]
    assert len({piper(**make).identity for make in makes}) == 4
    assert piper().identity == piper().identity


def test_a_piper_that_fails_is_told(piper, tmp_path):
    """Dead, hanging, short of a file, not installed, without its voice or description: an error that says which."""
    with pytest.raises(VoiceFailed, match="Piper ended with status 1: ValueError: not a model"):
        only(piper("dies"), "một")
    with pytest.raises(VoiceFailed, match="Piper wrote 0 sounds for 1 texts"):
        only(piper("is short of one"), "một")
    with pytest.raises(VoiceFailed, match=r"was not done with 1 texts within 0\.5 s"):
        only(piper("hangs", start_seconds=0.3, text_seconds=0.2), "một")
    with pytest.raises(VoiceFailed, match="Piper is not installed: `pip install piper-tts`"):
        only(PiperEngine(str(tmp_path / "voice.onnx"), 140, program="piper-none"), "một")
    with pytest.raises(VoiceFailed, match=r"none\.onnx\.json: No such file"):
        only(PiperEngine(str(tmp_path / "none.onnx"), 140), "một")
    with pytest.raises(VoiceFailed, match=r"voice\.onnx\.json: not the description of a Piper voice"):
        only(piper(config=["?"]), "một")


def test_each_engine_is_made_by_its_name():
    """The settings' names of engines stand for these."""
    made = [engine_for(Manner(name, "vi", 140, 50, LANGUAGES["vi"])) for name in ("pyttsx3", "espeak-ng", "piper")]
    assert [type(engine).__name__ for engine in made] == ["Pyttsx3Engine", "EspeakEngine", "PiperEngine"]


@pytest.mark.parametrize("engine", ["pyttsx3", "espeak-ng"])
def test_a_second_language_is_spoken_by_its_own_voices_only(tmp_path, engine):
    """An English script is built with an English voice, into a folder of its own, and refused with a Vietnamese one."""
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    path = tmp_path / "en.toml"
    path.write_text(ENGLISH + "".join(f'{digit} = "{word}"\n' for digit, word in enumerate(words)))
    script = Script.load(path)
    english = VoiceSettings(engine=engine, voice="en-us", digits_engine=engine, digits_voice="en-us")
    library = build(script, tmp_path / "recorded", tmp_path / "out", english)
    assert library["menu"].path == tmp_path / "out" / "en" / "menu"
    with pytest.raises(VoiceFailed, match="“vi” is not one of espeak-ng's English voices"):
        build(script, tmp_path / "recorded", tmp_path / "other", VoiceSettings(engine=engine, digits_engine=engine))
