"""The built prompts, checked once, then handed out without touching a file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hotline.prompts import audio
from hotline.prompts.errors import PromptMissing
from hotline.prompts.manifest import Manifest, Spoilt, reading
from hotline.prompts.override import Override, bracketed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hotline.prompts.script import Script


@dataclass(frozen=True)
class Clip:
    """A sound that Asterisk can play.

    Attributes:
        id: of its prompt; `digits/4` for a digit.
        path: absolute, without extension; `.alaw`, `.ulaw` and `.sln16` lie beside each other.
        seconds: how long it plays, its silences included.
        written: its words, as people read them.
    """

    id: str
    path: Path
    seconds: float
    written: str


@dataclass(frozen=True)
class Words:
    """What a clip is to say, and how people read it.

    Attributes:
        spoken: the words, with phonemes of espeak-ng in its brackets in place of some.
        plain: the words alone, for an engine that takes no phonemes.
        written: as people read it.
        of_digits: whether the voice of the digits says it.
        override: what of its voice is not as in the settings.
    """

    spoken: str
    plain: str
    written: str
    of_digits: bool = False
    override: Override = field(default_factory=Override)


def clips_of(script: Script) -> dict[str, Words]:
    """Return every clip a script asks for, by id: its prompts and its ten digits."""
    clips = {
        prompt.id: Words(
            prompt.override.marked(prompt.spoken), prompt.spoken, prompt.written, prompt.before_digits, prompt.override
        )
        for prompt in script.prompts.values()
    }
    said = {digit: bracketed(phonemes) for digit, phonemes in script.phonemes.items()}
    return clips | {
        digit_id(digit): Words(
            said.get(digit, word), word, digit, of_digits=True, override=Override(rate=script.rates.get(digit))
        )
        for digit, word in script.digits.items()
    }


def digit_id(digit: str) -> str:
    """Return the clip id of a digit."""
    return f"digits/{digit}"


class Library:
    """Every clip of a script, each known to be there."""

    def __init__(self, clips: Mapping[str, Clip], speech: Mapping[str, bytes]) -> None:
        """Take what `open` has checked: the clips, and the A-law speech of each without the silence around it."""
        self._clips = clips
        self._speech = speech

    @classmethod
    def open(cls, folder: Path, script: Script) -> Library:
        """Check the prompts built into `folder` (the one given to `build`) and read them.

        Raises:
            PromptMissing: a prompt was not built, was built from other words, or has a file that is missing,
                unreadable or changed; the message has a line for each.
        """
        folder = folder.absolute() / script.language
        with reading(folder):
            return cls._open(folder, script)

    @classmethod
    def _open(cls, folder: Path, script: Script) -> Library:
        entries = Manifest.load(folder).entries
        if not entries:
            count = len(clips_of(script))
            raise PromptMissing(
                f"{folder}: none of the {count} prompts and digits is built: run `hotline sounds build`"
            )
        clips, speech, holes = {}, {}, []
        for id_, words in clips_of(script).items():
            entry = entries.get(id_)
            if entry is None:
                holes.append(f"{id_}: not built")
                continue
            if entry.words not in ("", words.spoken):
                holes.append(f"{id_}: built from other words")
                continue
            try:
                alaw = entry.read(folder / id_)["alaw"]
            except Spoilt as spoilt:
                holes.append(f"{id_}: {spoilt}")
                continue
            clips[id_] = Clip(id_, folder / id_, audio.seconds(alaw), words.written)
            speech[id_] = audio.core(alaw)
        if holes:
            raise PromptMissing("\n".join([*holes, "run `hotline sounds build`"]))
        return cls(clips, speech)

    def __getitem__(self, id_: str) -> Clip:
        """Return a clip.

        Raises:
            PromptMissing: the script has none of this id.
        """
        try:
            return self._clips[id_]
        except KeyError:
            raise PromptMissing(f"{id_}: not in the script") from None

    def __iter__(self) -> Iterator[str]:
        """The ids of the prompts, without the digits'."""
        return (id_ for id_ in self._clips if not id_.startswith("digits/"))

    def __contains__(self, id_: object) -> bool:
        return id_ in self._clips

    def holes(self) -> dict[str, str]:
        """Look at the files again; return why a clip can't be played any more, by id. It takes milliseconds."""
        return {clip.id: reason for clip in self._clips.values() if (reason := _hole(clip))}

    def digit(self, digit: str) -> Clip:
        """Return the clip of one digit."""
        return self[digit_id(digit)]

    def speech(self, id_: str) -> bytes:
        """Return the A-law speech of a clip, bit for bit, without the silence around it."""
        return self._speech[self[id_].id]


def _hole(clip: Clip) -> str:
    """Return why `clip` can't be played; nothing if it can."""
    for extension in audio.EXTENSIONS:
        path = clip.path.with_name(f"{clip.path.name}.{extension}")
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            return f"{path}: {error.strerror}"
        if extension != "sln16" and size / audio.LINE_RATE != clip.seconds:
            return f"{path}: not as it was when the service started"
    return ""
