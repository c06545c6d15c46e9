import random
import wave
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.phone import Ear, Heard, NotDistinct, Silence
from hotline.phone.g711 import A_LAW, MU_LAW, RATE

SECONDS = {"notice": 1.6, "menu": 3.0, "ask-number": 2.5, "repeat": 1.0}
LEAD, TAIL = 400, 800


@dataclass(frozen=True)
class FakeClip:
    path: Path
    written: str


class FakeLibrary:
    """Prompts of noise, padded as real ones are."""

    def __init__(self, folder, seed=0):
        """Write the files into `folder`."""
        self.folder = folder
        (folder / "digits").mkdir(parents=True)
        for number, (name, seconds) in enumerate([*SECONDS.items(), *((f"digits/{d}", 0.35) for d in range(10))]):
            noise = random.Random(seed + number).randbytes(round(seconds * RATE))
            self.write(name, pad(LEAD) + noise + pad(TAIL))

    def write(self, name, audio):
        """Write a clip in both laws; of what it says only the A-law file is true."""
        (self.folder / f"{name}.alaw").write_bytes(audio)
        (self.folder / f"{name}.ulaw").write_bytes(bytes(byte ^ 0x2A for byte in audio))

    def __getitem__(self, name):
        return FakeClip(self.folder / name, f"the words of {name}")

    def digit(self, digit):
        """Return the clip of a digit."""
        return FakeClip(self.folder / "digits" / digit, digit)

    def audio(self, name):
        """Return what a clip sounds like."""
        return (self.folder / f"{name}.alaw").read_bytes()

    def reading(self, digits, gap=0.2):
        """Return digits as they are read: their padding cut off, a gap between them."""
        return pad(round(gap * RATE)).join(self.audio(f"digits/{digit}")[LEAD:-TAIL] for digit in digits)


def pad(samples):
    """Return silence."""
    return bytes([A_LAW.silence]) * samples


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """A small library that no test changes."""
    return FakeLibrary(tmp_path_factory.mktemp("sounds"))


@pytest.fixture(scope="session")
def ear(library):
    """An ear that knows it."""
    return Ear(library, SECONDS)


def ids(said):
    """Return what was said, by id."""
    return [one.id for one in said]


def test_every_clip_is_recognised_with_its_words(library, ear):
    """Each prompt and digit is heard as itself, whole, with the words people read."""
    names = [*SECONDS, *(f"digits/{digit}" for digit in range(10))]
    said = ear.listen(Heard(b"".join(library.audio(name) for name in names)))
    assert ids(said) == [*SECONDS, *"0123456789"]
    assert all(one.complete and one.missing == 0 for one in said)
    assert [one.kind for one in said] == ["prompt"] * 4 + ["digit"] * 10
    assert (said[1].written, said[-1].written) == ("the words of menu", "9")


def test_times_count_from_the_answer(library, ear):
    """Early media is at negative times, and a start is where the first sound is, not the padding."""
    audio = pad(RATE) + library.audio("notice") + library.audio("menu")
    notice, menu = ear.listen(Heard(audio, answer=2.75))
    assert (notice.starts, notice.ends) == pytest.approx((-1.7, -0.1), abs=0.011)
    assert (menu.starts, menu.ends) == pytest.approx((0.05, 3.05), abs=0.011)


def test_a_pause_of_three_seconds_is_seen(library, ear):
    """A pause put into a call shows in the times of what follows and among the silences."""
    audio = library.audio("menu") + pad(3 * RATE) + library.audio("repeat")
    heard = Heard(audio)
    menu, repeat = ear.listen(heard)
    assert repeat.starts - menu.ends == pytest.approx(3.15, abs=0.011)
    (pause,) = ear.silences(heard, longer_than=2.0)
    assert pause.seconds == pytest.approx(3.15, abs=0.011)


def test_silence_counts_up_to_the_end_of_the_call(ear):
    """A call in which nothing is audible is one silence."""
    assert ear.silences(Heard(pad(4 * RATE), answer=1.0), longer_than=3.0) == [Silence(-1.0, 3.0)]
    assert ear.silences(Heard(b""), longer_than=0.0) == []


def test_a_missing_digit_is_seen(library, ear):
    """A reading that lacks a digit is heard as one digit less, and the others stay in order."""
    audio = library.audio("repeat") + library.reading("590143621")
    assert ids(ear.listen(Heard(audio))) == ["repeat", *"590143621"]
    short = library.audio("repeat") + library.reading("5901") + library.reading("3621")
    assert ids(ear.listen(Heard(short))) == ["repeat", *"59013621"]


def test_digits_without_their_padding_are_complete(library, ear):
    """Readings trim the padding off, which takes nothing audible away."""
    assert all(one.complete for one in ear.listen(Heard(library.reading("0246", gap=0.0))))


@pytest.mark.parametrize("seconds", [0.1, 0.62, 1.2, 2.9])
def test_a_clip_cut_off_is_incomplete_with_the_seconds_heard(library, ear, seconds):
    """Barge-in leaves a prompt incomplete, ending where it was cut, whatever came next."""
    audio = library.audio("menu")[: LEAD + round(seconds * RATE)]
    for then in (pad(RATE), library.audio("ask-number")):
        menu, *_ = ear.listen(Heard(audio + then))
        assert (menu.id, menu.complete) == ("menu", False)
        assert menu.ends - menu.starts == pytest.approx(seconds, abs=0.011)


def test_a_clip_that_begins_in_the_middle_is_incomplete(library, ear):
    """A prompt whose beginning was lost is not whole."""
    (menu,) = ear.listen(Heard(library.audio("menu")[LEAD + RATE :]))
    assert not menu.complete
    assert menu.ends - menu.starts == pytest.approx(2.0, abs=0.011)


