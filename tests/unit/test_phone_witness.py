import random
import struct
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from matplotlib.image import imread

from hotline.phone import Datagram, Ear, Witness
from hotline.phone.g711 import A_LAW, RATE
from hotline.phone.picture import draw

CALLER, PBX = ("127.0.0.1", 6000), ("127.0.0.1", 5060)
CALLER_MEDIA, PBX_MEDIA = ("127.0.0.1", 12000), ("127.0.0.1", 20000)
INVITED = 1_700_000_000.0
PROMPTS = {"notice": 1.0, "menu": 2.0, "lead": 0.5}


@pytest.fixture(scope="session")
def library(noise_library):
    """A small library."""
    return noise_library(PROMPTS)


@pytest.fixture(scope="session")
def ear(library):
    """An ear that knows it."""
    return Ear(library, PROMPTS)


class FakeCall:
    """A call on the wire, told moment by moment; times in seconds from the INVITE."""

    def __init__(self, library):
        """Begin with the INVITE."""
        self.library = library
        self.datagrams = []
        self.sequence = 0
        self.sip(0.0, CALLER, "INVITE sip:19009068@x SIP/2.0", media=CALLER_MEDIA)

    def sip(self, at, sender, start, cseq="1 INVITE", media=None):
        """Send a SIP message."""
        body = f"c=IN IP4 {media[0]}\r\nm=audio {media[1]} RTP/AVP 8 101\r\n" if media else ""
        text = f"{start}\r\nCall-ID: c\r\nCSeq: {cseq}\r\n\r\n{body}".encode()
        self.datagrams.append(Datagram(INVITED + at, sender, PBX if sender is CALLER else CALLER, text))

    def says(self, at, audio):
        """Send audio to the caller and return when it ends."""
        for place in range(0, len(audio), 160):
            self.sequence += 1
            head = struct.pack("!BBHII", 0x80, 8, self.sequence, round(at * RATE) + place, 7)
            when = INVITED + at + place / RATE
            self.datagrams.append(Datagram(when, PBX_MEDIA, CALLER_MEDIA, head + audio[place : place + 160]))
        return at + len(audio) / RATE

    def reads(self, at, digits, group_gap):
        """Read digits in groups of three and return when they end."""
        for number, digit in enumerate(digits):
            if number:
                at += 0.1 if number % 3 else group_gap
            at = self.says(at, self.library.audio(digit))
        return at

    def keys(self, at, keys, pace=1.0):
        """Press keys."""
        for number, key in enumerate(keys):
            begins = at + pace * number
            for packet in range(3):
                head = struct.pack("!BBHII", 0x80, 101, packet, round(begins * RATE), 9)
                payload = struct.pack("!BBH", "0123456789*#".index(key), 10, 160 * (packet + 1))
                when = INVITED + begins + 0.02 * packet
                self.datagrams.append(Datagram(when, CALLER_MEDIA, PBX_MEDIA, head + payload))

    def seen(self, ear):
        """Return a witness of it all."""
        witness = Witness(ear)
        witness.take(sorted(self.datagrams, key=lambda datagram: datagram.at))
        return witness


@pytest.fixture
def call(library):
    """A whole call: a notice before the answer, a prompt cut off by a key, two readings."""
    call = FakeCall(library)
    call.sip(0.1, PBX, "SIP/2.0 183 Session Progress", media=PBX_MEDIA)
    call.says(0.5, library.audio("notice"))
    call.sip(2.0, PBX, "SIP/2.0 200 OK", media=PBX_MEDIA)
    call.says(2.0, library.audio("menu")[: round(1.2 * RATE)])
    call.keys(3.2, "8")
    call.keys(4.2, "01#", pace=0.5)
    at = call.says(6.0, library.audio("lead"))
    at = call.reads(at + 0.2, "590143", group_gap=1.0)
    at = call.says(at + 0.5, library.audio("lead"))
    at = call.reads(at + 0.2, "590143", group_gap=2.0)
    call.sip(20.0, CALLER, "BYE sip:x SIP/2.0", "2 BYE")
    return call


