"""Building renders what changed and nothing else, and opening names every hole."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from hotline.prompts import (
    Library,
    Manner,
    Override,
    Prompt,
    PromptMissing,
    RecordingRefused,
    Script,
    SoundsUnwritable,
    VoiceFailed,
    build,
)
from hotline.prompts.audio import Speech

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

DIGITS = dict(enumerate(("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")))
ALL = 12


@dataclass
class Voice:
    engine: str = "pyttsx3"
    voice: str = "vi"
    digits_engine: str = "pyttsx3"
    digits_voice: str = "vi+f3"
    rate: int = 140
    pitch_range: int = 50


class Hummer:
    """An engine that hums each text at a pitch of its own."""

    def __init__(self, manner: Manner, said: list[str]) -> None:
        self.identity = f"hummer {manner}"
        self._said = said

    def speak(self, texts: Iterable[str]) -> Generator[Speech, None, None]:
        for text in texts:
            self._said.append(text)
            if text == "im lặng":
                yield Speech(np.zeros(2000, np.float32), 8000)
            if text == "hỏng":
                raise VoiceFailed("hoarse")
            hertz = 200 + sum(text.encode()) % 500
            yield Speech(np.sin(np.arange(2000) * hertz / 8000 * 2 * np.pi).astype(np.float32) / 4, 8000)


class Studio:
    """A script, its folders and the engine, ready to build."""

    def __init__(self, folder: Path) -> None:
        self.script = Script("vi", {}, {str(digit): word for digit, word in DIGITS.items()})
        self.set("menu", "xin chào")
        self.set("check", "xin chờ")
        self.recorded = folder / "recorded"
        self.out = folder / "out"
        self.voice = Voice()
        self.said: list[str] = []
        self.manners: list[Manner] = []
        self.progress: list[tuple[int, int, str]] = []

    def set(self, id_: str, spoken: str) -> None:
        self.script = replace(self.script, prompts={**self.script.prompts, id_: Prompt(id_, spoken.upper(), spoken, 1)})

    def override(self, id_: str, override: Override) -> None:
        prompt = replace(self.script.prompts[id_], override=override)
        self.script = replace(self.script, prompts={**self.script.prompts, id_: prompt})

    def drop(self, id_: str) -> None:
        self.script = replace(self.script, prompts={k: v for k, v in self.script.prompts.items() if k != id_})

    def record(self, name: str, *, loud: float = 0.5, hertz: float = 440) -> Path:
        path = self.recorded / "vi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, loud * np.sin(np.arange(8000) * hertz / 16_000 * 2 * np.pi), 16_000)
        return path

    def build(self) -> Library:
        """Build, with `said` and `progress` telling of this build alone."""
        self.said.clear()
        self.manners.clear()
        self.progress.clear()
        return build(
            self.script,
            self.recorded,
            self.out,
            self.voice,
            lambda *done: self.progress.append(done),
            engine=self.engine,
        )

    def engine(self, manner: Manner) -> Hummer:
        self.manners.append(manner)
        return Hummer(manner, self.said)

    def open(self) -> Library:
        return Library.open(self.out, self.script)

    def file(self, name: str) -> Path:
        return self.out / "vi" / name


@pytest.fixture
def studio(tmp_path):
    """A script with two prompts, nothing built or recorded yet."""
    return Studio(tmp_path)


def holes(studio: Studio) -> list[str]:
    """Return what is named when the library cannot be opened."""
    with pytest.raises(PromptMissing) as caught:
        studio.open()
    return str(caught.value).replace(f"{studio.out}/vi/", "").splitlines()[:-1]


def test_every_prompt_and_digit_becomes_a_clip(studio):
    """A build gives each prompt and digit its three files, and a clip that tells of them."""
    library = studio.build()
    menu, four = library["menu"], library.digit("4")
    assert (menu.id, menu.path, menu.written) == ("menu", studio.file("menu"), "XIN CHÀO")
    assert (four.id, four.path, four.written) == ("digits/4", studio.file("digits/4"), "4")
    for clip in (menu, four):
        alaw, ulaw, sln16 = (
            clip.path.with_name(f"{clip.path.name}.{end}").stat().st_size for end in ("alaw", "ulaw", "sln16")
        )
        assert alaw == ulaw == clip.seconds * 8000
        assert sln16 == pytest.approx(alaw * 4, rel=0.02)
    assert menu.path.is_absolute()


def test_a_digits_speech_is_the_middle_of_its_file(studio):
    """What readings are made from is bit for bit in the digit's file."""
    library = studio.build()
    assert studio.file("digits/4.alaw").read_bytes()[400:-800] == library.speech("digits/4")


