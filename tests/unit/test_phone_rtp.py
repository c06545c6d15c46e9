import random

import pytest

from hotline.phone.g711 import A_LAW, MU_LAW, RATE
from hotline.phone.rtp import Keypad, Line, Packet, read_packet

BEGAN = 1_700_000_000.0
SILENCE = bytes([A_LAW.silence])


def speech(packets, seed=1):
    """Return made-up audio of so many packets, no two alike."""
    return [random.Random(seed * 1000 + number).randbytes(160) for number in range(packets)]


def stream(payloads, sequence=100, timestamp=5000, source=1, kind=8):
    """Return the packets a sender makes of `payloads`, its counters wrapping as counters do."""
    return [
        Packet(kind, number == 0, (sequence + number) % 2**16, (timestamp + 160 * number) % 2**32, source, payload)
        for number, payload in enumerate(payloads)
    ]


def laid(*arrivals):
    """Return a line after packets came at so many seconds from its beginning."""
    line = Line(BEGAN)
    for packet, at in arrivals:
        line.take(packet, BEGAN + at)
    return line


def on_time(packets, first=0.0):
    """Return packets with the times at which an even network delivers them."""
    return [(packet, first + 0.02 * number) for number, packet in enumerate(packets)]


def test_silence_before_the_first_packet_is_real_time():
    """A stream begins where its first packet arrived."""
    payloads = speech(2)
    assert bytes(laid(*on_time(stream(payloads), 1.0)).audio) == SILENCE * RATE + b"".join(payloads)


def test_jitter_is_hidden_as_a_phone_hides_it():
    """Packets that come up to 0.1 s late leave no gap between samples."""
    payloads = speech(5)
    late = [0.0, 0.09, 0.09, 0.09, 0.09]
    assert bytes(laid(*zip(stream(payloads), late, strict=True)).audio) == b"".join(payloads)


def test_a_stream_that_slips_is_put_right_in_a_silence():
    """Pauses too short for the sender's timestamps do not add up and turn up later, in the middle of a word."""
    payloads = [*speech(12), SILENCE * 160, *speech(12, 2), SILENCE * 160, *speech(12, 3)]
    late = [0.0] * 3 + [0.03] * 10 + [0.06] * 13 + [0.09] * 12
    came = [(packet, at + slip) for (packet, at), slip in zip(on_time(stream(payloads)), late, strict=True)]
    pauses = SILENCE * round(0.03 * RATE)
    words = [b"".join(speech(12, seed)) + SILENCE * 160 for seed in (1, 2)]
    assert bytes(laid(*came).audio) == words[0] + pauses + words[1] + pauses + b"".join(speech(12, 3))


def test_a_pause_without_packets_is_silence_whatever_the_timestamps_say():
    """Three seconds in which nothing came are three seconds of silence, though the sender counted on without them."""
    payloads = speech(4)
    packets = stream(payloads)
    line = laid(*on_time(packets[:2]), *on_time(packets[2:], 3.04))
    assert bytes(line.audio) == b"".join(payloads[:2]) + SILENCE * 3 * RATE + b"".join(payloads[2:])
    assert line.lost == 0


def test_a_pause_the_timestamps_tell_is_the_same():
    """A sender that counts the pause leads to the same line, exact to the sample."""
    payloads = speech(4)
    packets = stream(payloads[:2]) + stream(payloads[2:], 102, 5000 + 320 + 3 * RATE)
    line = laid(*on_time(packets[:2]), *on_time(packets[2:], 3.041))
    assert bytes(line.audio) == b"".join(payloads[:2]) + SILENCE * 3 * RATE + b"".join(payloads[2:])


def test_a_timestamp_that_jumps_for_no_reason_is_not_believed():
    """A source that restarts its clock goes on where its packets arrive."""
    payloads = speech(4)
    packets = stream(payloads[:2]) + stream(payloads[2:], 102, 9_000_000)
    assert bytes(laid(*on_time(packets)).audio) == b"".join(payloads)


def test_a_lost_packet_is_twenty_milliseconds_of_silence():
    """What follows a lost packet stays in its place, and the loss is counted."""
    payloads = speech(3)
    first, _, third = on_time(stream(payloads))
    line = laid(first, third)
    assert bytes(line.audio) == payloads[0] + SILENCE * 160 + payloads[2]
    assert line.lost == 1


