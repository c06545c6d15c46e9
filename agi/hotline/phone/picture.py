"""One call as a picture: what was heard over real time, who spoke, what was keyed."""

from __future__ import annotations

import os
from math import ceil
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from hotline.phone.g711 import RATE
from hotline.phone.sip import Side
from hotline.settings import CACHE

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from hotline.phone.ear import Utterance
    from hotline.phone.witness import Witness

WIDTH, HEIGHT, DPI = 1200, 420, 100
"""Pixels of the PNG, and pixels an inch."""
COLUMNS = 1600
"""Points the waveform is drawn with."""

# Okabe and Ito's palette: told apart by colour-blind readers, and here by place and label as well.
_COLOURS = {"prompt": "#0072B2", "digit": "#009E73", "unknown": "#D55E00"}
_KEY, _INK, _FAINT, _WAVE, _FREE = "#CC79A7", "#222222", "#767676", "#56B4E9", "#F0F0F0"
_ENDED_BY = {Side.CALLER: "người gọi gác máy", Side.HOTLINE: "tổng đài kết thúc"}
_HOTLINE_LANE, _CALLER_LANE = 1.0, 0.0
_LETTER = 5.8
"""Pixels a letter of a prompt's words takes, on average."""


def draw(witness: Witness, target: Path, title: str = "Cuộc gọi đến 1900.9068") -> tuple[Path, Path]:
    """Draw what `witness` saw and heard as `target`.png and `target`.svg, and return both paths.

    Needs matplotlib, which comes with the `demo` extra. The digits that were read and keyed are in the picture: it is
    for the caller's eyes.
    """
    # Its list of fonts is kept with our other caches, not in the user's configuration.
    os.environ.setdefault("MPLCONFIGDIR", str(CACHE / "matplotlib"))
    # Imported here: half a second that only a picture is worth. No pyplot: nothing global, no window.
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    png, svg = (target.with_name(target.name + extension) for extension in (".png", ".svg"))
    with rc_context({"font.family": "DejaVu Sans", "font.size": 9, "svg.hashsalt": "call"}):
        figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
        FigureCanvasAgg(figure)
        wave, lanes = figure.subplots(2, 1, sharex=True, height_ratios=[1, 1.7])
        figure.subplots_adjust(left=0.075, right=0.985, top=0.8, bottom=0.12, hspace=0.06)
        figure.suptitle(title, x=0.012, y=0.975, ha="left", fontsize=13, fontweight="bold", color=_INK)
        figure.text(0.985, 0.945, _cost(witness), ha="right", va="center", fontsize=10, color=_INK)
        _draw_wave(wave, witness)
        _draw_moments(wave, lanes, witness)
        _draw_lanes(lanes, witness)
        figure.savefig(png)
        figure.savefig(svg, metadata={"Date": None})
    return png, svg


def _cost(witness: Witness) -> str:
    """How long the call was and what is billed: started minutes from the answer."""
    told = witness.signalling
    if told.answered is None:
        return "không nhấc máy, không tính cước"
    seconds = witness.seconds(told.ended) if told.ended is not None else witness.now
    return f"{seconds:.1f} giây từ lúc nhấc máy, tính cước {max(1, ceil(seconds / 60))} phút".replace(".", ",")


