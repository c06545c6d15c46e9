"""An ear that knows every clip by its bytes: exact words and digits, with no recogniser and no guessing.

Where a slice that only one clip has turns up in what was heard, that clip was there, and comparing sample by sample
around it tells how much of it. Only audible samples count: padding may be trimmed (as in readings), and silence equals
silence everywhere.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from hotline.phone.g711 import A_LAW, RATE, Law
from hotline.phone.lore import FRAME, SLICE, Known, Library, Lore, audible_frames
from hotline.phone.rtp import Heard

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EDGE = 0.04
"""Seconds of audible sound that may miss at either end of a complete clip: two packets, less than any syllable."""
PAUSE_INSIDE = 5.0
"""Seconds of stall inside a clip after which its rest counts as another utterance."""
SHORTEST_UNKNOWN = 0.06
"""Seconds of audible sound in no known clip that count as unknown speech."""
LOOK_BACK = 1600
"""Samples searched again, for packets that were overtaken."""
UNKNOWN_JOIN = 0.4
"""Seconds of silence within unknown speech."""


@dataclass(frozen=True)
class Utterance:
    """Something that was said.

    Attributes:
        kind: a prompt, a digit, or audible sound in no known clip.
        id: of the prompt, or the digit itself; "?" when unknown.
        written: the words, as people read them.
        starts: when it began to be audible, seconds from the answer (negative before it).
        ends: when it ended to be audible.
        complete: it was said from beginning to end.
        missing: audible seconds of it that did not arrive, between its start and its end.
        pause: silent seconds in the clip after what was heard, before it would go on; 0 when it is complete.
    """

    kind: Literal["prompt", "digit", "unknown"]
    id: str
    written: str
    starts: float
    ends: float
    complete: bool = True
    missing: float = 0.0
    pause: float = 0.0


@dataclass(frozen=True)
class Silence:
    """A time without audible sound, in seconds from the answer."""

    starts: float
    ends: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.ends - self.starts


@dataclass(frozen=True)
class Piece:
    """A run of a clip found at one place.

    Attributes:
        known: the clip.
        at: sample of what was heard where the clip's sample 0 is, or would be.
        first: first frame of the clip that was heard.
        last: last frame of the clip that was heard.
        missing: audible frames between them that were not.
    """

    known: Known
    at: int
    first: int
    last: int
    missing: int

    @property
    def starts(self) -> int:
        """Sample of what was heard where it begins."""
        return self.at + self.first * FRAME

    @property
    def ends(self) -> int:
        """Sample of what was heard where it ends."""
        return self.at + (self.last + 1) * FRAME


class Ear:
    """Recognises the clips of a library in what was heard.

    Clips with the same audio are one to the ear, under the first id; `same` tells which.

    Args:
        library: of the clips, whose files it reads.
        prompts: ids of those it is to know, for example `script.prompts`; it knows the ten digits besides.

    Raises:
        NotDistinct: a clip has nothing audible that no other has, so it could not be told from that one.
        OSError: a sound file cannot be read.
    """

    def __init__(self, library: Library, prompts: Iterable[str]) -> None:
        self._library = library
        self._prompts = tuple(prompts)
        self._laws = {A_LAW: Lore(library, self._prompts, A_LAW)}

    def same(self, prompt: str) -> str:
        """Return the id under which the ear reports `prompt`.

        Raises:
            KeyError: there is no such prompt.
        """
        return self._laws[A_LAW].names[prompt]

    def listen(self, heard: Heard) -> list[Utterance]:
        """Return all that was said, in order."""
        listening = self.listening(heard.law)
        listening.take(heard.audio)
        return listening.utterances(heard)

    def listening(self, law: Law = A_LAW) -> Listening:
        """Begin to listen to a call while it goes on."""
        if law not in self._laws:
            self._laws[law] = Lore(self._library, self._prompts, law)
        return Listening(self._laws[law])

    def listen_wav(self, path: Path, law: Law = A_LAW) -> list[Utterance]:
        """Return all that was said in a softphone's dump of `law` audio it decoded: true words and order, but no clock.

        Raises:
            ValueError: the file is not 16-bit mono at 8 kHz.
        """
        with wave.open(str(path), "rb") as file:
            if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE):
                raise ValueError(f"{path.name} is not 16-bit mono at {RATE} Hz")
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return self.listen(Heard(law.encode(samples), law))

    @staticmethod
    def silences(heard: Heard, longer_than: float) -> list[Silence]:
        """Return the times of more than `longer_than` seconds without audible sound: before, between, after speech."""
        audible = np.flatnonzero(audible_frames(heard.audio, heard.law))
        starts = [0, *((audible + 1) * FRAME).tolist()]
        ends = [*(audible * FRAME).tolist(), len(heard.audio)]
        found = (
            Silence(start / RATE - heard.zero, end / RATE - heard.zero) for start, end in zip(starts, ends, strict=True)
        )
        return [silence for silence in found if silence.seconds > longer_than]


class Listening:
    """The ear at one call, fed with all audio so far as often as one likes: only what is new is searched."""

    def __init__(self, lore: Lore) -> None:
        self._lore = lore
        self._pieces: list[Piece] = []
        self._searched = 0
        """Samples no piece can begin before."""

    def take(self, audio: bytes | bytearray) -> None:
        """Search what has been added to `audio` since last time; what was there may only have changed near its end."""
        if self._pieces and self._pieces[-1].at + len(self._pieces[-1].known.audio) > self._searched:
            self._pieces[-1] = self._piece(self._pieces[-1].known, self._pieces[-1].at, audio)
            self._searched = max(self._searched, self._pieces[-1].ends)
        begin = self._searched
        fresh = bytes(audio[begin:])
        place, slices = 0, self._lore.slices
        while place <= len(fresh) - SLICE:
            found = slices.get(fresh[place : place + SLICE])
            if found is None:
                place += 1
                continue
            known, offset = found
            self._pieces.append(self._piece(known, begin + place - offset, audio))
            place = max(place + 1, self._pieces[-1].ends - begin)
        after_last = self._pieces[-1].ends if self._pieces else 0
        self._searched = max(begin, after_last, begin + place - LOOK_BACK)

    def recognised(self, zero: float) -> list[Utterance]:
        """Return the prompts and digits so far; the answer was `zero` seconds after the first sample.

        The list only grows, and of what it holds only the last is still subject to change.
        """
        return [_utterance(pieces, zero) for pieces in self._joined()]

    def utterances(self, heard: Heard) -> list[Utterance]:
        """Return all that was said in `heard`, whose audio begins with what was taken last."""
        said = self.recognised(heard.zero)
        return sorted(said + self._unknown(heard), key=lambda utterance: utterance.starts)

    def _joined(self) -> list[list[Piece]]:
        """Return the pieces by utterance: a stall inside a clip leaves two at different places."""
        joined: list[list[Piece]] = []
        for piece in self._pieces:
            before = joined[-1][-1] if joined else None
            if (
                before is not None
                and before.known is piece.known
                and before.last < piece.first
                and abs(piece.at - before.at) <= PAUSE_INSIDE * RATE
            ):
                joined[-1].append(piece)
            else:
                joined.append([piece])
        return joined

    def _unknown(self, heard: Heard) -> list[Utterance]:
        frames = audible_frames(heard.audio, heard.law)
        for piece in self._pieces:
            frames[piece.starts // FRAME : -(-piece.ends // FRAME)] = False
        places = np.flatnonzero(frames)
        breaks = np.flatnonzero(np.diff(places) > UNKNOWN_JOIN * RATE / FRAME) + 1
        unknown = []
        for run in np.split(places, breaks):
            if len(run) * FRAME / RATE >= SHORTEST_UNKNOWN:
                starts, ends = int(run[0]) * FRAME / RATE, int(run[-1] + 1) * FRAME / RATE
                unknown.append(Utterance("unknown", "?", "?", starts - heard.zero, ends - heard.zero))
        return unknown

    @staticmethod
    def _piece(known: Known, at: int, audio: bytes | bytearray) -> Piece:
        """Compare a clip with `audio` frame by frame where its sample 0 would be at `at`; some of it matches."""
        first, last = max(0, -at), min(len(known.audio), len(audio) - at)
        same = np.zeros(len(known.audible) * FRAME, np.bool_)
        same[first:last] = np.frombuffer(audio, np.uint8)[at + first : at + last] == known.audio[first:last]
        if last == len(known.audio):
            same[last:] = True
        matched = same.reshape(-1, FRAME).all(axis=1) & known.audible
        frames = np.flatnonzero(matched)
        begins, ends = int(frames[0]), int(frames[-1])
        missing = int(np.count_nonzero(known.audible[begins:ends])) + 1 - len(frames)
        return Piece(known, at, begins, ends, missing)


def _utterance(pieces: list[Piece], zero: float) -> Utterance:
    known = pieces[0].known
    missing = sum(piece.missing for piece in pieces)
    for before, after in pairwise(pieces):
        missing += int(np.count_nonzero(known.audible[before.last + 1 : after.first]))
    unheard_start = int(np.count_nonzero(known.audible[: pieces[0].first]))
    rest = np.flatnonzero(known.audible[pieces[-1].last + 1 :])
    return Utterance(
        known.kind,
        known.id,
        known.written,
        pieces[0].starts / RATE - zero,
        pieces[-1].ends / RATE - zero,
        complete=max(unheard_start, len(rest)) * FRAME / RATE <= EDGE,
        missing=missing * FRAME / RATE,
        pause=int(rest[0]) * FRAME / RATE if len(rest) else 0.0,
    )
