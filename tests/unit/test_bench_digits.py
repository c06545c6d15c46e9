"""Digits measured: what is drawn, what a line does, how it is scored; all of it with an ear that knows the clips."""

from __future__ import annotations

import io
from importlib.util import find_spec
from itertools import pairwise
from math import isclose, nan
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.digits import figures, markdown
from bench.digits.ear import Recogniser, spelt
from bench.digits.hearing import LEADS, Listener, Reading
from bench.digits.line import LINES, PACKET, Line
from bench.digits.passwords import draw
from bench.digits.scoring import Share, aligned
from bench.digits.tasks import listen, tasks
from hotline.desk.generator import has_run
from hotline.menu import Menu
from hotline.processes import MissingProgram
from hotline.prompts import Clip, Library, Prompt, Script

WORDS = dict(zip("0123456789", ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"), strict=True))
ISSUED = "01245689"
LEAD_WORDS = {"new-password": "mật khẩu mới là", "repeat-password": "xin nhắc lại"}


def hum(hertz: float) -> bytes:
    """Return 0.3 s of a tone in A-law."""
    file = io.BytesIO()
    tone = 0.2 * np.sin(np.arange(2400) * hertz / 8000 * 2 * np.pi)
    soundfile.write(file, tone, 8000, format="RAW", subtype="ALAW")
    return file.getvalue()


SPEECH = {f"digits/{digit}": hum(400 + 150 * int(digit)) for digit in WORDS}
SPEECH |= {lead: hum(2200 + 300 * nth) for nth, lead in enumerate(LEADS.values())}
LIBRARY = Library({id_: Clip(id_, Path("/sounds/vi") / id_, 0.45, id_) for id_ in SPEECH}, SPEECH)
SCRIPT = Script("vi", {id_: Prompt(id_, words, words, 1) for id_, words in LEAD_WORDS.items()}, WORDS)


class Knowing:
    """An ear that knows the clips: it tells them by their loudest tone; whoever says ba, it hears as mà."""

    def words(self, samples):
        """Return the words of the clips in `samples`."""
        loud = np.abs(samples.astype(float)) > 300
        starts = np.flatnonzero(
            loud
            & ~np.convolve(loud, np.ones(400), "full")[: len(loud)]
            .astype(bool)
            .take(np.maximum(np.arange(len(loud)) - 1, 0))
        )
        heard = []
        for start in starts:
            spectrum = np.abs(np.fft.rfft(samples[start : start + 2000]))
            hertz = spectrum.argmax() * 8000 / 2000
            nth = round((hertz - 400) / 150)
            heard += list(LEAD_WORDS.values())[round((hertz - 2200) / 300)].split() if nth > 9 else [WORDS[str(nth)]]
        return ["mà" if word == "ba" else word for word in heard]


@pytest.fixture
def listener():
    """A listener with an ear that knows the clips."""
    return Listener(Knowing(), LIBRARY, SCRIPT, Menu("main", "main", {}), 1)


def test_passwords_follow_the_generators_rules_and_their_seed():
    """Nine of the digits given, no equal neighbours, no runs; the same for a seed, and the first ones of more."""
    drawn = draw(ISSUED, 200, 7)
    assert drawn == draw(ISSUED, 200, 7) != draw(ISSUED, 200, 8)
    assert drawn[:50] == draw(ISSUED, 50, 7)
    assert {*"".join(drawn)} == {*ISSUED}
    for number in drawn:
        assert len(number) == 9
        assert not has_run(number)
        assert all(one != other for one, other in pairwise(number))


def test_a_clean_line_carries_what_was_sent():
    """Nothing but the codec is on a clean line."""
    sent = SPEECH["digits/4"]
    decoded, _ = soundfile.read(
        io.BytesIO(sent), dtype="int16", samplerate=8000, channels=1, format="RAW", subtype="ALAW"
    )
    assert np.array_equal(LINES["clean"].carry(sent, np.random.default_rng(1)), decoded)


def test_a_lossy_line_loses_whole_packets():
    """A lost packet is 20 ms of silence, and about as many are lost as asked for."""
    carried = Line("bad", loss=0.25).carry(hum(1000) * 100, np.random.default_rng(1)).reshape(-1, PACKET)
    silent = np.abs(carried).max(axis=1) < 20
    assert 0.2 < silent.mean() < 0.3
    assert np.abs(carried[~silent]).max(axis=1).min() > 5000


def test_noise_is_as_loud_as_asked_for():
    """The ratio counts over the packets with speech, so that silence around it changes nothing."""
    speech = hum(1000) * 20
    for sent in (speech, speech + b"\xd5" * 80_000):
        clean, noisy = (LINES[name].carry(sent, np.random.default_rng(1)) for name in ("clean", "noise-10"))
        difference = (noisy - clean.astype(float))[: len(speech)]
        ratio = 20 * np.log10(np.std(clean[: len(speech)]) / np.std(difference))
        assert isclose(ratio, 10.0, abs_tol=0.5)


def test_words_are_paired_with_what_was_heard_in_their_place():
    """A word replaced, one missed and one added are told apart."""
    pairs = aligned(["ba", "năm", "hai"], ["ba", "lăm", "hai", "một"])
    assert pairs == [("ba", "ba"), ("năm", "lăm"), ("hai", "hai"), (None, "một")]
    assert aligned(["ba", "năm", "hai"], ["ba", "hai"]) == [("ba", "ba"), ("năm", None), ("hai", "hai")]
    assert aligned([], ["ba"]) == [(None, "ba")]


def test_a_share_has_wilsons_interval():
    """Figures of the textbook, none of nothing, and never beyond what is possible."""
    assert Share(10, 100).interval == pytest.approx((0.0552, 0.1744), abs=1e-4)
    low, high = Share(0, 30).interval
    assert low == 0.0
    assert high == pytest.approx(0.1135, abs=1e-4)
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(0, 0).rate == pytest.approx(nan, nan_ok=True)


def test_one_word_in_two_spellings_is_one_word():
    """What a recogniser writes is compared in small letters, without punctuation, in one spelling."""
    assert spelt("Bẩy, tám.\nChín") == ["bảy", "tám", "chín"]


def test_both_readings_are_heard_and_every_mistake_is_counted(listener):
    """An ear that knows every clip but one: that one is told as misheard in both readings, and no other."""
    asked = tasks(["clean"], 3, 3, ISSUED, 5)
    heard = [one for task in asked for one in listen(listener, task)]
    assert len(heard) == 6 * 2 * 9
    for reading in Reading:
        ten = [one for one in heard if one.reading is reading and len(one.digits) == 10]
        threes = sum(password.count("3") for _, digits, _, password in asked if len(digits) == 10)
        assert figures.of_digit(ten, "3") == Share(threes, threes)
        assert figures.of_all(ten).times == threes
        issued = [one for one in heard if one.reading is reading and one.digits == ISSUED]
        assert figures.of_all(issued) == Share(0, 27)
        assert figures.of_passwords(issued) == Share(0, 3)
    assert {one.heard for one in heard if not one.right} == {"mà"}


def test_what_was_heard_becomes_tables_confusions_and_a_chart(listener, tmp_path):
    """The goal stands beside each issued digit of the second reading on a clean line, and nowhere else."""
    heard = [one for task in tasks(["clean", "loss-2"], 2, 1, ISSUED, 5) for one in listen(listener, task)]
    tables = figures.tables(heard, ISSUED)
    assert len(tables) == 4
    goals = [(title, figure.what.strip()) for title, some in tables for figure in some if figure.goal]
    assert [digit for _, digit in goals] == list(ISSUED)
    assert len({title for title, _ in goals}) == 1
    summary = [(figure.what, figure.value, figure.goal) for figure in figures.summary(heard, ISSUED)]
    assert [what for what, value, _ in summary if not value] == [
        f"{line}: {count} passwords of {digits}"
        for line in ("clean", "loss-2")
        for count, digits in ((2, ISSUED), (1, "0123456789"))
    ]
    second = [one for one in heard if (one.line, one.digits, one.reading) == ("clean", ISSUED, Reading.SECOND)]
    assert summary[4][1:] == (f"0: {figures.of_digit(second, '0')}", "≤ 8 %")
    rows = figures.confusion(heard)
    assert sum(sum(row[4:]) for row in rows) == len(heard)
    written = markdown.tables(heard)
    assert written.count("| digit | clean, 2 passwords | loss-2, 2 passwords |") == 3
    assert written.count("| digit | clean, 1 passwords | loss-2, 1 passwords |") == 3
    first = [one for one in heard if (one.line, one.digits, one.reading) == ("loss-2", ISSUED, Reading.FIRST)]
    assert f"| all | 0.0 % [0.0, 17.6] 0/18 | 0.0 % [0.0, 17.6] 0/{figures.of_all(first).of} |" in written
    paths = figures.draw(heard, tmp_path / "digits", "Digits")
    assert all(path.stat().st_size > 1000 for path in paths)


def test_the_recogniser_hears_or_says_how_to_install_it():
    """Where it is installed silence has no words; where it is not, the error names the package."""
    if find_spec("vietasr") is None:
        with pytest.raises(MissingProgram, match="pip install 'viet-asr=="):
            Recogniser()
        pytest.skip("the recogniser, extra `ear`, is not installed")
    assert Recogniser().words(np.zeros(8000, np.int16)) == []