def test_a_prompt_said_twice_is_two_utterances(library, ear):
    """A prompt that was cut off and begun again is told as that."""
    first, second = ear.listen(Heard(library.audio("menu")[:8000] + library.audio("menu")))
    assert (first.complete, second.complete) == (False, True)


def test_a_lost_packet_hides_no_digit(library, ear):
    """Twenty milliseconds lost anywhere leave every digit recognised and complete, and are told."""
    audio = bytearray(library.reading("59"))
    for place in range(160, len(audio) - 160, 490):
        torn = audio[:place] + pad(160) + audio[place + 160 :]
        five, nine = ear.listen(Heard(torn))
        assert (five.id, nine.id, five.complete, nine.complete) == ("5", "9", True, True)
        assert five.missing + nine.missing <= 0.03
    lost = audio[:800] + pad(160) + audio[960:]
    assert ear.listen(Heard(lost))[0].missing == pytest.approx(0.02)


def test_a_stall_inside_a_clip_leaves_one_utterance(library, ear):
    """A prompt interrupted by a pause of the network is still one, as long as the pause."""
    audio = library.audio("menu")
    (menu,) = ear.listen(Heard(audio[:8000] + pad(4000) + audio[8000:]))
    assert menu.complete
    assert menu.ends - menu.starts == pytest.approx(3.5, abs=0.011)


def test_sound_in_no_known_clip_is_reported(library, ear):
    """Audible sound that is no prompt, such as a spoilt or foreign one, is told with its time."""
    strange = random.Random(99).randbytes(RATE)
    repeat, unknown, menu = ear.listen(Heard(library.audio("repeat") + strange + library.audio("menu")))
    assert (repeat.id, unknown.id, unknown.kind, menu.id) == ("repeat", "?", "unknown", "menu")
    assert (unknown.starts, unknown.ends) == pytest.approx((1.15, 2.15), abs=0.011)


def test_a_prompt_through_another_codec_is_not_taken_for_itself(library, ear):
    """What was decoded and coded again is no longer exact, and so is unknown."""
    recoded = A_LAW.encode(MU_LAW.decode(MU_LAW.encode(A_LAW.decode(library.audio("menu")) // 2)))
    assert {one.kind for one in ear.listen(Heard(recoded))} == {"unknown"}


def test_silence_and_a_click_are_not_speech(ear):
    """Nothing is heard in a quiet line, nor in a click of a few milliseconds."""
    assert ear.listen(Heard(pad(RATE) + b"\xaa" * 40 + pad(RATE))) == []


def test_a_mu_law_call_is_heard_by_its_own_files(library, ear):
    """On a μ-law call the ear knows the `.ulaw` files."""
    audio = (library.folder / "menu.ulaw").read_bytes()
    assert ids(ear.listen(Heard(audio, MU_LAW))) == ["menu"]


def test_listens_to_what_a_softphone_decoded(library, ear, tmp_path):
    """A dump of decoded samples tells the same words."""
    path = tmp_path / "dump.wav"
    Heard(library.audio("repeat") + library.reading("42")).save(path)
    assert ids(ear.listen_wav(path)) == ["repeat", "4", "2"]


def test_a_dump_of_another_kind_is_refused(ear, tmp_path):
    """Stereo is not what a softphone dumps."""
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
    with pytest.raises(ValueError, match=r"x\.wav is not 16-bit mono"):
        ear.listen_wav(tmp_path / "x.wav")


def test_prompts_with_the_same_sound_are_one(tmp_path):
    """Two prompts of identical audio are reported under the first id."""
    library = FakeLibrary(tmp_path / "sounds")
    library.write("again", library.audio("menu"))
    ear = Ear(library, [*SECONDS, "again"])
    assert (ear.same("again"), ear.same("menu")) == ("menu", "menu")
    assert ids(ear.listen(Heard(library.audio("again")))) == ["menu"]


def test_digits_listed_among_the_prompts_are_still_digits(library):
    """A library that counts its digits as prompts does not turn readings into prompts."""
    ear = Ear(library, [*SECONDS, "digits/4"])
    (four,) = ear.listen(Heard(library.audio("digits/4")))
    assert (four.kind, four.id, ear.same("digits/4")) == ("digit", "4", "4")


def test_a_clip_that_is_part_of_another_is_refused(tmp_path):
    """An ear that could not tell two prompts apart says so when it is made."""
    library = FakeLibrary(tmp_path / "sounds")
    library.write("part", library.audio("menu")[1000:9000])
    with pytest.raises(NotDistinct, match="prompt part "):
        Ear(library, [*SECONDS, "part"])


NAMES = st.sampled_from([*SECONDS, *(f"digits/{digit}" for digit in range(10))])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(NAMES, st.integers(0, 9000)), max_size=6), st.integers(80, 4000))
def test_listening_as_it_goes_on_tells_the_same(library, ear, plan, step):
    """Whatever is said, however it arrives, the live ear ends with what the whole recording tells."""
    audio = b"".join(library.audio(name) + pad(gap) for name, gap in plan)
    listening = ear.listening()
    growing = bytearray()
    for place in range(0, len(audio), step):
        growing += audio[place : place + step]
        listening.take(growing)
    heard = Heard(audio)
    said = ear.listen(heard)
    assert listening.utterances(heard) == said
    assert ids(said) == [name.removeprefix("digits/") for name, _ in plan]


def test_a_prompt_is_known_soon_after_it_began(library, ear):
    """The live ear knows a prompt within 30 ms of its first sound."""
    listening = ear.listening()
    listening.take(library.audio("menu")[: LEAD + 240])
    assert ids(listening.recognised(0.0)) == ["menu"]
