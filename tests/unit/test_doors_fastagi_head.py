"""What is believed of the lines that come before the first command."""

import asyncio

import pytest

from hotline.doors.fastagi.head import LINE_BYTES, MOST_BYTES, MOST_LINES, HeadRefused, read_head

HONEST = [
    "agi_network: yes",
    "agi_network_script: hotline",
    "agi_request: agi://127.0.0.1:4573/hotline",
    "agi_callerid: 0912345678",
    "agi_accountcode: ",
    "agi_arg_1: origin=trunk",
    "agi_arg_2: pai=%3Csip:%2B84912345678@carrier.example%3E",
]


def read(text, limit=LINE_BYTES):
    """Read a head out of `text`, after which the connection ends."""

    async def reading():
        reader = asyncio.StreamReader(limit)
        reader.feed_data(text if isinstance(text, bytes) else text.encode())
        reader.feed_eof()
        return await read_head(reader)

    return asyncio.run(reading())


def lines(*some):
    """Return a head of these lines."""
    return "".join(f"{line}\n" for line in some) + "\n"


def test_script_and_arguments_are_what_the_dialplan_said():
    """The name behind the address, and the arguments in their order."""
    head = read(lines(*HONEST))
    assert head.script == "hotline"
    assert head.arguments == ("origin=trunk", "pai=%3Csip:%2B84912345678@carrier.example%3E")


def test_a_connection_that_was_only_tried_is_no_call():
    """Connected and closed again, as a monitor does: nothing."""
    assert read("") is None


def test_a_name_in_any_encoding_is_read():
    """A caller's name that is no UTF-8 is no fault."""
    assert read(lines(*HONEST).encode().replace(b"0912345678", b"\xc4\xff")).arguments


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (lines(*HONEST)[:-1], "middle"),
        (lines(*HONEST)[:30], "middle"),
        (lines("GET / HTTP/1.1", "Host: hotline"), "making"),
        (lines(*HONEST, "agi_arg_1: origin=phone"), "twice"),
        (lines(HONEST[0], "agi_arg_1: origin=phone", *HONEST[1:]), "place"),
        (lines(HONEST[0], "agi_arg_3: number=0987654321", *HONEST[1:]), "place"),
        (lines(*HONEST, "agi_arg_4: number=0987654321"), "place"),
        (lines(*HONEST, "agi_callingpres: 0"), "place"),
        (lines("agi_callerid: " + "9" * LINE_BYTES), "line is too long"),
        (lines(*(f"agi_{number}: " + "9" * 4000 for number in range(MOST_BYTES // 4000 + 1))), "too long"),
        (lines(*(f"agi_{number}: " for number in range(MOST_LINES + 1))), "too long"),
    ],
    ids=[
        "without its end", "cut off", "a browser", "an argument twice", "one the caller made up", "one more made up",
        "one left out", "something behind them", "a long line", "much", "many lines",
    ],
)  # fmt: skip
def test_a_head_that_is_not_whole_and_honest_is_refused(text, why):
    """A caller number with line feeds in it must not become an argument; nobody fills the memory."""
    with pytest.raises(HeadRefused, match=why):
        read(text)
