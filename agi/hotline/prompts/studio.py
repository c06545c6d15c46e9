"""For a person who lends the hotline their voice: what to record, and whether what they recorded can be used."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile

from hotline.prompts import audio, manifest, recordings
from hotline.prompts.errors import RecordingRefused, SoundsUnwritable
from hotline.prompts.library import clips_of, digit_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hotline.prompts.library import Words
    from hotline.prompts.script import Script

LOUDEST_DBFS: Final = -9.0
"""Level of speech over which a take was spoken too close, or recorded too high."""
SOFTEST_DBFS: Final = -40.0
"""Level of speech under which making it as loud as the others makes the room's noise heard too."""
LONGEST_DIGIT: Final = 0.6
"""Seconds of a digit: a password is eighteen, each as long as the longest, and the call has a minute (SPEC §2)."""

_SYLLABLE_SECONDS: Final = 0.45  # of somebody who speaks slowly
_PAUSE_SECONDS: Final = 0.5  # at each mark between words, and once
_FULL_SCALE: Final = 0.999
_CLIPPED_SAMPLES: Final = 3  # in a row at full scale: a wave never rests there by itself
_REST: Final = "Khác"
_DIGITS: Final = "Chữ số"


@dataclass(frozen=True)
class Line:
    """One thing to record.

    Attributes:
        group: what it belongs to, as people read it.
        file: what to call the take, without extension; also the id of its prompt.
        words: what to say.
    """

    group: str
    file: str
    words: str


@dataclass(frozen=True)
class Take:
    """A file of somebody's voice.

    Attributes:
        path: where it was found.
        id: of its prompt; empty when there is none of its name.
        faults: a sentence for each reason why it can't be used; none when it can.
    """

    path: Path
    id: str
    faults: Sequence[str]


@dataclass(frozen=True)
class Session:
    """What became of a folder of takes.

    Attributes:
        takes: every file that is a sound, or should be one.
        taken: ids of those taken in.
        missing: ids of which there is no recording still; an engine says these.
    """

    takes: Sequence[Take]
    taken: Sequence[str]
    missing: Sequence[str]


def recording_list(script: Script) -> list[Line]:
    """Return what there is to record, group by group as the script has them, the digits last."""
    group_of = {id_: group for group, ids in script.groups.items() for id_ in ids}
    order = [*script.groups, _REST]
    lines = [Line(group_of.get(prompt.id, _REST), prompt.id, prompt.spoken) for prompt in script.prompts.values()]
    lines.sort(key=lambda line: order.index(line.group))
    return [*lines, *[Line(_DIGITS, digit_id(digit), word) for digit, word in script.digits.items()]]


def take_in(folder: Path, script: Script, recorded: Path) -> Session:
    """Take the good takes of `folder` into `recorded`, the folder that is given to `build`.

    They are kept as they are, in FLAC, mixed to one channel; `build` trims and levels them. A take with a fault is left
    where it is, and so are all ten digits unless, with those recorded before, all ten are good.

    Raises:
        RecordingRefused: there is no such folder.
        SoundsUnwritable: `recorded` can't be written; the takes before are there.
    """
    clips = clips_of(script)
    into = recorded / script.language
    before = {id_ for id_ in clips if _recordings_of(into / id_)}
    takes = _looked_at(folder, clips)
    good = {take.id: take for take in takes if not take.faults}
    digits = clips.keys() - script.prompts.keys()
    if not digits <= good.keys() | before:
        good = {id_: take for id_, take in good.items() if id_ not in digits}
    for id_, take in good.items():
        _keep(take.path, into / id_)
    return Session(takes, sorted(good), [id_ for id_ in clips if id_ not in before | good.keys()])


def _looked_at(folder: Path, clips: Mapping[str, Words]) -> list[Take]:
    takes: dict[str, Take] = {}
    strange = []
    if not folder.is_dir():
        raise RecordingRefused(f"{folder}: there is no such folder")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        id_ = path.relative_to(folder).with_suffix("").as_posix()
        if id_ not in clips:
            if _is_sound(path):
                strange.append(Take(path, "", [f"the script has no prompt “{id_}”"]))
        elif id_ in takes:
            strange.append(Take(path, "", [f"a second take of “{id_}”: keep the better one"]))
        else:
            takes[id_] = Take(path, id_, list(_faults(path, id_, clips[id_])))
    return [*takes.values(), *strange]


def _is_sound(path: Path) -> bool:
    try:
        soundfile.info(str(path))
    except soundfile.LibsndfileError:
        return False
    return True


def _faults(path: Path, id_: str, words: Words) -> Iterator[str]:
    try:
        speech = audio.read(path)
    except OSError as error:
        yield error.strerror or "cannot be read"
        return
    except soundfile.LibsndfileError:
        yield "not a sound file"
        return
    if speech.rate < audio.LINE_RATE:
        yield f"{speech.rate} samples a second are too few: {audio.LINE_RATE} at least"
        return
    measures = audio.measure(speech.samples, speech.rate)
    if measures.level == -np.inf:
        yield "there is nothing in it to hear"
        return
    if _is_clipped(speech.samples):
        yield "clipped: record it again, further from the microphone or with less gain"
    elif measures.level > LOUDEST_DBFS:
        yield f"too loud: speech at {measures.level:.0f} dBFS, {LOUDEST_DBFS:g} at most"
    if measures.level < SOFTEST_DBFS:
        yield f"too quiet: speech at {measures.level:.0f} dBFS, {SOFTEST_DBFS:g} at least"
    spoken, longest = measures.seconds - measures.lead - measures.tail, _longest(id_, words)
    if spoken > longest:
        yield f"too long: {spoken:.1f} s of speech, {longest:.1f} at most for these words"


def _longest(id_: str, words: Words) -> float:
    """Return the seconds that somebody who speaks slowly needs for `words`."""
    if id_.startswith("digits/"):
        return LONGEST_DIGIT
    pauses = 1 + sum(word[-1] in ".,:;?!" for word in words.plain.split())
    return len(words.plain.split()) * _SYLLABLE_SECONDS + pauses * _PAUSE_SECONDS


def _is_clipped(samples: audio.Samples) -> bool:
    full = np.abs(samples) >= _FULL_SCALE
    in_a_row = np.convolve(full, np.ones(_CLIPPED_SAMPLES), mode="valid")
    return bool((in_a_row >= _CLIPPED_SAMPLES).any())


def _keep(take: Path, base: Path) -> None:
    """Have `take` as the one recording at `base`, a path without extension."""
    speech = recordings.read(take)
    file = io.BytesIO()
    soundfile.write(file, speech.samples, speech.rate, format="FLAC", subtype="PCM_24")
    kept = base.with_name(f"{base.name}.flac")
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
        manifest.replace(kept, file.getvalue())
        for former in _recordings_of(base):
            if former != kept:
                former.unlink()
    except OSError as error:
        raise SoundsUnwritable(f"{kept}: {error.strerror}") from None


def _recordings_of(base: Path) -> list[Path]:
    """Return the recordings there are at `base`, a path without extension."""
    paths = (base.with_name(f"{base.name}{extension}") for extension in recordings.FORMATS)
    return [path for path in paths if path.is_file()]
