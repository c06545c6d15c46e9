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


class Clocked(Keypad):
    """A keypad whose clock is set by hand."""

    def __init__(self):
        super().__init__(lambda: self.clock)
        self.clock = 0.0

    def keyed(self, *keys):
        """Press keys, each so many seconds after the one before; return those that counted at once."""
        counted = ""
        for key, after in keys:
            self.clock += after
            counted += key if self.press(key) else ""
        return counted

    async def rest(self):
        """Take all that waits."""
        return "".join([key async for key in self._all()])

    async def _all(self):
        while self.has("0123456789*#"):
            yield await self.next(0)


TWICE = [
    ([("8", 0.2)], ""),
    ([("8", 0.5)], ""),
    ([("8", 0.2), ("8", 0.2)], ""),
    ([("8", 0.2), ("0", 3.0), ("1", 1.0)], "01"),
    ([("8", 0.6)], "8"),
    ([("8", 1.0), ("0", 1.0)], "80"),
    ([("8", 0.14), ("0", 0.14), ("1", 0.14)], "801"),
    ([("8", 0.14), ("8", 0.14), ("1", 0.14)], "881"),
    ([("0", 0.2), ("8", 0.2)], "08"),
    ([("8", 0.2), ("0", 3.0), ("8", 0.2)], "08"),
]
"""What is pressed after an 8 that chose, each after so many seconds, and what of it counts."""


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize(("keys", "counts"), TWICE)
async def test_the_key_that_chose_pressed_twice_counts_once(ahead, keys, counts):
    """Within half a second, unless the caller keys on as quickly; whether it was taken before or waited to be."""
    keypad = Clocked()
    if ahead:
        keypad.keyed(("8", 0.0), *keys)
    else:
        keypad.press("8")
    assert await keypad.next(0) == "8"
    keypad.pass_over_repeat()
    if not ahead:
        keypad.keyed(*keys)
    assert await keypad.rest() == counts


async def test_a_repeat_passed_over_stops_no_prompt():
    """It does not count when it comes, so the question that it would have cut is heard."""
    keypad = Clocked()
    keypad.press("8")
    await keypad.next(0)
    keypad.pass_over_repeat()
    assert keypad.keyed(("8", 0.2), ("0", 2.0)) == "0"


async def test_what_was_passed_over_is_forgotten_with_the_rest():
    """After the keys were discarded nothing of them comes back."""
    keypad = Clocked()
    keypad.press("8")
    await keypad.next(0)
    keypad.pass_over_repeat()
    keypad.keyed(("8", 0.2))
    keypad.discard()
    keypad.keyed(("0", 0.1))
    assert await keypad.rest() == "0"