def test_a_call_is_told_as_it_was(call, ear):
    """Signalling, words and keys make one story in seconds from the answer."""
    assert [(round(entry.at, 1), entry.who, entry.text) for entry in call.seen(ear).timeline()] == [
        (-2.0, "line", "calls"),
        (-1.9, "line", "early media"),
        (-1.5, "hotline", "Lời notice."),
        (0.0, "line", "answered"),
        (0.0, "hotline", "Lời menu. (cut at 1.2 s)"),
        (1.2, "caller", "801#"),
        (4.0, "hotline", "Lời lead."),
        (4.7, "hotline", "590 143"),
        (8.4, "hotline", "Lời lead."),
        (9.1, "hotline", "590 143"),
        (18.0, "line", "ended by the caller"),
    ]


def test_keys_after_speech_or_a_pause_stand_alone(library, ear):
    """What is keyed in one go is one line of the story, until the hotline speaks or the caller rests."""
    call = FakeCall(library)
    call.says(0.5, library.audio("menu"))
    call.keys(0.2, "1")
    call.keys(1.0, "2")
    call.keys(4.5, "34")
    assert [entry.text for entry in call.seen(ear).timeline() if entry.who == "caller"] == ["1", "2", "34"]


def test_each_reading_is_told_apart(call, ear):
    """Digits with a prompt between them are two readings, whatever the gaps between groups."""
    assert call.seen(ear).readings() == ["590143", "590143"]


def test_a_long_pause_begins_another_reading(library, ear):
    """Digits more than three seconds apart do not belong together."""
    call = FakeCall(library)
    call.reads(call.reads(0.0, "12", 1.0) + 3.5, "34", 1.0)
    assert call.seen(ear).readings() == ["12", "34"]


def test_silence_up_to_the_end_is_seen(call, ear):
    """A line left silent until somebody hangs up is told with its seconds."""
    (last,) = call.seen(ear).silences(4.0)
    assert last.ends == pytest.approx(18.0, abs=0.01)


def test_a_call_that_was_refused_counts_from_the_invite(library, ear):
    """Without an answer times start at the INVITE, and the refusal is told with its status."""
    call = FakeCall(library)
    call.sip(0.25, PBX, "SIP/2.0 180 Ringing")
    call.sip(1.5, PBX, "SIP/2.0 486 Busy Here")
    witness = call.seen(ear)
    assert [(round(entry.at, 2), entry.text) for entry in witness.timeline()] == [
        (0.0, "calls"),
        (0.25, "rings"),
        (1.5, "refused: 486 Busy Here"),
    ]
    assert (witness.said(), witness.readings(), witness.keys) == ([], [], [])


def test_what_is_heard_reaches_to_the_last_packet(library, ear):
    """The caller's own packets prove that time went by in silence."""
    call = FakeCall(library)
    call.says(0.0, library.audio("lead"))
    call.keys(3.0, "1")
    heard = call.seen(ear).heard
    assert heard.seconds == pytest.approx(3.04, abs=0.001)
    assert bytes(heard.audio[-8:]) == bytes([A_LAW.silence]) * 8


@pytest.mark.parametrize("seed", range(12))
def test_stalls_of_the_network_change_no_word(library, ear, seed):
    """However packets are held up and delivered at once, every clip is heard whole and once, also by the live ear."""
    chance = random.Random(seed)
    call = FakeCall(library)
    call.says(0.5, b"".join(library.audio(name) for name in ["notice", "menu", *"590143"]))
    witness, held = Witness(ear), 0.0
    for datagram in call.datagrams:
        if chance.random() < 0.03:
            held = max(held, datagram.at + chance.choice([0.05, 0.12, 0.2, 0.7]))
        witness.take([replace(datagram, at=max(datagram.at, held))])
    assert [one.id for one in witness.said()] == ["notice", "menu", *"590143"]
    assert all(one.complete and one.missing == 0 for one in witness.said())


def test_a_call_becomes_a_picture(call, ear, tmp_path):
    """The picture is a PNG of 1200 × 420 and an SVG, the same again for the same call."""
    witness = call.seen(ear)
    png, svg = draw(witness, tmp_path / "call")
    assert imread(png).shape[:2] == (420, 1200)
    assert ET.parse(svg).getroot().tag.endswith("svg")
    again = draw(witness, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [png.read_bytes(), svg.read_bytes()]


def test_a_refused_call_becomes_a_picture(library, ear, tmp_path):
    """A call in which nothing was heard can be drawn as well."""
    call = FakeCall(library)
    call.sip(1.5, PBX, "SIP/2.0 486 Busy Here")
    png, _ = draw(call.seen(ear), tmp_path / "call")
    assert imread(png).shape[:2] == (420, 1200)
