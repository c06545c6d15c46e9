"""What the ear knows of a library of clips: their bytes, and the slices that give each of them away."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from hotline.phone.errors import NotDistinct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from hotline.phone.g711 import Law

SLICE = 160
"""Samples of a known slice: one packet, so that a lost one hides as few slices as can be."""
FRAME = 80
"""Samples in a frame, the unit of what is audible and of what was heard: 10 ms."""
AUDIBLE = 180
"""Peak of an audible frame, of 32768: −45 dBFS. Speech is levelled to −20."""

Kind = Literal["prompt", "digit"]


class Clip(Protocol):
    """What the ear needs of a prompt: files `.alaw` and `.ulaw` beside `path`, and the words people read."""

    @property
    def path(self) -> Path:
        """Absolute path without extension."""

    @property
    def written(self) -> str:
        """The words as people read them."""


class Library(Protocol):
    """What the ear needs of the prompts: each by its id, and the ten digits."""

    def __getitem__(self, prompt: str, /) -> Clip:
        """The clip of a prompt."""

    def digit(self, digit: str, /) -> Clip:
        """The clip of a digit."""


@dataclass(frozen=True)
class Known:
    """A clip as the ear knows it.

    Attributes:
        kind: whether it is a prompt or a digit.
        id: of the prompt, or the digit itself.
        written: the words as people read them.
        audio: its samples.
        audible: for each frame from its first sample on, whether it is audible.
    """

    kind: Kind
    id: str
    written: str
    audio: npt.NDArray[np.uint8]
    audible: npt.NDArray[np.bool_]


class Lore:
    """What there is to know of some prompts and the ten digits of a library, in one law.

    Attributes:
        names: for each prompt, the id it is reported under: clips with the same audio are one to the ear.
        slices: each slice that occurs once in all of them, and where: (clip, sample).

    Raises:
        NotDistinct: a clip has nothing audible that no other has.
        OSError: a sound file cannot be read.
    """

    def __init__(self, library: Library, prompts: Iterable[str], law: Law) -> None:
        self.names: dict[str, str] = {}
        known: dict[bytes, Known] = {}
        # Digits first: a library that lists them among its prompts as well still has them told as digits.
        clips: list[tuple[Kind, str, Clip]] = [("digit", digit, library.digit(digit)) for digit in "0123456789"]
        clips += [("prompt", prompt, library[prompt]) for prompt in prompts]
        for kind, name, clip in clips:
            audio = clip.path.with_name(f"{clip.path.name}.{law.extension}").read_bytes()
            this = Known(kind, name, clip.written, np.frombuffer(audio, np.uint8), audible_frames(audio, law))
            first = known.setdefault(audio, this)
            if kind == "prompt":
                self.names[name] = first.id
        self.slices = _distinct_slices(known)


def audible_frames(audio: bytes | bytearray, law: Law) -> npt.NDArray[np.bool_]:
    """Tell for each frame, the last of which may be shorter, whether it is audible."""
    size = np.abs(law.decode(bytes(audio)).astype(np.int32))
    frames = np.pad(size, (0, -len(size) % FRAME)).reshape(-1, FRAME)
    return np.asarray((frames > AUDIBLE).any(axis=1))


def _distinct_slices(clips: Mapping[bytes, Known]) -> dict[bytes, tuple[Known, int]]:
    """Return the audible slices that occur once in all clips, one beginning at each frame.

    So many of them because a search costs the same for any number, and a clip that a stall tore apart is found by any
    part of 30 ms.
    """
    candidates: dict[bytes, tuple[Known, int]] = {}
    for audio, known in clips.items():
        for place in (np.flatnonzero(known.audible) * FRAME).tolist():
            if place <= len(audio) - SLICE:
                candidates[audio[place : place + SLICE]] = (known, place)
    count: Counter[bytes] = Counter()
    for audio in clips:
        slices = (audio[place : place + SLICE] for place in range(len(audio) - SLICE + 1))
        count.update(piece for piece in slices if piece in candidates)
    distinct = {piece: found for piece, found in candidates.items() if count[piece] == 1}
    told_apart = {(known.kind, known.id) for known, _ in distinct.values()}
    for known in clips.values():
        if (known.kind, known.id) not in told_apart:
            raise NotDistinct(f"{known.kind} {known.id} has nothing audible that no other clip has")
    return distinct