def _draw_wave(axes: Axes, witness: Witness) -> None:
    heard = witness.heard
    level = np.abs(heard.law.decode(heard.audio).astype(np.float64)) / 32768
    step = max(1, -(-len(level) // COLUMNS))
    peaks = np.pad(level, (0, -len(level) % step)).reshape(-1, step).max(axis=1)
    times = np.arange(len(peaks)) * step / RATE - heard.zero
    axes.fill_between(times, -peaks, peaks, color=_WAVE, linewidth=0)
    axes.set_xlim(-heard.zero - 0.3, heard.seconds - heard.zero + 0.3)
    top = max(0.1, float(peaks.max(initial=0)) * 1.1)
    axes.set_ylim(-top, top)
    axes.set_yticks([0], ["nghe\nđược"])
    axes.tick_params(length=0, colors=_INK, labelbottom=False)
    axes.spines[:].set_visible(False)


def _draw_moments(wave: Axes, lanes: Axes, witness: Witness) -> None:
    """Mark ringing, answer and end across both parts; shade what was free, before the answer."""
    told = witness.signalling
    end = "bị từ chối" if told.refused else _ENDED_BY.get(told.ended_by or Side.HOTLINE, "")
    moments = [(told.rang or told.progressed, "chưa tính cước"), (told.answered, "nhấc máy"), (told.ended, end)]
    marks = [(witness.seconds(at), text) for at, text in moments if at is not None]
    first, last = wave.get_xlim()
    marks += [(minute, f"{minute} s") for minute in range(60, int(last) + 1, 60)]
    shown = (last - first) / WIDTH
    for at, text in marks:
        crowded = any(at < other < at + 110 * shown for other, _ in marks)
        for axes in (wave, lanes):
            axes.axvline(at, color=_FAINT, linewidth=1, linestyle=(0, (4, 2)), zorder=0)
        near_right = at > last - 110 * shown
        wave.annotate(
            text,
            (at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-2 if near_right else 2, 16 if crowded else 4),
            textcoords="offset points",
            ha="right" if near_right else "left",
            color=_INK,
        )
    if told.answered is not None:
        for axes in (wave, lanes):
            axes.axvspan(first, 0, color=_FREE, linewidth=0, zorder=-1)


def _draw_lanes(axes: Axes, witness: Witness) -> None:
    axes.set_ylim(-0.45, 1.5)
    axes.set_yticks([_HOTLINE_LANE, _CALLER_LANE], ["tổng đài", "phím bấm"])
    axes.tick_params(length=0, colors=_INK)
    axes.tick_params(axis="x", length=4)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    first, last = axes.get_xlim()
    every = 5 if last - first > 25 else 1
    axes.set_xticks(range(every * ceil(first / every), int(last) + 1, every))
    answered = witness.signalling.answered is not None
    axes.set_xlabel("giây từ lúc nhấc máy" if answered else "giây từ lúc gọi", color=_INK)
    for one in witness.said():
        _draw_utterance(axes, one)
    for reading in witness.timeline():
        if reading.who == "hotline" and reading.text.replace(" ", "").isdecimal():
            axes.text(reading.at, _HOTLINE_LANE + 0.12, reading.text, color=_INK, fontsize=12, fontweight="bold")
    _draw_keys(axes, witness)


def _draw_keys(axes: Axes, witness: Witness) -> None:
    """Draw a marker for each key, with its sign above; signs that would touch go together above the first."""
    first, last = axes.get_xlim()
    together = 12 * (last - first) / WIDTH
    signs: list[tuple[float, str]] = []
    before = -np.inf
    for key in witness.keys:
        at = witness.seconds(key.at)
        axes.plot(
            at, _CALLER_LANE - 0.1, marker="v", markersize=6, color=_KEY, markeredgecolor=_INK, markeredgewidth=0.5
        )
        if at - before < together:
            signs[-1] = (signs[-1][0], signs[-1][1] + key.key)
        else:
            signs.append((at, key.key))
        before = at
    for at, text in signs:
        axes.text(
            at,
            _CALLER_LANE + 0.1,
            text,
            color=_INK,
            fontsize=11,
            fontweight="bold",
            ha="center" if len(text) == 1 else "left",
        )


def _draw_utterance(axes: Axes, one: Utterance) -> None:
    first, last = axes.get_xlim()
    length = one.ends - one.starts
    low, height = (_HOTLINE_LANE - 0.4, 0.4) if one.kind == "digit" else (_HOTLINE_LANE - 0.4, 0.8)
    axes.broken_barh(
        [(one.starts, length)], (low, height), facecolor=_COLOURS[one.kind], edgecolor="white", linewidth=0.8
    )
    if not one.complete:  # a torn edge where it was cut off
        axes.plot(
            [one.ends] * 7, np.linspace(low, low + height, 7), marker="<", color="white", linestyle="", markersize=5
        )
    if one.kind == "prompt":
        wide, high = length / (last - first) * WIDTH * 0.91, HEIGHT * 0.165
        upright = wide < 7 * _LETTER
        along, across = (high, wide) if upright else (wide, high)
        lines = wrap(one.written, max(1, int(along / _LETTER)), max_lines=max(1, int(across / 11)), placeholder="…")
        axes.text(
            one.starts + length / 2,
            _HOTLINE_LANE,
            "\n".join(lines) if across > 9 else "",
            color="white",
            fontsize=6.5 if upright else 7.5,
            ha="center",
            va="center",
            rotation=90 if upright else 0,
        )
