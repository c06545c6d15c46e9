"""Asking: the prompt, the keys during it, and the time from its end."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from hotline.call import Call, Entry, Keyed, Reason
from hotline.call.scripted import On, ScriptedLine

ENTRY = Entry(keys="0123456789", grace={4: 1.0}, first=5.0, between=3.0, end="#", clear="*", total=8.0)


@dataclass(frozen=True)
class Sound:
    path: Path
    seconds: float


SOUNDS = {name: Sound(Path(f"/{name}"), 10.0) for name in ("ask", "before")}


def calling(*script):
    """A call of a caller who does as the script says."""
    line = ScriptedLine(*script)
    return Call("c", line, SOUNDS), line


async def test_the_time_counts_from_the_end_of_the_prompt():
    """Who keys nothing has the first key's time after the prompt, however long that is."""
    call, line = calling()
    assert await call.ask("ask", entry=ENTRY) == Keyed("", Reason.NO_INPUT)
    assert line.now() == 10.0 + 5.0


async def test_the_time_between_keys_counts_from_each():
    """Each key gives the next one its time."""
    call, line = calling(On("ask", "12", after=4.0, pace=2.0))
    assert await call.ask("ask", entry=ENTRY) == Keyed("12", Reason.INCOMPLETE)
    assert line.now() == 10.0 + 8.0


async def test_all_keys_together_have_their_time():
    """A caller who keys and keys is not waited for longer than the whole time."""
    call, line = calling(On("ask", "1234#", after=2.5, pace=2.5))
    assert await call.ask("ask", entry=ENTRY) == Keyed("123", Reason.INCOMPLETE)
    assert line.now() == 10.0 + 8.0


@pytest.mark.parametrize(("key", "heard"), [("1", 8.0), ("#", 10.0)])
async def test_only_a_key_that_means_something_cuts_the_prompt(key, heard):
    """A digit stops the prompt; an end key on nothing does not."""
    call, line = calling(On("ask", key, after=-2.0))
    await call.ask("ask", entry=ENTRY)
    assert line.heard[0].seconds == heard


@pytest.mark.parametrize(("flushed", "keyed"), [(False, "1234"), (True, "")])
async def test_keys_pressed_ahead_are_kept_or_flushed_on_purpose(flushed, keyed):
    """Keys pressed during the prompt before count, unless they were forgotten by name."""
    call, line = calling(On("before", "1234", after=-5.0))
    await call.say("before", keys="")
    if flushed:
        call.forget_keys()
    assert (await call.ask("ask", entry=ENTRY)).digits == keyed
    assert [heard.sound for heard in line.heard] == (["before", "ask"] if flushed else ["before"])