def test_an_unknown_id_is_named(studio):
    """Asking a library for a prompt that the script does not have names it."""
    library = studio.build()
    assert "menu" in library
    assert "nothing" not in library
    with pytest.raises(PromptMissing, match="nothing: not in the script"):
        library["nothing"]


def test_progress_is_told_clip_by_clip(studio):
    """The progress callback hears done, of how many, and which, once for each clip rendered."""
    studio.build()
    assert [done for done, _, _ in studio.progress] == list(range(1, ALL + 1))
    assert {total for _, total, _ in studio.progress} == {ALL}
    assert {id_ for _, _, id_ in studio.progress} == {"menu", "check", *(f"digits/{digit}" for digit in range(10))}


def test_a_second_build_says_nothing(studio):
    """With nothing changed nothing is rendered."""
    studio.build()
    studio.build()
    assert studio.said == []
    assert studio.progress == []


def test_only_changed_words_are_said_again(studio):
    """After a change of one prompt's words that prompt is rendered, and no other."""
    studio.build()
    studio.set("menu", "chào bạn")
    studio.build()
    assert studio.said == ["chào bạn"]


def test_another_voice_says_everything_again(studio):
    """A change of rate or pitch range renders everything, a change of a voice what is said with it."""
    studio.build()
    for studio.voice in (Voice(rate=120), Voice(pitch_range=80)):
        studio.build()
        assert len(studio.said) == ALL
    studio.build()
    studio.voice = replace(studio.voice, digits_voice="vi+f5")
    studio.build()
    assert studio.said == list(DIGITS.values())
    studio.voice = replace(studio.voice, voice="vi+m3")
    studio.build()
    assert studio.said == ["xin chào", "xin chờ"]


def test_what_comes_before_digits_is_said_by_their_voice(studio):
    """A prompt that digits follow is said again when the voice of the digits changes, and others are not."""
    studio.set("check", "xin nhắc lại")
    studio.script.prompts["check"] = replace(studio.script.prompts["check"], before_digits=True)
    studio.build()
    studio.voice = replace(studio.voice, digits_voice="vi+f5")
    studio.build()
    assert set(studio.said) == {"xin nhắc lại", *DIGITS.values()}


def test_a_digit_may_have_a_rate_of_its_own(studio):
    """A digit whose rate changes is said again, alone."""
    studio.build()
    studio.script = replace(studio.script, rates={"6": 190})
    studio.build()
    assert studio.said == ["sáu"]


def test_a_digit_is_said_by_its_phonemes(studio):
    """A digit that has phonemes is said by them, in the engine's brackets; its word stays what people read."""
    studio.script = replace(studio.script, phonemes={"6": "S'aU3"})
    library = studio.build()
    assert "[[S'aU3]]" in studio.said
    assert "sáu" not in studio.said
    assert library.digit("6").written == "6"


def test_a_prompt_may_be_said_in_a_manner_of_its_own(studio):
    """What the script says of engine, voice and rate of a prompt goes before the settings, and is for it alone."""
    studio.override("check", Override("espeak-ng", "vi+f5", 120))
    studio.build()
    usual, of_digits, own = sorted(studio.manners, key=lambda manner: manner.rate, reverse=True)
    assert (usual.engine, usual.voice, usual.rate) == ("pyttsx3", "vi", 140)
    assert (of_digits.engine, of_digits.voice) == ("pyttsx3", "vi+f3")
    assert (own.engine, own.voice, own.rate, own.pitch_range) == ("espeak-ng", "vi+f5", 120, 50)
    studio.override("check", Override("espeak-ng", "vi+f5", 130))
    studio.build()
    assert studio.said == ["xin chờ"]


