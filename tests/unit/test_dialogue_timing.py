"""Calls are timed by holding them, with the lengths of the prompts there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.dialogue import Timer
from hotline.prompts import Library
from hotline.prompts.library import Clip


class Sounds(Library):
    """Every prompt there could be, of two seconds; a digit takes 0.4."""

    def __init__(self, **seconds):
        self._seconds = {name.replace("_", "-"): length for name, length in seconds.items()}

    def __getitem__(self, id_):
        return Clip(id_, Path("/sounds", id_), self._seconds.get(id_, 2.0), id_)

    def speech(self, id_):
        return bytes(3200 if id_.startswith("digits/") else 8000)


@pytest.fixture
def timed(menu):
    """Time all ways; return them by name."""

    async def time(*, notice="early", digits=9, **seconds):
        return {way.name: way for way in await Timer(menu, Sounds(**seconds), digits, notice).all()}

    return time


READING = 0.05 + 1.0 + 0.3 + 9 * 0.4 + 6 * 0.2 + 2 * 1.0 + 0.05
REPEAT = 0.05 + 1.0 + 0.3 + 9 * 0.4 + 6 * 0.3 + 2 * 2.0 + 0.05


async def test_who_hears_every_prompt_takes_the_sum_of_all(timed):
    """Prompts, one second a key, both readings, and the offer of another: to the hundredth."""
    way = (await timed())["twelve digits, every prompt heard"]
    assert way.keys == "8012345678901#"
    assert way.seconds == pytest.approx(4 * 2.0 + 14 + READING + REPEAT, abs=0.02)
    assert way.limit == 58
    assert way.billed_minutes == 1


async def test_who_keys_ahead_takes_the_keys_the_check_and_the_readings(timed):
    """From the answer on one key a second: no question takes any time, and the repeat is the end."""
    way = (await timed())["twelve digits, keyed ahead"]
    assert way.seconds == pytest.approx(13 + 2.0 + READING + REPEAT, abs=0.02)
    assert way.limit == 35


@pytest.mark.parametrize(
    ("seconds", "way"),
    [
        ({"menu": 22.0}, "twelve digits, every prompt heard"),
        ({"after_reading": 22.0}, "twelve digits, every prompt heard"),
        ({"check": 9.0}, "twelve digits, keyed ahead"),
    ],
)
async def test_longer_words_break_the_limit(timed, seconds, way):
    """A longer prompt on the way makes exactly the ways it is on too long."""
    assert not [way for way in (await timed()).values() if way.too_long]
    assert way in [timed.name for timed in (await timed(**seconds)).values() if timed.too_long]


async def test_longer_passwords_break_the_limit(timed):
    """Twelve digits take longer to read than there is time for."""
    assert (await timed(digits=12))["twelve digits, keyed ahead"].too_long


async def test_the_longest_password_that_fits_is_told(menu):
    """Where a shorter password would do, how long it may be; nothing where all is well or no length would."""

    async def most(digits, **seconds):
        return await Timer(menu, Sounds(**seconds), digits, "early").most_digits()

    assert await most(9) is None
    assert await most(12) == 9
    assert await most(9, menu=60.0) is None


async def test_a_notice_after_the_answer_takes_paid_time(timed):
    """What is told after the answer counts, to who hears it out."""
    early, answered = [(await timed(notice=notice)) for notice in ("early", "answered")]
    name = "twelve digits, every prompt heard"
    assert answered[name].seconds - early[name].seconds == pytest.approx(2.0, abs=0.02)
    name = "twelve digits, keyed ahead"
    assert answered[name].seconds == pytest.approx(early[name].seconds, abs=0.02)


async def test_each_place_of_the_menu_is_timed(timed):
    """Every menu, every piece of information and the end have a way there, by the keys that lead to it."""
    ways = await timed()
    assert [(name, way.keys, way.limit) for name, way in list(ways.items())[7:]] == [
        ("menu information", "1", None),
        ("end", "9", None),
        ("other-ways", "11", None),
        ("official-sources", "12", None),
    ]
    assert ways["other-ways"].seconds == pytest.approx(3 * 2.0 + 2, abs=0.02)


async def test_a_mismatch_is_followed_to_its_end(timed):
    """Three numbers in vain are three checks and two read back, and cost more than a minute."""
    ways = await timed()
    assert ways["no match at all"].seconds > ways["a match with the second number"].seconds > 60
    assert ways["no match at all"].keys == "8" + "012345678901#" + "012345678901#1" * 2