def test_packets_out_of_order_and_copies_find_their_place():
    """Overtaken packets are put where they belong and copies change nothing."""
    payloads = speech(4)
    a, b, c, d = stream(payloads)
    line = laid((a, 0.0), (c, 0.04), (b, 0.041), (b, 0.042), (c, 0.043), (d, 0.06), (a, 0.07))
    assert bytes(line.audio) == b"".join(payloads)
    assert (line.packets, line.lost) == (4, 0)


def test_a_stall_of_the_network_does_not_fold_the_audio():
    """Packets held up and then delivered at once follow one another after the pause the caller heard."""
    payloads = speech(20)
    arrivals = [(packet, at if at < 0.1 else max(at, 0.35)) for packet, at in on_time(stream(payloads))]
    pause = SILENCE * (RATE // 4)
    assert bytes(laid(*arrivals).audio) == b"".join(payloads[:5]) + pause + b"".join(payloads[5:])


def test_counters_wrap_in_the_middle_of_a_word():
    """Sequence number and timestamp starting again from 0 leave no mark."""
    payloads = speech(6)
    assert bytes(laid(*on_time(stream(payloads, 65533, 2**32 - 300))).audio) == b"".join(payloads)


def test_another_source_goes_on_in_the_same_line():
    """Early media and what follows the answer are one line, in real time, whoever sends them."""
    early, later = speech(2), speech(2, seed=2)
    line = laid(*on_time(stream(early)), *on_time(stream(later, 7, 7, source=2), 1.04))
    assert bytes(line.audio) == b"".join(early) + SILENCE * RATE + b"".join(later)


def test_the_first_packet_decides_the_law():
    """A μ-law call has μ-law silence, and packets of anything else are passed over."""
    (first, second), (other,) = stream(speech(2), kind=0), stream(speech(1), 102, kind=8)
    line = laid((first, 0.02), (second, 0.04), (other, 0.06), (Packet(13, False, 103, 0, 1, b"\x40"), 0.08))
    assert line.law is MU_LAW
    assert bytes(line.audio) == bytes([MU_LAW.silence]) * 160 + first.payload + second.payload


def test_reads_a_packet_past_its_extras():
    """Contributing sources, header extension and padding are not audio."""
    extras = bytes(4) + b"\xbe\xde\x00\x01" + bytes(4)
    packet = read_packet(bytes([0xB1, 0x88, 0, 5, 0, 0, 0, 9, 0, 0, 0, 1]) + extras + b"audio" + b"\x00\x00\x03")
    assert packet == Packet(8, True, 5, 9, 1, b"audio")


@pytest.mark.parametrize("junk", [b"", bytes(12), b"\x80\xc8" + bytes(26), b"\x90\x08" + bytes(10), b"\x80\x08"])
def test_what_is_not_rtp_is_passed_over(junk):
    """RTCP, empty and torn packets are no media."""
    assert read_packet(junk) is None


def event(key, timestamp, duration, end=False, kind=101):
    """Return one packet of a key."""
    payload = bytes(["0123456789*#".index(key), 0x80 * end + 10, duration >> 8, duration & 255])
    return Packet(kind, duration == 160, duration, timestamp, 9, payload)


def test_a_key_is_counted_once_however_often_it_is_told():
    """Every packet of a key, and its end three times, are one key with the length its last packet says."""
    keypad = Keypad()
    for at, duration, end in [(0.0, 160, False), (0.02, 320, False), *[(0.04, 480, True)] * 3, (0.05, 480, True)]:
        keypad.take(event("8", 1000, duration, end), BEGAN + at)
    assert [(key.key, key.at - BEGAN, key.seconds) for key in keypad.keys] == [("8", 0.0, 0.06)]


def test_the_same_key_twice_is_two_keys():
    """Keys are told apart by their timestamps, so a doubled digit stays doubled."""
    keypad = Keypad()
    for timestamp in (1000, 3000):
        for duration in (160, 320):
            keypad.take(event("1", timestamp, duration), BEGAN)
    assert [key.key for key in keypad.keys] == ["1", "1"]


def test_an_overtaken_event_packet_changes_nothing():
    """A late packet of a key that is over neither repeats nor shortens it."""
    keypad = Keypad()
    for key, timestamp, duration in [("1", 1000, 480), ("2", 3000, 160), ("1", 1000, 320)]:
        keypad.take(event(key, timestamp, duration), BEGAN)
    assert [(key.key, key.seconds) for key in keypad.keys] == [("1", 0.06), ("2", 0.02)]


def test_audio_is_no_key():
    """A short audio packet is not mistaken for an event."""
    keypad = Keypad()
    keypad.take(event("1", 1000, 160, kind=8), BEGAN)
    assert keypad.keys == []
