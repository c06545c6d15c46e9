"""What was heard, as tables and as a chart."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from bench.digits.hearing import Reading
from bench.digits.passwords import ALL
from bench.digits.scoring import Share
from bench.table import Figure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from bench.digits.hearing import Heard

GOAL = 0.08
"""Most of a digit's readings that may be misheard in the second reading on a clean line."""
SILENCE = "–"
"""In place of a word, where none was heard."""
_OTHER = "…"


def of_digit(heard: Sequence[Heard], digit: str) -> Share:
    """Return how often `digit` was said and not heard as itself."""
    said = [one for one in heard if one.said == digit]
    return Share(sum(not one.right for one in said), len(said))


def of_all(heard: Sequence[Heard]) -> Share:
    """Return how many of the digits said were not heard as themselves."""
    said = [one for one in heard if one.said is not None]
    return Share(sum(not one.right for one in said), len(said))


def of_passwords(heard: Sequence[Heard]) -> Share:
    """Return how many readings had a digit wrong, missed or added."""
    readings = {(one.password, one.reading) for one in heard}
    return Share(len({(one.password, one.reading) for one in heard if not one.right}), len(readings))


def tables(heard: Sequence[Heard], issued: str) -> list[tuple[str, list[Figure]]]:
    """Return the tables, with their titles: for each condition and set of digits, both readings apart."""
    found = []
    for title, readings in _parts(heard):
        figures: list[Figure] = []
        for read in readings:
            figures += _figures(read, goal=_has_goal(read[0], issued))
        found.append((f"{title}; misheard [95 % interval]", figures))
    return found


def summary(heard: Sequence[Heard], issued: str) -> list[Figure]:
    """Return for each condition and set of digits how many of them were misheard, and which digit most often."""
    found = []
    for title, readings in _parts(heard):
        found.append(Figure(title))
        for read in readings:
            reading = read[0].reading
            shares = {digit: of_digit(read, digit) for digit in read[0].digits}
            worst = max(shares, key=lambda digit: shares[digit].rate)
            goal = _goal(shares[worst]) if _has_goal(read[0], issued) else ("", None)
            found.append(Figure(f"  {reading} reading, misheard [95 % interval]", f"{of_all(read)}"))
            found.append(Figure(f"  {reading} reading, the digit misheard most", f"{worst}: {shares[worst]}", *goal))
    return found


def _parts(heard: Sequence[Heard]) -> Iterator[tuple[str, list[list[Heard]]]]:
    """Yield what was heard by condition and set of digits: in words, and each reading's apart."""
    for line in dict.fromkeys(one.line for one in heard):
        for digits in dict.fromkeys(one.digits for one in heard if one.line == line):
            here = [one for one in heard if one.line == line and one.digits == digits]
            readings = dict.fromkeys(one.reading for one in here)
            yield (
                f"{line}: {len({one.password for one in here})} passwords of {digits}",
                [[one for one in here if one.reading is reading] for reading in readings],
            )


def _has_goal(one: Heard, issued: str) -> bool:
    return one.line == "clean" and one.digits == issued and one.reading is Reading.SECOND


def _goal(share: Share) -> tuple[str, bool]:
    return f"≤ {100 * GOAL:g} %", share.rate <= GOAL


def _figures(heard: Sequence[Heard], *, goal: bool) -> list[Figure]:
    """Return the figures of one reading on one line."""
    figures = [Figure(f"{heard[0].reading} reading")]
    for digit in heard[0].digits:
        share = of_digit(heard, digit)
        mistaken = Counter(one.heard or SILENCE for one in heard if one.said == digit and not one.right)
        words = ", ".join(f"{word} {times}" for word, times in mistaken.most_common(4))
        figures.append(Figure(f"  {digit}", f"{share}  {words}", *(_goal(share) if goal else ("", None))))
    added = sum(one.said is None for one in heard)
    figures.append(Figure("  all digits", f"{of_all(heard)}"))
    figures.append(Figure("  heard without being said", str(added)))
    figures.append(Figure("  readings with any mistake", f"{of_passwords(heard)}"))
    return figures


def confusion(heard: Sequence[Heard]) -> list[list[object]]:
    """Return rows of how often each digit was heard as each, as another word, and not at all."""
    rows: list[list[object]] = []
    keys = dict.fromkeys((one.line, one.digits, one.reading) for one in heard)
    for line, digits, reading in keys:
        here = [one for one in heard if (one.line, one.digits, one.reading) == (line, digits, reading)]
        for said in [*digits, None]:
            counts = Counter(_column(one) for one in here if one.said == said)
            rows.append([line, digits, reading, said or "", *(counts[column] for column in COLUMNS)])
    return rows


COLUMNS = (*ALL, _OTHER, SILENCE)
"""Of a confusion: a digit, another word, nothing."""


def _column(one: Heard) -> str:
    return one.as_digit or (_OTHER if one.heard else SILENCE)


def draw(heard: Sequence[Heard], target: Path, title: str) -> Collection[Path]:
    """Draw for each condition and set of digits what was misheard, both readings side by side; PNG and SVG."""
    from matplotlib import rc_context  # noqa: PLC0415 - half a second that only a chart is worth
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure as Sheet  # noqa: PLC0415

    lines, sets = list(dict.fromkeys(one.line for one in heard)), list(dict.fromkeys(one.digits for one in heard))
    paths = [target.with_name(target.name + extension) for extension in (".png", ".svg")]
    with rc_context({"font.family": "DejaVu Sans", "font.size": 9, "svg.hashsalt": "bench"}):
        sheet = Sheet(figsize=(10, 0.5 + 1.9 * len(lines)), dpi=100, layout="constrained")
        FigureCanvasAgg(sheet)
        sheet.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        # One scale for all: the lines are to be compared.
        parts = sheet.subplots(len(lines), len(sets), squeeze=False, sharey=True, width_ratios=list(map(len, sets)))
        for row, line in zip(parts, lines, strict=True):
            row[0].set_ylabel("misheard, %")
            for axes, digits in zip(row, sets, strict=True):
                here = [one for one in heard if (one.line, one.digits) == (line, digits)]
                axes.set_title(f"{line}, {len({one.password for one in here})} passwords", loc="left", fontsize=10)
                _bars(axes, here, digits)
        parts[0, 0].legend(frameon=False)
        for path in paths:
            sheet.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {})
    return paths


def _bars(axes: Axes, heard: Sequence[Heard], digits: str) -> None:
    """Draw what was misheard of each digit in either reading, with intervals, and the goal."""
    readings = dict.fromkeys(one.reading for one in heard)
    for nth, (reading, colour) in enumerate(zip(readings, ("#56B4E9", "#0072B2"), strict=False)):
        shares = [of_digit([one for one in heard if one.reading is reading], digit) for digit in digits]
        rates = np.array([share.rate for share in shares])
        reach = np.abs(np.array([share.interval for share in shares]).T - rates)
        axes.bar(
            np.arange(len(digits)) + 0.4 * nth - 0.2,
            100 * rates,
            0.38,
            yerr=100 * reach,
            color=colour,
            error_kw={"linewidth": 0.8},
            label=f"{reading} reading",
        )
    axes.axhline(100 * GOAL, color="#767676", linewidth=0.8, linestyle="--")
    axes.set_xticks(range(len(digits)), list(digits))
    axes.spines[["right", "top"]].set_visible(False)
