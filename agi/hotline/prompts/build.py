"""From the script to sound files: renders what changed, keeps what did not."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from hotline.prompts import audio, manifest, recordings
from hotline.prompts.engine import Manner, engine_for
from hotline.prompts.errors import VoiceFailed
from hotline.prompts.language import LANGUAGES
from hotline.prompts.library import Library, clips_of
from hotline.prompts.manifest import Entry, Manifest, Spoilt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from hotline.prompts.engine import Engine
    from hotline.prompts.library import Words
    from hotline.prompts.script import Script
    from hotline.settings.voice import EngineName


class Voice(Protocol):
    """How the prompts are to sound: `settings.VoiceSettings`, for one."""

    @property
    def engine(self) -> EngineName:
        """By which engine."""

    @property
    def voice(self) -> str:
        """A voice of it."""

    @property
    def digits_engine(self) -> EngineName:
        """The one of the digits."""

    @property
    def digits_voice(self) -> str:
        """The one that says the digits, and the prompts right before them."""

    @property
    def rate(self) -> int:
        """Words a minute."""

    @property
    def pitch_range(self) -> int:
        """How far the tones are apart, 0 to 100."""


def build(
    script: Script,
    recorded: Path,
    out: Path,
    voice: Voice,
    progress: Callable[[int, int, str], None] = lambda _done, _total, _id: None,
    *,
    engine: Callable[[Manner], Engine] = engine_for,
) -> Library:
    """Bring the sounds in `out` up to date and open them; blocks for some seconds when all is to be done.

    A clip is built again when its words, its recording, the voice or the processing changed, or a file of it did.
    Safe to run twice at once, and at any moment: players see an old file or a new one.

    Args:
        script: what there is to say.
        recorded: folder whose `<language>/` has recorded voices, which take the place of the engine.
        out: folder to build `<language>/<id>.alaw`, `.ulaw` and `.sln16` in.
        voice: how the engine is to sound, but for what the script says otherwise.
        progress: told how many clips are done, of how many to do, and the id of the last.
        engine: makes an engine; one for each manner there is.

    Raises:
        RecordingRefused: a recorded voice cannot be used.
        VoiceFailed: the engine is missing, has no such voice, or did not answer.
        SoundsUnwritable: `out` cannot be written.
    """
    folder = out.absolute() / script.language
    with manifest.writing(folder):
        _Build(script, recorded / script.language, folder, voice, engine).run(progress)
    return Library.open(out, script)


class _Build:
    """One build of one folder."""

    def __init__(
        self, script: Script, recorded: Path, folder: Path, voice: Voice, engine: Callable[[Manner], Engine]
    ) -> None:
        self._words = clips_of(script)
        self._recorded = recordings.find(recorded, self._words)
        self._folder = folder
        self._manners = {id_: _manner(words, voice, script.language) for id_, words in self._words.items()}
        self._texts = {
            id_: words.spoken if self._manners[id_].phonemes else words.plain for id_, words in self._words.items()
        }
        # An engine has one voice and one rate for its whole life.
        self._engines = {manner: engine(manner) for manner in dict.fromkeys(self._manners.values())}
        self._manifest = Manifest.load(folder)
        self._keys = self._all_keys()

    def run(self, progress: Callable[[int, int, str], None]) -> None:
        stale = [id_ for id_ in self._words if not self._fresh(id_)]
        try:
            with closing(self._speeches(stale)) as speeches:
                for done, (id_, speech) in enumerate(speeches, 1):
                    self._store(id_, speech)
                    progress(done, len(stale), id_)
            self._forget()
        finally:
            # What was finished before a fault need not be done again.
            self._manifest.save(self._folder)

    def _all_keys(self) -> dict[str, str]:
        spoken = self._words.keys() - self._recorded.keys()
        identities = {manner: self._engines[manner].identity for manner in {self._manners[id_] for id_ in spoken}}
        keys = {id_: _digest("spoken", identities[self._manners[id_]], self._texts[id_]) for id_ in spoken}
        return keys | {id_: _digest("recorded", recordings.digest(path)) for id_, path in self._recorded.items()}

    def _fresh(self, id_: str) -> bool:
        entry = self._manifest.entries.get(id_)
        if entry is None or entry.key != self._keys[id_]:
            return False
        try:
            entry.read(self._folder / id_)
        except Spoilt:
            return False
        return True

    def _speeches(self, stale: list[str]) -> Generator[tuple[str, audio.Speech], None, None]:
        for id_ in stale:
            if id_ in self._recorded:
                yield id_, recordings.read(self._recorded[id_])
        for manner, engine in self._engines.items():
            if spoken := [id_ for id_ in stale if id_ not in self._recorded and self._manners[id_] == manner]:
                with closing(engine.speak(self._texts[id_] for id_ in spoken)) as speeches:
                    yield from zip(spoken, speeches, strict=True)

    def _store(self, id_: str, speech: audio.Speech) -> None:
        recorded = id_ in self._recorded
        try:
            files = audio.encode(speech)
        except audio.NoSpeech as silent:
            if recorded:
                raise recordings.refused(self._recorded[id_], str(silent)) from None
            raise VoiceFailed(f"the engine said nothing for “{self._texts[id_]}”") from None
        self._manifest.entries[id_] = Entry.write(
            self._folder / id_, files, key=self._keys[id_], words="" if recorded else self._words[id_].spoken
        )

    def _forget(self) -> None:
        """Remove the clips the script no longer has."""
        for id_ in self._manifest.entries.keys() - self._words.keys():
            for extension in audio.EXTENSIONS:
                (self._folder / f"{id_}.{extension}").unlink(missing_ok=True)
            del self._manifest.entries[id_]


def _manner(words: Words, voice: Voice, language: str) -> Manner:
    """Return how the settings and the script together want `words` said."""
    said = words.override
    engine, name = (voice.digits_engine, voice.digits_voice) if words.of_digits else (voice.engine, voice.voice)
    return Manner(
        said.engine or engine, said.voice or name, said.rate or voice.rate, voice.pitch_range, LANGUAGES[language]
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps([audio.VERSION, *parts]).encode()).hexdigest()
