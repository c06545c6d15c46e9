"""A period as a picture: how calls ended, how far they came, and where callers gave up."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hotline.reports.errors import PictureUnavailable
from hotline.settings import CACHE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hotline.reports.summary import Summary

WIDTH, HEIGHT, DPI = 1200, 520, 100
"""Pixels of the PNG, and pixels an inch."""

# Okabe and Ito's palette: told apart by colour-blind readers, and here by place and label as well.
_CALLS, _GAVE_UP, _INK = "#0072B2", "#D55E00", "#222222"


def draw(summary: Summary, target: Path) -> tuple[Path, Path]:
    """Draw the summary as `target`.png and `target`.svg, and return both paths.

    Needs matplotlib, which comes with the `demo` extra.

    Raises:
        PictureUnavailable: it is not installed.
    """
    # Its list of fonts is kept with our other caches, not in the user's configuration.
    os.environ.setdefault("MPLCONFIGDIR", str(CACHE / "matplotlib"))
    # Imported here: half a second that only a picture is worth. No pyplot: nothing global, no window.
    try:
        from matplotlib import rc_context  # noqa: PLC0415
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ModuleNotFoundError:
        pip = Path(sys.executable).with_name("pip")
        raise PictureUnavailable(f"a picture needs matplotlib, which is not here: {pip} install matplotlib") from None

    png, svg = (target.with_name(target.name + extension) for extension in (".png", ".svg"))
    with rc_context({"font.family": "DejaVu Sans", "font.size": 9, "svg.hashsalt": "report"}):
        figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
        FigureCanvasAgg(figure)
        ends, steps = figure.subplots(1, 2, width_ratios=[1, 1.3])
        figure.subplots_adjust(left=0.12, right=0.97, top=0.83, bottom=0.07, wspace=0.4)
        figure.suptitle(
            f"{summary.period}: {summary.calls:,} calls, {summary.billed_minutes:,} minutes paid, {summary.price:,} đ",
            x=0.012, y=0.97, ha="left", fontsize=13, fontweight="bold", color=_INK,
        )  # fmt: skip
        _draw_ends(ends, summary)
        _draw_steps(steps, summary)
        figure.savefig(png)
        figure.savefig(svg, metadata={"Date": None})
    return png, svg


def _draw_ends(axes: Axes, summary: Summary) -> None:
    names = [one.outcome for one in summary.outcomes]
    counts = [one.calls for one in summary.outcomes]
    _bars(axes, "how calls ended", names, counts, [f" {count:,}" for count in counts])


def _draw_steps(axes: Axes, summary: Summary) -> None:
    names = [step.step for step in summary.steps]
    labels = [
        f" {step.calls:,}, {step.seconds / step.calls:.1f} s each"
        + (f", {step.gave_up:,} gave up here" if step.gave_up else "")
        for step in summary.steps
    ]
    _bars(axes, "how far they came, and where they gave up", names, [step.calls for step in summary.steps], labels)
    axes.barh(range(len(names)), [step.gave_up for step in summary.steps], color=_GAVE_UP, height=0.6)


def _bars(axes: Axes, title: str, names: list[str], counts: list[int], labels: list[str]) -> None:
    axes.set_title(title, loc="left", color=_INK)
    bars = axes.barh(range(len(names)), counts, color=_CALLS, height=0.6)
    axes.bar_label(bars, labels, color=_INK)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, max([1, *counts]) * 1.6)
    axes.set_xticks([])
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
