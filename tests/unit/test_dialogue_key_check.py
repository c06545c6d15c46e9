"""The testers' extension that reads back which keys arrived, and the switch that serves test phones."""

import pytest

from hotline.call.scripted import HANG_UP, On

TESTER = "origin=phone", "dialled=key-check", "number=0912345678"


async def test_each_run_of_keys_is_read_back_until_nothing_is_keyed(talk):
    """With # at once, without it after a pause; leading zeros stay; nothing is looked up."""
    held = await talk(On("key-check", "0071#"), On("key-check", "80"), arguments=TESTER)
    assert held.line.log == [
        "answer", "key-check", "read-back", "key-check", "read-back", "key-check", "goodbye", "hang up",
    ]  # fmt: skip
    assert [digits for _, digits, _ in held.readings.read] == ["0071", "80"]
    assert held.desk.log == []
    assert held.call.outcome == "ended"


async def test_a_star_is_named_and_the_most_digits_are_read_at_once(talk):
    """A key that is no digit has a word of its own; a stuck key does not make the call hang."""
    held = await talk(On("key-check", "*"), On("key-star", "1" * 25, pace=0.1), arguments=TESTER)
    assert held.said()[:3] == ["key-check", "key-star", "read-back"]
    assert held.readings.read[0][1] == "1" * 21


@pytest.mark.parametrize("arguments", [TESTER, ("origin=phone", "number=0912345678")])
async def test_where_test_phones_are_off_they_are_turned_away_unanswered(talk, arguments):
    """Neither the hotline nor a tester's extension takes their call."""
    held = await talk(On("menu", HANG_UP), arguments=arguments, phones=False)
    assert held.line.log == ["progress", "caller-unasserted", "hang up"]
    assert held.call.outcome == "refused"
