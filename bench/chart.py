"""Samples as a chart: every one of them as a dot, the median of each group as a line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hotline.settings import CACHE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

WIDTH, ROW, FRAME, DPI = 10.0, 0.42, 1.1, 100
"""Inches: of the chart, of a group, of what is around the groups of a panel; and pixels an inch."""
SHOWN = 99.0
"""Per cent of the samples of a panel its axis has room for; the rest stand at its edge."""

# Okabe and Ito's palette: told apart by colour-blind readers, and here by place and label as well.
COLOURS = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9")
_INK, _FAINT = "#222222", "#767676"


@dataclass(frozen=True)
class Panel:
    """One part of a chart.

    Attributes:
        title: what was measured, and how often.
        groups: samples, by name.
        unit: theirs.
        bound: how far a median may lie from that of the first group; shaded. None for no such goal.
    """

    title: str
    groups: Mapping[str, Sequence[float]]
    unit: str
    bound: float | None = None


def draw(panels: Sequence[Panel], target: Path, title: str) -> tuple[Path, Path]:
    """Draw `panels` one below the other as `target`.png and `target`.svg, and return both paths.

    Needs matplotlib, which comes with the `demo` extra.
    """
    # Its list of fonts is kept with our other caches, not in the user's configuration.
    os.environ.setdefault("MPLCONFIGDIR", str(CACHE / "matplotlib"))
    # No pyplot: nothing global, no window.
    from matplotlib import rc_context  # noqa: PLC0415 - half a second that only a chart is worth
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    heights = [FRAME + ROW * len(panel.groups) for panel in panels]
    png, svg = (target.with_name(target.name + extension) for extension in (".png", ".svg"))
    with rc_context({"font.family": "DejaVu Sans", "font.size": 9, "svg.hashsalt": "bench"}):
        figure = Figure(figsize=(WIDTH, sum(heights) + 0.4), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=_INK)
        parts = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
        for axes, panel in zip(parts[:, 0], panels, strict=True):
            _draw_panel(axes, panel)
        figure.savefig(png)
        figure.savefig(svg, metadata={"Date": None})
    return png, svg


def _draw_panel(axes: Axes, panel: Panel) -> None:
    everything = np.concatenate([np.asarray(samples) for samples in panel.groups.values()])
    last = float(np.percentile(everything, SHOWN))
    first = float(everything.min())
    rng = np.random.default_rng(0)
    for row, (samples, colour) in enumerate(zip(panel.groups.values(), COLOURS, strict=False)):
        spread = row + rng.uniform(-0.28, 0.28, len(samples))
        axes.scatter(np.minimum(samples, last), spread, s=9, color=colour, alpha=0.45, linewidths=0)
        median = float(np.median(samples))
        axes.plot([median, median], [row - 0.4, row + 0.4], color=_INK, linewidth=1.6)
    if panel.bound is not None:
        middle = float(np.median(next(iter(panel.groups.values()))))
        axes.axvspan(middle - panel.bound, middle + panel.bound, color="#F0F0F0", zorder=0, linewidth=0)
        first, last = min(first, middle - panel.bound), max(last, middle + panel.bound)
    if first == last:
        first, last = first - 0.5, last + 0.5
    axes.set_xlim(first - 0.03 * (last - first), last + 0.03 * (last - first))
    axes.set_yticks(range(len(panel.groups)), list(panel.groups))
    axes.invert_yaxis()
    axes.set_title(panel.title, loc="left", fontsize=10, color=_INK)
    axes.set_xlabel(panel.unit, color=_INK)
    axes.tick_params(axis="y", length=0, colors=_INK)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
