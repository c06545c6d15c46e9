"""The figures of the console: what a call and the event loop leave in them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.exposition import generate_latest

from hotline.call import Call, Entry
from hotline.call.scripted import On, ScriptedLine
from hotline.console import Meters
from hotline.console.server import watch_lag


@dataclass(frozen=True)
class Sound:
    path: Path
    seconds: float = 2.0


class Sounds(dict):
    """Every sound there could be."""

    def __missing__(self, prompt):
        return Sound(Path(prompt))


def figures(meters):
    """Return each figure by its name and labels."""
    lines = generate_latest(meters.registry).decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def ended_call(outcome, *steps):
    """Return a call that took ten seconds and came to `steps`."""
    call = Call("id", ScriptedLine(), Sounds())
    call.outcome = outcome
    for step in steps:
        call.reached(step)
    return call


def test_calls_are_counted_by_outcome_and_timed_by_step():
    """One without an outcome was hung up; a step that the menu's admin named is information, whatever its name."""
    meters = Meters()
    meters.call_ended(ended_call("reissued", "door", "answer", "menu:main", "number", "check"))
    meters.call_ended(ended_call(None, "door", "answer", "say:where-to-go", "0912345678"))
    told = figures(meters)
    assert told['hotline_calls_total{outcome="reissued"}'] == 1
    assert told['hotline_calls_total{outcome="hung-up"}'] == 1
    assert told['hotline_call_step_seconds_count{step="door"}'] == 2
    assert told['hotline_call_step_seconds_count{step="menu"}'] == 1
    assert told['hotline_call_step_seconds_count{step="information"}'] == 2
    assert told["hotline_call_duration_seconds_count"] == 2
    assert not any("0912345678" in name for name in told)


async def test_the_time_from_key_to_sound_is_the_callers():
    """It runs from the key that completed an answer to the beginning of what is said next, not to its end."""
    line = ScriptedLine(On("question", "1", after=0.5))
    call = Call("id", line, Sounds())
    await call.say("before")
    await call.ask("question", entry=Entry(keys="12", grace={1: 0}, first=5.0, between=5.0))
    line.pass_time(line.now() + 0.25)
    await call.say("answer")
    await call.say("after")
    assert [round(seconds, 2) for seconds in call.reactions] == [0.25]
    meters = Meters()
    meters.call_ended(call)
    assert round(figures(meters)["hotline_key_to_audio_seconds_sum"], 2) == 0.25


async def test_who_presses_no_key_waits_for_none():
    """An answer that ends by time, or none at all, is no reaction."""
    call = Call("id", ScriptedLine(), Sounds())
    await call.ask("question", entry=Entry(keys="12", grace={1: 0}, first=1.0, between=1.0))
    await call.say("again")
    assert call.reactions == []


def test_the_process_tells_of_itself_where_little_is_shown_to_it(monkeypatch):
    """In the shipped unit there is no /proc/stat, and its files and memory are told all the same."""
    real = open

    def hidden(path, *args, **more):
        if str(path) == "/proc/stat":
            raise FileNotFoundError(path)
        return real(path, *args, **more)

    monkeypatch.setattr("builtins.open", hidden)
    told = figures(Meters())
    assert told["process_open_fds"] > 0
    assert 0 <= time.time() - told["process_start_time_seconds"] < 86400


async def test_an_event_loop_that_stood_still_is_seen(monkeypatch):
    """Whatever held it up, the next look says for how long."""
    monkeypatch.setattr("hotline.console.server.LAG_EVERY", 0.01)
    seen = []
    watching = asyncio.create_task(watch_lag(seen.append))
    await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - that is what is looked for
    while not seen:
        await asyncio.sleep(0.001)
    watching.cancel()
    await asyncio.wait({watching})
    assert seen[0] >= 0.08
