"""Keys as they arrive."""

import asyncio

import pytest

from hotline.call import CallerGone, Keypad
from hotline.call.keypad import MOST_WAITING


async def test_keys_come_out_in_their_order():
    """Type-ahead keeps every key, oldest first."""
    keypad = Keypad()
    for key in "0123456789#":
        assert keypad.press(key)
    assert "".join([await keypad.next(0) or "" for _ in range(11)]) == "0123456789#"


async def test_no_key_in_time_is_none():
    """Waiting ends with None when nothing was pressed."""
    assert await Keypad().next(0.01) is None


async def test_a_key_ends_the_wait():
    """A key pressed while somebody waits is given to them at once."""
    keypad = Keypad()
    asyncio.get_running_loop().call_later(0.01, keypad.press, "8")
    assert await keypad.next(5) == "8"


@pytest.mark.parametrize("ahead", [True, False])
async def test_a_key_in_the_last_moment_counts(ahead):
    """A key that waits, or comes in the very moment in which the time is up, is returned and not passed over."""
    keypad = Keypad()
    if ahead:
        keypad.press("8")
    else:
        asyncio.get_running_loop().call_soon(keypad.press, "8")
    assert await keypad.next(0) == "8"


async def test_a_hang_up_in_the_last_moment_counts():
    """A caller who goes in the very moment in which the time is up is gone."""
    keypad = Keypad()
    asyncio.get_running_loop().call_soon(keypad.close)
    with pytest.raises(CallerGone):
        await keypad.next(0)


async def test_a_hang_up_ends_the_wait():
    """Who waits for a key of a caller who hangs up is told so."""
    keypad = Keypad()
    asyncio.get_running_loop().call_later(0.01, keypad.close)
    with pytest.raises(CallerGone):
        await keypad.next(5)


async def test_keys_are_ignored_during_a_reading():
    """Before and during a reading every key is lost on purpose, afterwards they count again."""
    keypad = Keypad()
    keypad.press("1")
    with keypad.ignored():
        assert not keypad.press("2")
    assert await keypad.next(0) is None
    assert keypad.press("3")
    assert await keypad.next(0) == "3"


async def test_a_stuck_key_does_not_fill_the_memory():
    """Beyond a bound keys are dropped, and the first ones stay."""
    keypad = Keypad()
    taken = sum(keypad.press("5") for _ in range(MOST_WAITING + 50))
    assert taken == MOST_WAITING
