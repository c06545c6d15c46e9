"""Whether a password may be said into this line: asked before it is looked for, before each reading and during it."""

from ipaddress import ip_network

import pytest
from structlog.testing import capture_logs

from hotline.call import Media
from hotline.call.scripted import FALL_SILENT, HANG_UP, On
from hotline.desk import MediaRule

NUMBER = "0123456789"
TRUNK = (
    "origin=trunk",
    *("pai-headers=1", "diversion-headers=0", "history-headers=0", "privacy-headers=0"),
    "pai1=%3Ctel%3A%2B84912345678%3E",
    "complete=yes",
)
CARRIER, SILENT, ELSEWHERE = Media("192.0.2.1:4000", 100), Media("192.0.2.1:4000", 0), Media("203.0.113.9:4000", 100)
WHOLE = On("menu", "8"), On("ask-number", NUMBER + "#")


async def test_a_caller_of_the_carrier_hears_the_password(talk):
    """Media that stays with the carrier is asked for all along and never spoken of."""
    held = await talk(*WHOLE, arguments=TRUNK, ways=[SILENT, CARRIER])
    assert held.said().count("repeat-password") == 1
    assert held.call.outcome == "reissued"


@pytest.mark.parametrize(
    ("ways", "last_said", "done", "outcome"),
    [
        ([ELSEWHERE], "menu", [], "line-unsafe"),
        ([SILENT], "check", ["look up"], "line-unsafe"),
        ([CARRIER, ELSEWHERE], "check", ["look up"], "line-unsafe"),
        ([CARRIER, CARRIER, ELSEWHERE], "check", ["look up", "match", "began"], "line-unsafe"),
        ([CARRIER] * (3 + 2) + [ELSEWHERE], "new-password", ["look up", "match", "began", "withdrawn"], "line-unsafe"),
        ([CARRIER] * (3 + 4) + [ELSEWHERE], "new-password", ["look up", "match", "began", "withdrawn"], "line-unsafe"),
        ([CARRIER] * (3 + 5) + [ELSEWHERE], "new-password", ["look up", "match", "began", "heard"], "reissued"),
        ([CARRIER] * (9 + 2) + [ELSEWHERE], "repeat-password", ["look up", "match", "began", "heard"], "reissued"),
        ([CARRIER] * (9 + 5) + [ELSEWHERE], "after-reading", ["look up", "match", "began", "heard"], "reissued"),
    ],
    ids=[
        "branch 8", "nothing came", "number keyed", "before the reading", "in the reading", "as the reading ends",
        "before the repeat", "in the repeat", "before one more",
    ],
)  # fmt: skip
async def test_no_password_is_said_into_an_unsafe_line(talk, ways, last_said, done, outcome):
    """Whenever the media is not the carrier's the caller is told so and the call ends; nothing more is counted."""
    held = await talk(*WHOLE, On("after-reading", "1"), arguments=TRUNK, ways=ways)
    said = held.said()
    assert said[said.index("line-unsafe") - 1] == last_said
    assert said[said.index("line-unsafe") + 1 :] == ["goodbye"]
    assert [entry.removesuffix(f" {NUMBER}") for entry in held.desk.log] == done
    assert held.call.outcome == outcome
    assert held.desk.alarms == [("+84912345678", "silent" if SILENT in ways else "elsewhere")]


@pytest.mark.parametrize(("reading", "before"), [("new-password", 3), ("repeat-password", 9)])
async def test_a_reading_stops_when_the_media_moves(talk, reading, before):
    """Not a word is said after the two seconds in which our voice began to go elsewhere."""
    held = await talk(*WHOLE, arguments=TRUNK, ways=[CARRIER] * (before + 2) + [ELSEWHERE])
    (cut,) = [heard for heard in held.line.heard if heard.sound == reading]
    assert (cut.seconds, cut.whole) == (6.0, False)


@pytest.mark.parametrize(
    ("silent_in", "done", "outcome"),
    [
        ("check", ["began"], "not-activated"),
        ("new-password", ["began", "heard"], "reissued"),
        ("repeat-password", ["began", "heard"], "reissued"),
    ],
)
async def test_a_password_read_to_nobody_does_not_count(talk, silent_in, done, outcome):
    """A phone that died before the reading leaves the old password in force; one that died after it has heard all."""
    died = On(silent_in, FALL_SILENT, after=-0.5)
    held = await talk(*WHOLE, died, arguments=TRUNK, ways=[CARRIER])
    assert held.desk.log[-len(done) :] == done
    assert held.call.outcome == outcome


async def test_who_hangs_up_with_the_last_digit_was_there(talk):
    """That the line is gone once the reading is over is the best sign that somebody heard it."""
    held = await talk(*WHOLE, On("new-password", HANG_UP, after=0.0), arguments=TRUNK, ways=[CARRIER])
    assert held.desk.log[-1] == "heard"
    assert held.call.outcome == "reissued"


async def test_where_nothing_need_come_a_silent_caller_was_there(talk):
    """For a carrier that sends nothing while a caller is silent, a setting takes the reading's word for it."""
    rule = MediaRule((ip_network("192.0.2.0/24"),), both_ways=False)
    died = On("check", FALL_SILENT, after=-0.5)
    held = await talk(*WHOLE, died, arguments=TRUNK, ways=[CARRIER], media=rule)
    assert held.call.outcome == "reissued"


async def test_a_test_phones_media_is_not_watched(talk):
    """It may be anywhere, and gets passwords of sample members only."""
    held = await talk(*WHOLE, ways=[ELSEWHERE])
    assert held.call.outcome == "reissued"
    assert held.desk.alarms == []


async def test_other_branches_are_open_to_any_media(talk):
    """What everybody may hear is said wherever the media goes."""
    held = await talk(On("menu", "1"), On("information", "2"), arguments=TRUNK, ways=[ELSEWHERE])
    assert "official-sources" in held.said()
    assert "line-unsafe" not in held.said()


async def test_the_log_of_an_unsafe_line_has_no_whole_number(talk):
    """The warning says where the media went and whose call it claimed to be, masked."""
    with capture_logs() as logs:
        await talk(*WHOLE, arguments=TRUNK, ways=[ELSEWHERE])
    (warning,) = logs
    assert (warning["event"], warning["log_level"]) == ("line_unsafe", "warning")
    assert (warning["reason"], warning["destination"]) == ("elsewhere", ELSEWHERE.destination)
    assert "91234" not in str(warning)
