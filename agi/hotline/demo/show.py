"""What a person at a terminal sees: progress, a call's story as it happens, the result."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console
    from rich.progress import TaskID

    from hotline.phone import TimelineEntry

WHO = {"caller": "[bold magenta]caller[/]", "hotline": "[bold blue]hotline[/]", "line": "[dim]line[/]"}
SAMPLE = "  [dim](sample data)[/]"


@contextlib.contextmanager
def progress(console: Console) -> Iterator[Callable[[str, float], None]]:
    """Yield what shows how far each step is, a bar each; nothing is shown before the first."""
    bars = Progress(TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn(), console=console)
    tasks: dict[str, TaskID] = {}

    def show(step: str, done: float) -> None:
        if step not in tasks:
            bars.start()
            tasks[step] = bars.add_task(step, total=1.0)
        bars.update(tasks[step], completed=done)

    try:
        yield show
    finally:
        if tasks:
            bars.stop()


LOOK_SECONDS = 0.5
"""Between two looks at what is new in a call."""


class Story:
    """Prints the lines of a call's timeline, each once, as soon as it can't change any more."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = 0

    async def accompany(self, talking: asyncio.Future[None], timeline: Callable[[], Sequence[TimelineEntry]]) -> None:
        """Tell what is new while the caller is `talking`, and raise what that raises; cancelled, end it as well."""
        try:
            while not talking.done():
                await asyncio.wait({talking}, timeout=LOOK_SECONDS)
                self.tell(timeline())
        finally:
            talking.cancel()
        await talking

    def tell(self, timeline: Sequence[TimelineEntry], *, over: bool = False) -> None:
        """Print what is new, the last line only when the call is `over`, as it may still grow.

        Nothing is printed before the answer, from which the seconds are counted.
        """
        if not over and not any(entry.text == "answered" for entry in timeline):
            return
        settled = len(timeline) if over else len(timeline) - 1
        for entry in timeline[self._told : settled]:
            line = Table.grid(padding=(0, 2))
            line.add_column(width=10, justify="right", style="dim")
            line.add_column(width=7)
            line.add_column()
            line.add_row(f"{entry.at:+.1f} s", WHO[entry.who], _text(entry))
            self._console.print(line)
        self._told = max(self._told, settled)


def _text(entry: TimelineEntry) -> str:
    if entry.who == "line":
        return entry.text
    if entry.who == "caller":
        return f"[magenta]keys {entry.text}[/]"
    if entry.text.replace(" ", "").isdigit():
        return f"[bold green]{entry.text}[/]{SAMPLE}"
    return f"“{entry.text}”"
