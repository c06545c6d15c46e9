"""Many readings heard, in processes of their own: a recogniser keeps a core busy."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from typing import TYPE_CHECKING

from bench.digits.ear import Recogniser
from bench.digits.hearing import Heard, Listener, Reading
from bench.digits.line import LINES
from bench.digits.passwords import ALL, draw
from hotline import menu
from hotline.prompts import Library, Script
from hotline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Task = tuple[str, str, int, str]
"""Name of the line, digits the password was drawn from, its number, and itself."""


def tasks(conditions: Sequence[str], passwords: int, every: int, issued: str, seed: int) -> list[Task]:
    """Return what is to be heard: `passwords` of the `issued` digits on each line, and `every` of all ten."""
    drawn = {digits: draw(digits, count, seed) for digits, count in ((issued, passwords), (ALL, every)) if count}
    return [
        (line, digits, nth, password)
        for line in conditions
        for digits, several in drawn.items()
        for nth, password in enumerate(several)
    ]


def listen(listener: Listener, task: Task) -> list[Heard]:
    """Return what was heard of both readings of a password."""
    line, digits, nth, password = task
    return [one for reading in Reading for one in listener.hear(LINES[line], digits, nth, password, reading)]


def together(wanted: Sequence[Task], seed: int, jobs: int, done: Callable[[], None]) -> list[Heard]:
    """Hear all of it in `jobs` processes, `done` being called after each; in the order of `wanted`."""
    heard: dict[Task, list[Heard]] = {}
    # Not forked: this process has threads.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        asked = {pool.submit(_heard, task, seed): task for task in wanted}
        for answer in as_completed(asked):
            heard[asked[answer]] = answer.result()
            done()
    return [one for task in wanted for one in heard[task]]


def _heard(task: Task, seed: int) -> list[Heard]:
    return listen(_listener(seed), task)


@cache
def _listener(seed: int) -> Listener:
    """Return the listener of this process."""
    settings = Settings.load()
    script = Script.load(settings.voice.script)
    library = Library.open(settings.voice.sounds, script)
    return Listener(Recogniser(), library, script, menu.load(settings.menu, script.prompts), seed)
