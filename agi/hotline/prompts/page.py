"""The prompts as one page to listen to: a player, a waveform and the figures for each, in a file that needs no other.

What it plays is what the line plays: the A-law, decoded, in lossless FLAC, which every browser knows.
"""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile

from hotline.prompts import audio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hotline.prompts.inspection import Inspected

_COLUMNS: Final = 240  # of a waveform
_HEIGHT: Final = 48

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; media-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif }}
body {{ margin: 1rem auto; max-width: 60rem; padding: 0 1rem }}
article {{ border-top: 1px solid #8888; padding: .6rem 0 }}
h2 {{ font-size: 1rem; margin: 0 }} h2 small {{ font-weight: normal; opacity: .7 }}
p {{ margin: .2rem 0 }}
svg {{ width: 100%; height: {height}px; display: block; fill: #2a7de1; background: #8882 }}
audio {{ width: 100%; height: 2.2rem }}
.fault {{ color: #d33; font-weight: bold }}
</style>
<h1>{title}</h1>
<p>{summary}</p>
{articles}
</html>
"""
_ARTICLE: Final = """<article id="{id}">
<h2>{id} <small>{figures}</small></h2>
<p lang="{language}">{written}</p>
{faults}{sound}</article>
"""
_SOUND: Final = """<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none"><path d="{path}"/></svg>
<audio controls preload="none" src="data:audio/flac;base64,{flac}"></audio>
"""


def page(clips: Sequence[Inspected], *, title: str, language: str) -> str:
    """Return the page; it takes about 10 kB a second of speech."""
    faulty = sum(bool(clip.faults) for clip in clips)
    seconds = sum(clip.measures.seconds for clip in clips if clip.measures)
    return _PAGE.format(
        title=html.escape(title),
        height=_HEIGHT,
        summary=f"{len(clips)} clips, {seconds:.0f} s, {faulty} with faults",
        articles="".join(_article(clip, language) for clip in clips),
    )


def _article(clip: Inspected, language: str) -> str:
    figures, sound = "no sound", ""
    if clip.measures:
        who = "recorded" if clip.recorded else "engine"
        measures = clip.measures
        figures = f"{measures.seconds:.2f} s · {measures.level:.1f} dBFS · peak {measures.peak:.1f} dBFS · {who}"
        samples = audio.decode(clip.alaw)
        sound = _SOUND.format(width=_COLUMNS, height=_HEIGHT, path=_waveform(samples), flac=_flac(samples))
    return _ARTICLE.format(
        id=html.escape(clip.id),
        figures=figures,
        language=html.escape(language),
        written=html.escape(clip.written),
        faults="".join(f'<p class="fault">{html.escape(fault)}</p>\n' for fault in clip.faults),
        sound=sound,
    )


def _waveform(samples: audio.Samples) -> str:
    """Return the outline of a sound, upper half and then lower half, as the path of an SVG."""
    peaks = [float(np.abs(part).max(initial=0.0)) for part in np.array_split(samples, _COLUMNS)]
    middle = _HEIGHT / 2
    heights = [round(peak * middle, 1) for peak in peaks]
    upper = [f"{at} {middle - height:g}" for at, height in enumerate(heights)]
    lower = [f"{at} {middle + height:g}" for at, height in enumerate(heights)]
    return "M" + "L".join([*upper, *reversed(lower)]) + "Z"


def _flac(samples: audio.Samples) -> str:
    file = io.BytesIO()
    soundfile.write(file, samples, audio.LINE_RATE, format="FLAC", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()
