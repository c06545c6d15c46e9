"""The readings: heard in full or cut off, offered again, and what becomes of the password."""

import pytest

from hotline.call.scripted import HANG_UP, On

NUMBER = "0123456789"


async def test_keys_during_the_readings_are_ignored(talk):
    """A cheek on the keypad does not cut a reading, nor choose afterwards."""
    held = await talk(
        On("menu", "8"),
        On("ask-number", NUMBER + "#"),
        On("new-password", "123456", after=-8.0),
        On("repeat-password", "1", after=-8.0),
    )
    assert all(heard.whole for heard in held.line.heard)
    assert held.said()[-3:] == ["after-reading", "advice", "goodbye"]


async def test_the_password_is_read_again_on_wish_five_times(talk):
    """On 1 the caller hears it again, up to five times; then advice."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), *[On("after-reading", "1")] * 7)
    assert held.said().count("repeat-password") == 1 + 5
    assert held.said()[-2:] == ["advice", "goodbye"]


async def test_0_reads_the_password_once_more_as_well(talk):
    """0 means “again” everywhere outside number entry and readings."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), On("after-reading", "0"))
    assert held.said().count("repeat-password") == 2


async def test_a_stray_key_after_the_readings_does_not_end_the_call(talk):
    """The offer of another reading is made again."""
    keys = On("after-reading", "5"), On("after-reading", "1")
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), *keys)
    assert held.said().count("repeat-password") == 2


async def test_stray_keys_after_the_readings_end_as_if_nothing_was_keyed(talk):
    """A cheek on the keypad after the readings does not lead to the other ways to a password: there is one."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), *[On("after-reading", "5")] * 3)
    assert "other-ways" not in held.said()
    assert held.said()[-1] in {"goodbye", "farewell"}
    assert held.call.outcome == "reissued"


async def test_who_does_nothing_is_not_kept_into_another_minute(talk):
    """After a slow call the wait is short and the goodbye too, so that it still fits into the paid minute."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#", pace=2.5))
    assert held.said()[-2:] == ["after-reading", "farewell"]
    assert held.call.seconds() - held.call.answered_at < 60


async def test_a_caller_cut_off_in_the_first_reading_keeps_the_old_password(talk):
    """Until the first reading was heard in full, nothing becomes active."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), On("new-password", HANG_UP, after=-1.0))
    assert held.desk.log[-1] == "began"
    assert held.call.outcome is None


async def test_a_caller_who_hangs_up_in_the_repeat_has_the_new_password(talk):
    """After the first full reading the new password is active, whatever follows."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), On("repeat-password", HANG_UP, after=-9.0))
    assert held.desk.log[-1] == "heard"
    assert held.call.outcome == "reissued"


async def test_a_password_that_could_not_be_made_active_is_told(talk):
    """When the database fails after the reading, the caller is told that the old password still holds."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), trouble="stuck")
    assert held.said()[-3:] == ["repeat-password", "not-activated", "goodbye"]
    assert held.call.outcome == "not-activated"


async def test_a_password_overtaken_while_it_was_heard_is_told(talk):
    """A newer one of the account is in force: the caller is told so, and not that the system is busy."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), trouble="too late")
    assert held.said()[-3:] == ["repeat-password", "overtaken", "goodbye"]
    assert held.call.outcome == "overtaken"


@pytest.mark.parametrize("trouble", ["issued before", "read before"])
async def test_a_call_that_had_its_password_hears_so(talk, trouble):
    """A call gets one password: another is refused in words, at the check or before the reading, and none is read."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), trouble=trouble)
    assert held.said()[-3:] == ["check", "already-issued", "goodbye"]
    assert held.readings.read == []
    assert held.call.outcome == "already-issued"


async def test_an_activation_that_takes_too_long_is_told(talk):
    """A caller does not wait for a database that stays away."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), trouble="forever")
    assert held.said()[-3:] == ["repeat-password", "not-activated", "goodbye"]
