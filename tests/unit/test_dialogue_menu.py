"""What the menu as data does to a conversation: hours, holidays, the greeting, the switch, and the steps noted."""

from datetime import UTC, datetime

import msgspec
import pytest

from hotline.call.scripted import HANG_UP, On
from hotline.menu import Branch8, Days, Emergency, Hours, Moment, Span

NUMBER = "0123456789"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def changed(menu):
    """The menu as delivered, but for what is said."""
    return lambda **what: msgspec.structs.replace(menu, **what)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"hours": Hours(monday=(Span.parse("13:00-17:00"),))}, "closed"),
        ({"holidays": {"Tết": (Days.parse("2026-11-23"),)}}, "closed-holiday"),
        ({"holidays": {"Tết": (Days.parse("2026-11-23"),)}, "holiday": "other-ways"}, "other-ways"),
    ],
)
async def test_who_calls_when_it_is_closed_is_told_before_the_answer(talk, changed, what, said):
    """One sentence in early media, free of charge, and a polite end; the database is not asked."""
    held = await talk(menu=changed(**what), trouble="down")
    assert held.line.log == ["progress", said, "hang up"]
    assert held.call.outcome == "closed"
    assert held.call.answered_at is None


@pytest.mark.parametrize(
    ("said", "notice", "begins"),
    [
        ("before-answer", "early", ["progress", "emergency", "notice", "answer", "menu"]),
        ("before-answer", "off", ["progress", "emergency", "answer", "menu"]),
        ("before-answer", "answered", ["progress", "emergency", "answer", "notice", "menu"]),
        ("before-menu", "early", ["progress", "notice", "answer", "emergency", "menu"]),
        ("before-menu", "off", ["answer", "emergency", "menu"]),
    ],
)
async def test_the_greeting_is_said_where_the_admin_wants_it(talk, changed, said, notice, begins):
    """Before the answer, and free, or before the menu; the price is told as ever."""
    until = Moment.parse("2026-11-23 10:01")
    held = await talk(On("menu", HANG_UP), menu=changed(emergency=Emergency(until, said=said)), notice=notice)
    assert held.line.log[: len(begins)] == begins


async def test_a_greeting_that_has_ended_is_not_said(talk, changed):
    """Nobody has to switch it off."""
    held = await talk(On("menu", HANG_UP), menu=changed(emergency=Emergency(Moment.parse("2026-11-23 10:00"))))
    assert held.said() == ["notice", "menu"]


async def test_a_branch_8_that_is_switched_off_says_so(talk, changed):
    """Who presses 8 hears the sentence and the menu again; a number keyed ahead chooses nothing in it."""
    held = await talk(
        On("menu", f"8{NUMBER}#", pace=0.1), On("menu-help", "9"), menu=changed(branch8=Branch8(open=False))
    )
    assert held.said() == ["notice", "menu", "branch8-off", "menu-help", "goodbye"]
    assert held.desk.log == []
    assert held.call.outcome == "ended"


async def test_each_step_through_the_menu_is_noted_without_its_key(talk):
    """The records tell which way a caller went, and where it ended."""
    held = await talk(On("menu", "1"), On("information", "2"), On("official-sources", "0"), On("information", "9"))
    assert [step.name for step in held.call.steps] == [
        "door", "answer", "menu:main", "menu:information", "say:official-sources", "menu:information", "help",
        "menu:information", "end",
    ]  # fmt: skip


async def test_who_goes_back_from_the_number_is_in_the_menu_again(talk):
    """A star on nothing: the step after the number is the menu; who keys nothing any more is given up."""
    held = await talk(On("menu", "8"), On("ask-number", "*"))
    assert [step.name for step in held.call.steps] == ["door", "answer", "menu:main", "number", "menu:main", "given-up"]
