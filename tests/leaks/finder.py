"""Tells whether a text holds a number, in whatever form somebody could put it together again.

Forms, by the name under which they are found:

- `whole`: the digits in a row, also inside a longer number.
- `spaced`: with the same up to 120 characters between all of them, or between groups of two, three or four.
- `per channel`: one digit a line (or a record), among lines of other channels. See `columns`.
- `encoded`: base64 at any offset, hexadecimal, percent, UTF-16, JSON or HTML escapes.
- `hashed`: MD5, SHA-1 or SHA-256 of the digits alone; of so few digits that is as good as the digits.

Each is looked for in the text as it is, and again with Vietnamese and English number words read as digits.

A match by chance: one in 10^9 for each place where nine random digits could stand.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import unicodedata
from collections import defaultdict

WORDS = {
    "vi": "không một hai ba bốn năm sáu bảy tám chín",
    "en": "zero one two three four five six seven eight nine",
}
APART = 120
"""Characters between two digits at most, where they stand evenly: `Playing 'digits/5.alaw' (language 'vi')` has 40."""
SHORTEST = 6
"""Digits below which a number can't be told from chance."""
_CHANNEL = re.compile(
    r"((?<![A-Za-z])[A-Za-z]+/[^\s,;'\"()<>\[\]]+-[0-9a-f]{8}(?:;[12])?"  # PJSIP/tester-0000001a
    r"|\bC-[0-9a-f]{8}\b"  # a call in Asterisk's log
    r"|\b[0-9]{10}\.[0-9]+\b"  # a channel's unique id
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}:[0-9]+\b)"  # one end of a stream
)
_NUMBER = re.compile(r"([0-9]+)")


class Finder:
    """Looks for numbers, each of at least six digits."""

    def __init__(self, *numbers: str) -> None:
        if not all(len(digits) >= SHORTEST and digits.isdecimal() for digits in numbers):
            raise ValueError("only numbers of six digits and more are looked for")
        self._numbers = numbers
        self._spaced = [_evenly(digits, size) for digits in numbers for size in (1, 2, 3, 4)]
        # Equal neighbours count as one: a key is in several packets, and each may have a line.
        self._rare = [rare for rare in map(_collapsed, numbers) if len(rare) >= SHORTEST]
        self._encoded = [form for digits in numbers for form in _encodings(digits)]
        self._hashed = [form for digits in numbers for form in _hashes(digits)]

    def __repr__(self) -> str:
        return "Finder(hidden)"  # a failing test prints what it looked with

    def inside(self, data: bytes) -> set[str]:
        """Return the forms in which one of the numbers is in `data`; empty when none is."""
        found = {"encoded"} if any(form in data for form in self._encoded) else set()
        text = data.decode("utf-8", "replace")
        small = text.lower()
        if any(form in small for form in self._hashed):
            found.add("hashed")
        # A table's file or a sound has neither words nor lines.
        is_text = b"\0" not in data
        for reading in readings(text) if is_text else [text]:
            if any(digits in reading for digits in self._numbers):
                found.add("whole")
            if any(pattern.search(reading) for pattern in self._spaced):
                found.add("spaced")
            if is_text and self._in_columns(reading):
                found.add("per channel")
        return found

    def lines(self, data: bytes) -> set[str]:
        """Return what kinds of lines of `data` hold a number per channel, digits and channels as N and CHANNEL."""
        return self._in_columns(data.decode("utf-8", "replace"))

    def _in_columns(self, text: str) -> set[str]:
        return {shape for shape, column in columns(text) if any(rare in column for rare in self._rare)}


def readings(text: str) -> list[str]:
    """Return `text`, and those of its lines that have number words, with digits in their place."""
    lines = unicodedata.normalize("NFC", text).lower().splitlines()
    found = [text]
    for words in WORDS.values():
        values = {word: str(value) for value, word in enumerate(words.split())}
        pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(values)})(?![^\W_])")
        read = [pattern.sub(lambda word, values=values: values[word[0]], line) for line in lines]
        found.append("\n".join(new for new, old in zip(read, lines, strict=True) if new != old))
    return found


def columns(text: str) -> list[tuple[str, str]]:
    """Return the kind of line, and the digits that stand at one place of such lines of one channel, neighbours once.

    Lines are alike when they differ in nothing but numbers, and of one channel when they name the same one; a line that
    names several is of each, and all lines together count as one more. A record is what stands between empty lines: an
    event of AMI, a SIP message. A number of one digit, also with zeros before it as in RTP's `event 00000005`, is that
    digit; any other number interrupts the column.
    """
    found: defaultdict[tuple[str, str], list[list[str]]] = defaultdict(list)
    records = [record.replace("\n", " ") for record in re.split(r"\r?\n\r?\n", text) if "\n" in record]
    for line in [*text.splitlines(), *records]:
        parts = _CHANNEL.split(line)  # what is between channels, and they
        numbers = _NUMBER.split("CHANNEL".join(parts[::2]))
        if digits := [_digit(number) for number in numbers[1::2]]:
            shape = "N".join(numbers[::2])
            for channel in {"", *parts[1::2]}:
                found[channel, shape].append(digits)
    return [
        (shape, _collapsed("".join(column)))
        for (_, shape), lines in found.items()
        if len(lines) >= SHORTEST
        for column in zip(*lines, strict=True)
    ]


@functools.lru_cache(maxsize=100_000)
def _digit(number: str) -> str:
    value = number.lstrip("0") or "0"
    return value if len(value) == 1 else "-"


def _collapsed(digits: str) -> str:
    return re.sub(r"(.)\1+", r"\1", digits)


def _evenly(digits: str, size: int) -> re.Pattern[str]:
    first, *rest = (digits[start : start + size] for start in range(0, len(digits), size))
    return re.compile(rf"{first}(?P<between>[^0-9]{{1,{APART}}}){'(?P=between)'.join(rest)}", re.DOTALL)


def _encodings(digits: str) -> list[bytes]:
    plain = digits.encode()
    # What stands before shifts base64; the letters at either end also depend on the neighbours.
    base = [
        base64.b64encode(bytes(shift) + plain)[(8 * shift + 5) // 6 : 8 * (shift + len(plain)) // 6]
        for shift in (0, 1, 2)
    ]
    return [
        *base,
        plain.hex().encode(),
        "".join(f"%{byte:02x}" for byte in plain).encode(),
        "".join(f"\\u{byte:04x}" for byte in plain).encode(),
        "".join(f"&#{byte};" for byte in plain).encode(),
        digits.encode("utf-16-le"),
    ]


def _hashes(digits: str) -> list[str]:
    plain = digits.encode()
    return [hashlib.new(name, plain, usedforsecurity=False).hexdigest() for name in ("md5", "sha1", "sha256")]
