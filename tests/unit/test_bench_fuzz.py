"""What is fuzzed: honest bytes pass, and so does what was found once; the fuzzer itself finds nothing in a second."""

import asyncio
from importlib.util import find_spec

import pytest

from bench.fuzz.__main__ import fuzz
from bench.fuzz.targets import TARGETS

FOUND = [
    ("media", b";"),
    ("messages", b"SIP/2.0 200 OK\r\nCall-ID: a@b\r\n\r\nv=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4p00 RTP/AVP 8"),
    ("frames", bytes(12) + b"\x08\x00\x4a" + bytes(8) + b"\x11" + bytes(18)),
]


@pytest.mark.parametrize(("key", "data"), FOUND + [(key, seed) for key, one in TARGETS.items() for seed in one.seeds])
def test_every_target_takes_what_is_honest_and_what_was_found(key, data):
    """What Asterisk, networks and offices send is read; what once made a reader crash is read or refused by name."""
    TARGETS[key].take(data)


@pytest.mark.skipif(find_spec("atheris") is None, reason="the fuzzer, extra `fuzz`, is not installed")
def test_a_second_of_fuzzing_finds_nothing(tmp_path):
    """The fuzzer tries thousands of inputs led by what they reach, and says how many."""
    came = asyncio.run(fuzz("heads", 1, tmp_path))
    assert (list(tmp_path.iterdir()), came.trace) == ([], "")
    assert came.runs > 100
    assert came.reached > 5
