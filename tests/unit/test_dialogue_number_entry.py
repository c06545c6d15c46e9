"""Number entry as SPEC §2 has it: what a caller keys, and what they hear for it."""

import pytest

from hotline.call.scripted import HANG_UP, On
from hotline.dialogue.number_entry import RUNNING_ON

TEN = "0123456789"
TWELVE = "001085012345"
WRONG = "9876543210"
MATCHED, MISMATCHED = "match", "mismatch"

ASK, GO_ON, CARD, CHECK = "ask-number", "continue-number", "card-hint", "check"
NEW, NO = "new-password", "mismatch"
LEFT = On(NEW, HANG_UP, after=-9.0), On(NO, HANG_UP, after=-0.1)
"""Callers here hang up when they have their answer."""


def keys(prompt, what, **how):
    """What the caller keys at a prompt: by default half a second after its end, a key every 0.3 s."""
    return On(prompt, what, **how)


# What is keyed, what is heard from the first question on, and which numbers are looked up; the last one is counted.
ENTRIES = {
    "ten digits and #": (
        [keys(ASK, TEN + "#")],
        [ASK, CHECK, NEW], [TEN],
    ),
    "twelve digits and #, the same account": (
        [keys(ASK, TWELVE + "#")],
        [ASK, CHECK, NEW], [TWELVE],
    ),
    "leading zeros count": (
        [keys(ASK, "0000000123#")],
        [ASK, CHECK, NO], ["0000000123"],
    ),
    "ten digits without #": (
        [keys(ASK, TEN)],
        [ASK, CHECK, NEW], [TEN],
    ),
    "twelve digits without #": (
        [keys(ASK, TWELVE)],
        [ASK, CHECK, NEW], [TWELVE],
    ),
    "twelve digits, and # in the grace": (
        [keys(ASK, TWELVE + "#", pace=0.9)],
        [ASK, CHECK, NEW], [TWELVE],
    ),
    "slow keys, one every 3.9 s, after ten as well": (
        [keys(ASK, TWELVE + "#", pace=3.9)],
        [ASK, CHECK, NEW], [TWELVE],
    ),
    "* clears and asks again": (
        [keys(ASK, "555*"), keys(ASK, TEN + "#")],
        [ASK, ASK, CHECK, NEW], [TEN],
    ),
    "* and the number at once: nobody waits for the question": (
        [keys(ASK, "555*" + TEN + "#", pace=0)],
        [ASK, CHECK, NEW], [TEN],
    ),
    "* on nothing goes back": (
        [keys(ASK, "*"), On("menu-help", "8"), keys(ASK, TEN + "#")],
        [ASK, "menu-help", ASK, CHECK, NEW], [TEN],
    ),
    "* twice clears and goes back": (
        [keys(ASK, "555*"), keys(ASK, "*"), On("menu-help", "9"), On("goodbye", HANG_UP)],
        [ASK, ASK, "menu-help", "goodbye"], [],
    ),
    "# on nothing is nothing": (
        [keys(ASK, "##" + TEN + "#")],
        [ASK, CHECK, NEW], [TEN],
    ),
    "# during the question does not cut it": (
        [keys(ASK, "#", after=-1.5), keys("no-input", ""), keys(ASK, TEN + "#")],
        [ASK, "no-input", ASK, CHECK, NEW], [TEN],
    ),
    "a rest half way, and on from there": (
        [keys(ASK, TEN[:6]), keys(GO_ON, TEN[6:] + "#")],
        [ASK, GO_ON, CHECK, NEW], [TEN],
    ),
    "a rest half way, and * for another start": (
        [keys(ASK, "9999"), keys(GO_ON, "*"), keys(ASK, TEN + "#")],
        [ASK, GO_ON, ASK, CHECK, NEW], [TEN],
    ),
    "# too early, and on from there": (
        [keys(ASK, TEN[:9] + "#"), keys(GO_ON, TEN[9:] + "#")],
        [ASK, GO_ON, CHECK, NEW], [TEN],
    ),
    "eleven digits and #, then the twelfth": (
        [keys(ASK, TWELVE[:11] + "#"), keys(GO_ON, TWELVE[11:] + "#")],
        [ASK, GO_ON, CHECK, NEW], [TWELVE],
    ),
    "eleven digits and a rest, then another start": (
        [keys(ASK, TEN + "5"), keys(GO_ON, "*"), keys(ASK, TEN + "#")],
        [ASK, GO_ON, ASK, CHECK, NEW], [TEN],
    ),
    "two more digits during the check": (
        [keys(ASK, TWELVE[:10]), keys(CHECK, TWELVE[10:] + "#", after=-1.5)],
        [ASK, CHECK, CHECK, NEW], [TWELVE[:10], TWELVE],
    ),
    "one more digit during the check, and a rest": (
        [keys(ASK, TWELVE[:10]), keys(CHECK, TWELVE[10], after=-1.5), keys(GO_ON, TWELVE[11] + "#")],
        [ASK, CHECK, GO_ON, CHECK, NEW], [TWELVE[:10], TWELVE],
    ),
    "a slip and * during the check": (
        [keys(ASK, WRONG), keys(CHECK, "5*", after=-1.5), keys(ASK, TEN + "#")],
        [ASK, CHECK, ASK, CHECK, NEW], [WRONG, TEN],
    ),
    "a thirteenth digit during the check": (
        [keys(ASK, "401234567890"), keys(CHECK, "1#", after=-1.5), keys(CARD, TEN + "#")],
        [ASK, CHECK, CARD, CHECK, NEW], ["401234567890", TEN],
    ),
    "after # more digits are not the number's": (
        [keys(ASK, TEN + "#55")],
        [ASK, CHECK, NEW], [TEN],
    ),
    "fast keys during the question": (
        [keys(ASK, TEN + "#", after=-1.9, pace=0.08)],
        [ASK, CHECK, NEW], [TEN],
    ),
}  # fmt: skip


