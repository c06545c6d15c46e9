"""Something watched while it is said."""

import asyncio

import pytest

from hotline.call import watch, watched


class Moved(Exception):
    """What was watched for."""


class Watcher:
    """Counts how often it is asked, and raises from the `bad`-th time on."""

    def __init__(self, bad=0):
        self.asked = 0
        self._bad = bad

    async def __call__(self):
        self.asked += 1
        if self.asked == self._bad:
            raise Moved


@pytest.fixture(autouse=True)
def _hundredfold(monkeypatch):
    """A second is ten milliseconds."""
    monkeypatch.setattr(watch, "EVERY", 0.01)


async def test_the_result_is_that_of_what_was_watched():
    """Nothing moved: it ends by itself, and is looked at once more then."""
    watcher = Watcher()
    assert await watched(asyncio.sleep(0.1, "played"), watcher) == "played"
    assert watcher.asked >= 2


async def test_what_is_short_is_watched_as_well():
    """At its end, if it was over before the first look."""
    with pytest.raises(Moved):
        await watched(asyncio.sleep(0, "played"), Watcher(bad=1))


async def test_what_moves_ends_it():
    """It is over before the watcher's word is passed on."""
    stopped = asyncio.Event()

    async def play():
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    with pytest.raises(Moved):
        await watched(play(), Watcher(bad=2))
    assert stopped.is_set()


async def test_what_fails_is_not_asked_about():
    """A playback that failed tells itself what became of it."""

    async def fail():
        raise ValueError

    watcher = Watcher()
    with pytest.raises(ValueError):
        await watched(fail(), watcher)
    assert watcher.asked == 0


async def test_who_stops_waiting_stops_it():
    """Cancelled from outside, nothing goes on."""
    playing = asyncio.Event()

    async def play():
        try:
            playing.set()
            await asyncio.sleep(60)
        finally:
            playing.clear()

    task = asyncio.create_task(watched(play(), Watcher()))
    await playing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not playing.is_set()
