"""A prompt that goes missing while calls go on is told, once, and in the background."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from hotline.dialogue import PromptWatch, prompt_watch


@dataclass
class World:
    """A library with holes, and a desk that notes its alarms."""

    there: dict[str, str] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)
    broken: bool = False

    def holes(self):
        if self.broken:
            raise RuntimeError("broken")
        return dict(self.there)

    def prompt_missing(self, prompt):
        self.alarms.append(prompt)


@pytest.fixture
def world():
    """All prompts are there."""
    return World()


@pytest.fixture
def watch(world):
    """Watch over the world."""
    return PromptWatch(world, world)


async def test_nothing_missing_is_nothing_told(world, watch):
    """With every prompt there is no alarm and no line in the log."""
    with capture_logs() as logs:
        assert await watch.look() == {}
    assert world.alarms == []
    assert logs == []


async def test_a_hole_is_logged_once_and_noted_at_each_look(world, watch):
    """The log has it once, with the reason; the alarm goes on for as long as it is there; its end is told too."""
    world.there = {"menu": "menu.alaw: No such file or directory"}
    with capture_logs() as logs:
        await watch.look()
        await watch.look()
        world.there = {}
        await watch.look()
    assert [(entry["event"], entry["prompt"]) for entry in logs] == [
        ("prompt_missing", "menu"),
        ("prompt_back", "menu"),
    ]
    assert logs[0]["reason"] == "menu.alaw: No such file or directory"
    assert world.alarms == ["menu", "menu"]


async def test_a_sound_that_was_not_played_is_an_alarm_in_any_case(world, watch):
    """What we can read and the switchboard can't is an alarm without a name; a hole has its own."""
    await watch.failed()
    world.there = {"menu": "gone"}
    await watch.failed()
    assert world.alarms == [prompt_watch.UNNAMED, "menu"]


async def test_it_looks_again_and_again(world, watch, monkeypatch):
    """A look that fails is told, and is not the last."""
    monkeypatch.setattr(prompt_watch, "EVERY", 0.001)
    world.broken = True
    with capture_logs() as logs:
        running = asyncio.create_task(watch.run())
        while not logs:
            await asyncio.sleep(0.001)
        world.there, world.broken = {"menu": "gone"}, False
        while not world.alarms:
            await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.wait({running})
    assert logs[0]["event"] == "prompt_watch_failed"