def from_the_question(held):
    """Return what was said from the first question for the number on."""
    said = held.said()
    return said[said.index(ASK) :]


def looked_up(held):
    """Return the numbers that were looked up, in order."""
    return [words.removeprefix("look up ") for words in held.desk.log if words.startswith("look up")]


def counted(held):
    """Return what was counted."""
    return [words for words in held.desk.log if words in {MATCHED, MISMATCHED}]


@pytest.mark.parametrize(("script", "heard", "numbers"), ENTRIES.values(), ids=ENTRIES.keys())
async def test_an_entry_is_heard_and_looked_up(talk, script, heard, numbers):
    """Each way of keying leads to these prompts and these look-ups, and one attempt is counted at most."""
    held = await talk(On("menu", "8"), *script, *LEFT)
    assert from_the_question(held) == heard
    assert looked_up(held) == numbers
    assert counted(held) == ([] if not numbers else [MATCHED if heard[-1] == NEW else MISMATCHED])


@pytest.mark.parametrize("length", [*range(1, 10), 11])
@pytest.mark.parametrize("end", ["#", ""], ids=["and #", "and a rest"])
async def test_a_length_that_can_not_be_is_kept_and_nothing_is_counted(talk, length, end):
    """1 to 9 and 11 digits are no number: the caller is asked to go on, and what was keyed stays."""
    held = await talk(On("menu", "8"), keys(ASK, TWELVE[:length] + end), keys(GO_ON, TWELVE[length:] + "#"), *LEFT)
    assert from_the_question(held) == [ASK, GO_ON, CHECK, NEW]
    assert looked_up(held) == [TWELVE]
    assert counted(held) == [MATCHED]


@pytest.mark.parametrize("pace", [0.1, 0.9, 1.4])
@pytest.mark.parametrize("end", ["#", ""], ids=["and #", "and a rest"])
@pytest.mark.parametrize("length", range(13, 21))
async def test_a_card_number_of_any_length_hears_the_whole_hint(talk, length, end, pace):
    """13 to 20 digits, however they go on after the thirteenth: one hint, heard to its end, and no attempt counted."""
    card = ("40" + WRONG * 2)[:length]
    held = await talk(On("menu", "8"), keys(ASK, card + end, pace=pace), keys(CARD, TEN + "#"), *LEFT)
    # At a key every 1.4 s twelve digits seem to be all; the thirteenth voids their look-up.
    checked = [CHECK] if pace > 1.0 else []
    assert from_the_question(held) == [ASK, *checked, CARD, CHECK, NEW]
    assert looked_up(held)[-1] == TEN
    assert counted(held) == [MATCHED]
    (hint,) = [heard for heard in held.line.heard if heard.sound == CARD]
    assert hint.whole


async def test_a_hint_is_not_waited_for(talk):
    """Who ends a card number with # hears the hint at once; who just stops, after a second and a half."""
    waits = []
    for end in ("#", ""):
        held = await talk(On("menu", "8"), keys(ASK, "4012345678901" + end, pace=0.2), On(CARD, HANG_UP))
        asked, hint = held.line.heard[-2:]
        waits.append(round(hint.at - (asked.at + asked.seconds + 0.5 + 12 * 0.2), 3))
    assert waits == [0.2, RUNNING_ON]


