"""The built prompts looked at one by one: there, readable, as loud as they must be, and no longer than their words.

The limits are those of docs/voice.md. `Library.open` finds a hole; this finds what a hole-free library can still have
wrong, for an engine or a processing that changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hotline.prompts import audio
from hotline.prompts.library import clips_of
from hotline.prompts.manifest import Manifest, Spoilt, reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hotline.prompts.library import Words
    from hotline.prompts.manifest import Entry
    from hotline.prompts.script import Script

LEVEL_TOLERANCE: Final = 1.0
"""Decibels by which a clip may be louder or softer than −20 dBFS: more is heard from one prompt to the next."""
PEAK_LIMIT_DBFS: Final = -3.0
SILENCE_TOLERANCE: Final = 0.02
"""Seconds by which the silence around a clip may be longer than it was made: two frames of measuring."""
MASTER_TOLERANCE: Final = 0.2
"""Seconds by which the master may be longer or shorter than what it is the master of: each is trimmed by itself."""


@dataclass(frozen=True)
class Inspected:
    """One clip as it was found.

    Attributes:
        id: of its prompt, or `digits/4`.
        written: its words, as people read them.
        recorded: whether a person says it.
        alaw: its sound; empty where there is none to measure.
        measures: of the A-law; None likewise.
        faults: a sentence for each; none when all is well.
    """

    id: str
    written: str
    recorded: bool
    alaw: bytes
    measures: audio.Measures | None
    faults: Sequence[str]


def inspect(folder: Path, script: Script) -> list[Inspected]:
    """Look at every clip of `script` in `folder` (the one given to `build`); takes a quarter of a second."""
    folder = folder.absolute() / script.language
    with reading(folder):
        entries = Manifest.load(folder).entries
        return [_inspected(folder, id_, words, entries) for id_, words in clips_of(script).items()]


def _inspected(folder: Path, id_: str, words: Words, entries: Mapping[str, Entry]) -> Inspected:
    entry = entries.get(id_)
    if entry is None:
        return Inspected(id_, words.written, False, b"", None, ["not built: run `hotline sounds build`"])
    recorded = not entry.words
    try:
        files = entry.read(folder / id_)
    except Spoilt as spoilt:
        return Inspected(id_, words.written, recorded, b"", None, [f"{spoilt}; run `hotline sounds build`"])
    alaw = files["alaw"]
    measures = audio.measure(audio.decode(alaw), audio.LINE_RATE)
    master = audio.measure(audio.decode_master(files["sln16"]), audio.MASTER_RATE)
    faults = [*_stale(entry, words), *_wrong_format(files), *_wrong_sound(measures)]
    faults += [f".sln16: {fault}" for fault in _wrong_sound(master)]
    return Inspected(id_, words.written, recorded, alaw, measures, faults)


def _stale(entry: Entry, words: Words) -> Iterator[str]:
    if entry.words not in ("", words.spoken):
        yield "built from other words: run `hotline sounds build`"


def _wrong_format(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what shows that a file is no audio of its format: raw audio has no other mark of it than the A-law."""
    if files["ulaw"] != audio.alaw_to_ulaw(files["alaw"]):
        yield ".ulaw is not the sound of the .alaw: run `hotline sounds build`"
    found = len(files["sln16"])
    size = len(files["alaw"]) * audio.MASTER_BYTES * audio.MASTER_RATE // audio.LINE_RATE
    slack = round(MASTER_TOLERANCE * audio.MASTER_BYTES * audio.MASTER_RATE)
    if abs(found - size) > slack or found % audio.MASTER_BYTES:
        yield f".sln16 has {found} bytes, and the .alaw's length makes {size}: run `hotline sounds build`"


def _wrong_sound(measures: audio.Measures) -> Iterator[str]:
    if abs(measures.level - audio.LEVEL_DBFS) > LEVEL_TOLERANCE:
        yield f"level {measures.level:.1f} dBFS: {audio.LEVEL_DBFS:g} ± {LEVEL_TOLERANCE:g} is as loud as the others"
    if measures.peak > PEAK_LIMIT_DBFS:
        yield f"peak {measures.peak:.1f} dBFS: over {PEAK_LIMIT_DBFS:g} it is clipped on the line"
    for name, seconds, made in (
        ("before", measures.lead, audio.LEAD_SECONDS),
        ("after", measures.tail, audio.TAIL_SECONDS),
    ):
        if seconds > made + SILENCE_TOLERANCE:
            yield f"{seconds:.2f} s of silence {name} the speech: {made:.2f} is enough"
