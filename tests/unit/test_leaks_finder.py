"""The detector of leaks sees every form a number can leak in, and nothing where there is none."""

import base64
import hashlib
import random

import pytest

from leaks import Finder

DIGITS = "590143620"
WORDS = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def found(text):
    """The forms in which the number is in a text."""
    return Finder(DIGITS).inside(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("whole", f"password={DIGITS};"),
        ("whole", f"0{DIGITS}1"),
        ("spaced", " ".join(DIGITS)),
        ("spaced", "-".join(DIGITS)),
        ("spaced", '["' + '", "'.join(DIGITS) + '"]'),
        ("spaced", "590 143 620"),
        ("spaced", "590.143.620"),
        ("spaced", "59 01 43 62 0"),
        ("spaced", "\n".join(f"Playing 'digits/{digit}.alaw' (language 'vi')" for digit in DIGITS)),
        ("spaced", "".join(f"sound:digit-{digit}," for digit in DIGITS)),
        ("spaced", " ".join(WORDS[int(digit)] for digit in DIGITS)),
        ("spaced", ", ".join(WORDS[int(digit)].capitalize() for digit in DIGITS)),
        ("spaced", "-".join(ENGLISH[int(digit)] for digit in DIGITS)),
        ("encoded", base64.b64encode(DIGITS.encode())),
        ("encoded", base64.b64encode(f"x{DIGITS}yz".encode())),
        ("encoded", base64.urlsafe_b64encode(f"xy{DIGITS}z".encode())),
        ("encoded", "".join(f"%3{digit}" for digit in DIGITS)),
        ("encoded", DIGITS.encode().hex()),
        ("encoded", DIGITS.encode("utf-16-le")),
        ("encoded", "".join(f"\\u003{digit}" for digit in DIGITS)),
        ("encoded", "".join(f"&#{ord(digit)};" for digit in DIGITS)),
        ("hashed", hashlib.md5(DIGITS.encode()).hexdigest().upper()),
        ("hashed", hashlib.sha256(DIGITS.encode()).hexdigest()),
    ],
)
def test_a_number_in_one_place_is_found(form, text):
    """Whole, spaced, in groups, in words, encoded or hashed: the number is found under the form's name."""
    assert form in found(text)


def keyed(line, digits, channel, other):
    """A log in which two channels key at the same time, each line made by `line`, with other lines between."""
    draw = random.Random(1)
    lines = []
    for second, digit in enumerate(digits):
        lines.append(line(second, digit, channel))
        lines += [line(second, draw.choice("0123456789"), other) for _ in range(draw.randrange(3))]
        lines.append(f"[2026-11-22 17:30:{second:02}.{draw.randrange(1000):03}] DEBUG[52] channel.c: {draw.random()}\n")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "line",
    [
        lambda second, digit, channel: (
            f"[2026-11-22 17:30:{second:02}.371] DTMF[52][C-0000000{channel}] channel.c:"
            f" DTMF end '{digit}' received on PJSIP/tester-0000000{channel}, duration 180 ms"
        ),
        lambda second, digit, channel: (
            f"Event: DTMFEnd\nChannel: PJSIP/a-0000000{channel}\nDigit: {digit}\nX: {second}\n"
        ),
        lambda second, digit, channel: (
            f'{{"type":"Key","digit":"{digit}","channel":{{"id":"179536860{channel}.{channel}"}}}}'
        ),
        lambda _, digit, channel: f"Got RTP from 127.0.0.1:2010{channel} (type 101, event {digit:0>8})\n" * 5,
        lambda _, digit, channel: f"key {WORDS[int(digit)]} call=0cc9d120-0000-4000-8000-00000000000{channel}",
        lambda _, digit, channel: f"/dev/shm/PJSIP/tester-0000000{channel}/digit-{digit}.alaw",
    ],
    ids=["log", "records", "json", "packets", "words", "names"],
)
def test_digits_one_by_one_are_put_together_per_channel(line):
    """A digit a line, with another channel's digits between, is found; on a channel with other digits it is not."""
    assert "per channel" in found(keyed(line, DIGITS, 1, 2))
    assert found(keyed(line, DIGITS[::-1], 1, 2)) == set()


def test_digits_without_a_channel_are_put_together_in_order():
    """Where lines name no channel, the order in the whole text counts."""
    assert "per channel" in found("\n".join(f"at {place + 10}: key {digit}" for place, digit in enumerate(DIGITS)))


def test_equal_neighbours_count_once_when_put_together():
    """A number with doubled digits is found among lines of which each key has several."""
    text = "\n".join(
        f"call=C-00000001 t={place + 10} event {digit}" for place, digit in enumerate("7990022341") for _ in "ab"
    )
    assert Finder("7990022341").inside(text.encode()) == {"per channel"}


def test_what_kind_of_line_tells_is_named():
    """The lines that hold a number are named by their kind, without the number."""
    text = keyed(lambda second, digit, channel: f"{second} key {digit} on PJSIP/a-0000000{channel}", DIGITS, 1, 2)
    assert Finder(DIGITS).lines(text.encode()) == {"N key N on CHANNEL"}


def test_nothing_is_found_in_a_lot_of_other_numbers():
    """A log full of timestamps, counters and statistics holds no number by chance."""
    draw = random.Random(2)
    lines = [
        f"[2026-11-22 17:{second // 60 % 60:02}:{second % 60:02}.{draw.randrange(1000):03}] C-{draw.randrange(3):08x} "
        f"seq {second} ts {draw.randrange(1 << 32)} ssrc {draw.randrange(1 << 32)} loss {draw.randrange(10)}"
        for second in range(5000)
    ]
    assert found("\n".join(lines)) == set()


def test_a_short_number_is_refused():
    """A number so short that it is everywhere by chance is not looked for."""
    with pytest.raises(ValueError, match="six digits"):
        Finder("12345")


def test_what_is_looked_for_is_not_shown():
    """A test that fails prints its detector, without the number."""
    assert DIGITS not in repr(Finder(DIGITS))