@pytest.mark.parametrize(
    ("digits", "seconds"),
    [("", 15.0), ("0", 6.0), (TEN[:9], 6.0), (TEN, 4.0), (TWELVE[:11], 6.0), (TWELVE, 1.0)],
    ids=["nothing", "1", "9", "10", "11", "12"],
)
async def test_the_wait_for_the_next_key(talk, digits, seconds):
    """15 s for the first digit, 6 s for the next, 4 s after ten, 1 s after twelve."""
    held = await talk(On("menu", "8"), keys(ASK, digits, after=0.0, pace=0.0), On(CHECK, HANG_UP))
    asked, then = held.line.heard[2:4]
    assert then.at - (asked.at + asked.seconds) == pytest.approx(seconds)


@pytest.mark.parametrize("after", [-1.0, 0.5, 1.9], ids=["in the check", "in the answer", "at its end"])
@pytest.mark.parametrize("number", [TWELVE[:11] + "9", WRONG], ids=["twelve", "ten"])
async def test_a_late_end_key_is_not_taken_for_anything(talk, number, after):
    """A # that comes after the number was accepted cuts nothing and answers nothing, wherever the call is by then."""
    first = keys(ASK, number), keys(CHECK, "#", after=after)
    second = keys(ASK, TEN + "#"), On("read-back-ask", "1")
    held = await talk(On("menu", "8"), *first, *second, *LEFT[:1])
    assert from_the_question(held) == [ASK, CHECK, NO, ASK, "read-back", "read-back-ask", CHECK, NEW]
    (sentence,) = [heard for heard in held.line.heard if heard.sound == NO]
    assert sentence.whole


async def test_a_late_end_key_is_no_answer_to_the_read_back(talk):
    """At the second try a late # neither confirms nor cuts the question."""
    second = keys(ASK, TWELVE), keys("read-back", "#", after=-5.0), keys("read-back-ask", "#1", after=-1.0)
    held = await talk(On("menu", "8"), keys(ASK, WRONG + "#"), *second, *LEFT[:1])
    assert from_the_question(held) == [ASK, CHECK, NO, ASK, "read-back", "read-back-ask", CHECK, NEW]


async def test_three_numbers_a_call_and_only_counted_ones(talk):
    """Hints, pauses, clearing and void look-ups are free; the third counted failure is the last."""
    held = await talk(
        On("menu", "8"),
        keys(ASK, "4012345678901#"), keys(CARD, WRONG), keys(CHECK, "5*", after=-1.0),
        keys(ASK, "55"), keys(GO_ON, "*"), keys(ASK, WRONG + "#"),
        keys(ASK, WRONG + "#"), On("read-back-ask", "2"), keys(ASK, WRONG + "#"), On("read-back-ask", "1"),
        keys(ASK, WRONG + "#"), On("read-back-ask", "1"),
    )  # fmt: skip
    assert counted(held) == [MISMATCHED] * 3
    assert held.said()[-3:] == [NO, "other-ways", "goodbye"]


async def test_the_read_back_comes_from_the_second_try_on(talk):
    """The first number is looked up at once, later ones are read back in groups before."""
    held = await talk(
        On("menu", "8"), keys(ASK, WRONG + "#"), keys(ASK, TWELVE + "#"), On("read-back-ask", "1"), *LEFT[:1]
    )
    assert held.readings.read[0] == ("read-back", TWELVE, 1.0)
    assert from_the_question(held) == [ASK, CHECK, NO, ASK, "read-back", "read-back-ask", CHECK, NEW]


async def test_who_has_keyed_is_not_silent(talk):
    """Two long looks for the card, a slip, and another look are no three silences in a row."""
    held = await talk(
        On("menu", "8"),
        keys(ASK, ""), keys(ASK, ""), keys(ASK, "55*"), keys(ASK, ""), keys(ASK, TEN + "#"), *LEFT,
    )  # fmt: skip
    assert looked_up(held) == [TEN]


async def test_three_silences_get_the_other_ways(talk):
    """Who keys nothing three times is told how else to get a password."""
    held = await talk(On("menu", "8"))
    assert from_the_question(held) == [ASK, "no-input", ASK, "no-input", ASK, "other-ways", "farewell"]
    assert held.call.outcome == "not-helped"