def test_a_prompts_phonemes_stand_in_place_of_their_words(studio):
    """Whole words, whatever their letters' size, and no part of one; another engine than espeak-ng gets the words."""
    studio.set("check", "Ba chờ, xin ba ban")
    studio.override("check", Override(phonemes={"ba": "ba:", "xin": "s'in"}))
    studio.build()
    assert "[[ba:]] chờ, [[s'in]] [[ba:]] ban" in studio.said
    studio.voice = Voice(engine="piper", voice="/a.onnx", digits_engine="piper", digits_voice="/a.onnx")
    studio.script = replace(studio.script, phonemes={"6": "S'aU3"})
    studio.build()
    assert {"Ba chờ, xin ba ban", "sáu"} < set(studio.said)
    assert not any("[[" in said for said in studio.said)


@pytest.mark.parametrize("name", ["menu.alaw", "menu.ulaw", "menu.sln16"])
def test_a_spoilt_file_is_made_again(studio, name):
    """A file that is missing or changed, of whatever kind, has its prompt rendered again."""
    studio.build()
    studio.file(name).unlink()
    studio.build()
    assert studio.said == ["xin chào"]
    studio.file(name).write_bytes(b"noise")
    studio.build()
    assert studio.said == ["xin chào"]


def test_a_spoilt_manifest_is_no_manifest(studio):
    """A manifest that cannot be understood has everything rendered again."""
    studio.build()
    studio.file("manifest.json").write_text("{")
    studio.build()
    assert len(studio.said) == ALL


def test_a_prompt_no_longer_in_the_script_is_removed(studio):
    """The files of a prompt that left the script are removed."""
    studio.build()
    studio.drop("check")
    studio.build()
    assert not list(studio.file("").glob("check.*"))
    assert list(studio.file("").glob("menu.*"))


def test_what_was_done_before_a_fault_is_kept(studio):
    """When the engine fails in the middle, the next build goes on from there."""
    studio.set("check", "hỏng")
    with pytest.raises(VoiceFailed, match="hoarse"):
        studio.build()
    studio.set("check", "xin chờ")
    studio.build()
    assert "xin chào" not in studio.said


def test_an_engine_that_says_nothing_is_a_fault(studio):
    """Silence from the engine is refused with the words it was to say."""
    studio.set("check", "im lặng")
    with pytest.raises(VoiceFailed, match="im lặng"):
        studio.build()


def test_a_recording_takes_the_place_of_the_engine(studio):
    """A recorded file of the same id is used, and rendered again only when it changes."""
    studio.record("menu.flac")
    library = studio.build()
    assert "xin chào" not in studio.said
    assert library["menu"].seconds == pytest.approx(0.65, abs=0.02)
    studio.build()
    assert studio.progress == []
    studio.record("menu.flac", hertz=500)
    studio.build()
    assert [id_ for _, _, id_ in studio.progress] == ["menu"]
    (studio.recorded / "vi" / "menu.flac").unlink()
    studio.build()
    assert studio.said == ["xin chào"]


def test_recorded_digits_come_all_ten_or_none(studio):
    """Ten recorded digits are used; nine are refused with the count."""
    for digit in range(9):
        studio.record(f"digits/{digit}.wav", hertz=300 + 20 * digit)
    with pytest.raises(RecordingRefused, match="9 of ten digits are recorded"):
        studio.build()
    studio.record("digits/9.ogg", hertz=800)
    studio.build()
    assert sorted(studio.said) == ["xin chào", "xin chờ"]


