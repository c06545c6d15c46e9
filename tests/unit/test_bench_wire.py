"""Times of keys and clips, told from packets."""

import struct

import pytest

from bench.wire import NotSeen, Wire
from hotline.phone import Datagram

PHONE, PBX = ("127.0.0.1", 4000), ("127.0.0.1", 5000)
SILENT = b"\xd5" * 160
CLIP = SILENT * 2 + bytes(range(160)) + b"\x01" * 160 + b"\x02" * 160 + SILENT


def rtp(kind, sequence, timestamp, payload):
    """An RTP packet."""
    return struct.pack("!BBHII", 0x80, kind, sequence, timestamp, 7) + payload


def sent(clip, at):
    """The packets of a clip to the phone, one every 20 ms from `at` on."""
    return [
        Datagram(at + 0.02 * nth, PBX, PHONE, rtp(8, nth, 160 * nth, clip[160 * nth : 160 * nth + 160]))
        for nth in range(len(clip) // 160)
    ]


def keyed(event, timestamp, *at):
    """The packets of a key from the phone; the last two say that it was let go."""
    ends = [0x0A] * (len(at) - 2) + [0x8A] * 2
    return [
        Datagram(when, PHONE, PBX, rtp(101, nth, timestamp, bytes([event, flags, 0, 160])))
        for nth, (when, flags) in enumerate(zip(at, ends, strict=True))
    ]


def test_the_last_key_is_let_go_with_the_first_packet_that_says_so():
    """Copies of a key's end are not later keys."""
    wire = Wire([*keyed(1, 800, 1.0, 1.02, 1.04), *keyed(11, 1600, 2.0, 2.02, 2.04, 2.06)], PHONE[1])
    assert wire.last_key() == 2.04


def test_a_clip_begins_and_ends_with_its_packets():
    """Its silent packets, which are like any others, are reckoned from the audible ones."""
    wire = Wire(sent(CLIP, 3.0), PHONE[1])
    assert wire.began(CLIP, after=0) == pytest.approx(3.0)
    assert wire.ended(CLIP, after=0) == pytest.approx(3.0 + 5 * 0.02)


def test_a_clip_played_before_is_not_taken_for_the_next():
    """Only what passed after a moment counts."""
    wire = Wire(sent(CLIP, 3.0) + sent(CLIP, 8.0), PHONE[1])
    assert wire.began(CLIP, after=5.0) == pytest.approx(8.0)


def test_what_did_not_pass_is_told():
    """A clip or a key that never was is an error, not a time."""
    wire = Wire(sent(SILENT * 5, 3.0), PHONE[1])
    with pytest.raises(NotSeen):
        wire.began(CLIP, after=0)
    with pytest.raises(NotSeen):
        wire.last_key()
