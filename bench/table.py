"""Figures as a table, each with its goal beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console


@dataclass(frozen=True)
class Figure:
    """One line of a table.

    Attributes:
        what: was measured.
        value: with its unit; empty in a line that heads others.
        goal: in words; empty where a figure is only for information.
        held: whether it was met; None without a goal.
    """

    what: str
    value: str = ""
    goal: str = ""
    held: bool | None = None


def show(console: Console, title: str, figures: Sequence[Figure]) -> None:
    """Print `figures` under `title`."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.add_column("what")
    table.add_column("figure")
    table.add_column("goal")
    table.add_column("held")
    marks = {True: "[green]✓[/]", False: "[red]✗ no[/]", None: ""}
    for figure in figures:
        table.add_row(figure.what, figure.value, figure.goal, marks[figure.held])
    console.print(table)


def headed(tables: Mapping[str, Sequence[Figure]]) -> list[Figure]:
    """Return the figures of all `tables`, each table's after a line with its title."""
    return [figure for title, figures in tables.items() for figure in (Figure(title), *figures)]


def held(figures: Sequence[Figure]) -> bool:
    """Tell whether every goal was met."""
    return all(figure.held is not False for figure in figures)