def test_a_recording_that_fits_nothing_is_refused(studio):
    """A recording with the id of no prompt, or the second of one prompt, is named."""
    path = studio.record("meun.wav")
    with pytest.raises(RecordingRefused, match=r"meun\.wav: the script has no prompt “meun”"):
        studio.build()
    path.unlink()
    studio.record("menu.flac")
    studio.record("menu.wav")
    with pytest.raises(RecordingRefused, match=r"menu\.wav: so is menu\.flac"):
        studio.build()


def test_a_recording_that_cannot_be_used_is_named(studio):
    """A recording that is no sound, silent, or unreadable is refused by name."""
    path = studio.record("menu.wav")
    path.write_bytes(b"not a sound")
    with pytest.raises(RecordingRefused, match=r"menu\.wav: not a sound file"):
        studio.build()
    studio.record("menu.wav", loud=0)
    with pytest.raises(RecordingRefused, match=r"menu\.wav: there is nothing in it to hear"):
        studio.build()
    path.unlink()
    path.mkdir()
    with pytest.raises(RecordingRefused, match=r"menu\.wav: Is a directory"):
        studio.build()


def test_other_files_among_the_recordings_are_left_alone(studio):
    """A note beside the recordings is no recording."""
    studio.record("menu.wav").with_name("README.md").write_text("who spoke, and when")
    studio.build()


def test_every_hole_is_named_at_once(studio):
    """Opening names each prompt that is missing, changed, unreadable, not built or built from other words."""
    studio.build()
    studio.file("menu.alaw").unlink()
    studio.file("digits/3.ulaw").write_bytes(b"noise")
    studio.file("digits/5.sln16").unlink()
    studio.file("digits/5.sln16").mkdir()
    studio.set("check", "xin đợi")
    studio.set("new", "mới")
    assert holes(studio) == [
        "menu: menu.alaw: No such file or directory",
        "check: built from other words",
        "new: not built",
        "digits/3: digits/3.ulaw: not as it was built",
        "digits/5: digits/5.sln16: Is a directory",
    ]


def test_a_hole_that_comes_later_is_seen(studio):
    """A library that was whole names each clip whose files went, changed their length or can't be read any more."""
    library = studio.build()
    assert library.holes() == {}
    studio.file("menu.alaw").unlink()
    studio.file("check.ulaw").write_bytes(b"noise")
    studio.file("digits/5.sln16").unlink()
    assert {id_: why.replace(f"{studio.out}/vi/", "") for id_, why in library.holes().items()} == {
        "menu": "menu.alaw: No such file or directory",
        "check": "check.ulaw: not as it was when the service started",
        "digits/5": "digits/5.sln16: No such file or directory",
    }
    studio.build()
    assert library.holes() == {}


def test_an_empty_folder_is_told_in_one_line(studio):
    """Where nothing was ever built, the folder is named and not every clip."""
    with pytest.raises(PromptMissing) as caught:
        studio.open()
    assert str(caught.value).startswith(f"{studio.out}/vi: none of the {ALL} prompts and digits is built")


def test_a_folder_that_cannot_be_written_is_named(studio):
    """An output folder that is a file, or whose files cannot be replaced, is refused by name."""
    studio.out.write_text("in the way")
    with pytest.raises(SoundsUnwritable, match="out"):
        studio.build()
    studio.out.unlink()
    studio.file("menu.alaw").mkdir(parents=True)
    with pytest.raises(SoundsUnwritable, match=r"menu\.alaw: Is a directory"):
        studio.build()


def test_two_builds_at_once_do_each_clip_once(tmp_path):
    """Of two builds of one folder the second waits, finds all done, and both libraries are whole."""
    studios = [Studio(tmp_path), Studio(tmp_path)]
    libraries: list[Library] = []
    threads = [threading.Thread(target=lambda studio=studio: libraries.append(studio.build())) for studio in studios]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [library["menu"].id for library in libraries] == ["menu", "menu"]
    assert sorted(len(studio.said) for studio in studios) == [0, ALL]
    assert not list(studios[0].file("").rglob("*.new"))
