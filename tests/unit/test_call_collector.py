"""Key collection, without clock or line."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.call import Collector, Entry, Keyed, Reason

NUMBER = Entry(keys="0123456789", grace={10: 4.0, 12: 1.0}, first=15.0, between=6.0, end="#", clear="*")
MENU = Entry(keys="810", grace={1: 0}, first=7.0, between=7.0, end="#")

digits = st.text("0123456789")


def press(collector: Collector, keys: str) -> Keyed | None:
    """Press `keys` one after another; a result may come with the last one only."""
    for at, key in enumerate(keys):
        result = collector.press(key)
        if result is not None:
            assert at == len(keys) - 1, f"ended after {at + 1} of {len(keys)} keys"
            return result
    return None


@pytest.mark.parametrize("number", ["0123456789", "012345678901"])
def test_the_end_key_ends_a_whole_number(number):
    """Ten or twelve digits and # are a number, leading zeros kept."""
    assert press(Collector(NUMBER), number + "#") == Keyed(number, Reason.ENTERED)


@pytest.mark.parametrize(("keyed", "patience"), [(0, 15.0), (1, 6.0), (10, 4.0), (11, 6.0), (12, 1.0)])
def test_patience_follows_what_was_keyed(keyed, patience):
    """The wait for the next key is long for the first digit, and short once the number could be whole."""
    collector = Collector(NUMBER)
    press(collector, "0" * keyed)
    assert collector.patience == patience


@pytest.mark.parametrize("number", ["0123456789", "012345678901"])
def test_a_whole_number_without_end_key_is_taken_after_its_grace(number):
    """When no key follows ten or twelve digits, the number is complete."""
    collector = Collector(NUMBER)
    assert press(collector, number) is None
    assert collector.give_up() == Keyed(number, Reason.COMPLETE)


def test_all_of_it_has_its_time():
    """However fast one key follows another, the answer may take no longer than its whole time."""
    collector = Collector(dataclasses.replace(NUMBER, total=20.0))
    collector.pass_time(12.0)
    assert collector.patience == 8.0
    press(collector, "01")
    assert collector.patience == 6.0
    collector.pass_time(6.0)
    press(collector, "2")
    assert collector.patience == 2.0
    collector.pass_time(3.0)
    assert collector.press("3") is None
    assert collector.patience == 0.0
    assert collector.give_up() == Keyed("0123", Reason.INCOMPLETE)


def test_too_few_digits_at_the_timeout_are_kept():
    """What was keyed comes back with the reason, and the next collector goes on with it."""
    first = Collector(NUMBER)
    press(first, "01234")
    kept = first.give_up()
    assert kept == Keyed("01234", Reason.INCOMPLETE)
    assert press(Collector(NUMBER, kept.digits), "56789#") == Keyed("0123456789", Reason.ENTERED)


def test_the_end_key_on_too_few_digits_keeps_them():
    """A # too early loses nothing."""
    assert press(Collector(NUMBER), "012#") == Keyed("012", Reason.INCOMPLETE)


def test_an_end_key_on_nothing_is_swallowed():
    """A # that comes late, or first, means nothing."""
    collector = Collector(NUMBER)
    assert collector.press("#") is None
    assert collector.give_up() == Keyed("", Reason.NO_INPUT)


def test_the_clear_key_clears_and_then_goes_back():
    """* after digits clears them, * on nothing goes back."""
    assert press(Collector(NUMBER), "012*") == Keyed("", Reason.CLEARED)
    assert press(Collector(NUMBER), "*") == Keyed("", Reason.BACK)


def test_a_thirteenth_digit_is_too_long():
    """Thirteen digits are no number: most likely a health card."""
    assert press(Collector(NUMBER), "0" * 13).reason is Reason.TOO_LONG


def test_a_menu_takes_its_key_at_once():
    """A menu needs one key and waits for no other."""
    assert Collector(MENU).press("8") == Keyed("8", Reason.COMPLETE)


def test_a_key_that_leads_nowhere_is_told():
    """A key the menu does not have is no match, not silence."""
    assert Collector(MENU).press("5").reason is Reason.NO_MATCH


def test_what_was_keyed_is_not_in_the_repr():
    """A keyed digit can't reach a log by way of repr."""
    assert "98765" not in repr(Keyed("98765", Reason.INCOMPLETE))


@given(st.text("0123456789*#", max_size=30))
def test_any_keys_end_in_one_result_or_none(keys):
    """No sequence of keys breaks the machine, and a result never holds more than was keyed."""
    collector = Collector(NUMBER)
    for key in keys:
        result = collector.press(key)
        if result is not None:
            break
    else:
        result = collector.give_up()
    assert result.digits in keys
    if result.reason in {Reason.ENTERED, Reason.COMPLETE}:
        assert len(result.digits) in NUMBER.grace


@given(digits, st.integers(0, 12))
def test_keeping_digits_changes_nothing(number, cut):
    """Digits keyed in one go or kept across a timeout give the same result."""
    whole, first = Collector(NUMBER), number[:cut][:9]
    rest = number[len(first) :][: 12 - len(first)]
    press(whole, first + rest)
    assert press(Collector(NUMBER, first), rest) is None
    assert Collector(NUMBER, first + rest).give_up() == whole.give_up()
