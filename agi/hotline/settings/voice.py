"""How the prompts sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from hotline.settings.group import Group, crossed
from hotline.settings.places import SCRIPTS, SOUNDS

EngineName = Literal["pyttsx3", "espeak-ng", "piper"]
"""Engines of speech: espeak-ng by way of pyttsx3, espeak-ng by its command, Piper with a voice of the operator's."""
PIPER_VOICE: Final = ".onnx"
"""How the name of such a voice ends."""


class VoiceSettings(Group):
    """How the prompts sound and where they lie."""

    language: Annotated[
        str, Field(pattern=r"^[a-z]{2}$", description="of the script `sounds/<language>.toml`; vi is the one delivered")
    ] = "vi"
    scripts: Annotated[
        Path,
        Field(
            description="folder of the script, and of recorded voices in `recorded`; a server has one of its own, as "
            "the delivered one goes with each version"
        ),
    ] = SCRIPTS
    sounds: Annotated[Path, Field(description="folder of the built prompts")] = SOUNDS
    secrets: Annotated[Path, Field(description="folder on tmpfs for the nameless files of spoken secrets")] = Path(
        "/dev/shm/hotline"  # noqa: S108 - tmpfs is the point: a spoken secret never reaches a disk
    )
    engine: Annotated[EngineName, Field(description="what turns words into speech")] = "pyttsx3"
    voice: Annotated[
        str,
        Field(min_length=2, description="espeak-ng voice, as vi or vi+f3; of piper the whole path of a file *.onnx"),
    ] = "vi"
    digits_engine: Annotated[EngineName, Field(description="what says the digits, and the prompts before them")] = (
        "pyttsx3"
    )
    digits_voice: Annotated[
        str, Field(min_length=2, description="its voice; the default was measured in docs/voice-digits.md")
    ] = "vi+linda"
    rate: Annotated[int, Field(ge=80, le=260, description="words a minute")] = 140
    pitch_range: Annotated[int, Field(ge=0, le=100, description="how far the tones are apart; 50 is espeak's own")] = (
        100
    )

    @property
    def script(self) -> Path:
        """Every sentence the hotline can say."""
        return self.scripts / f"{self.language}.toml"

    @property
    def recorded(self) -> Path:
        """The folder of recorded voices, a folder a language."""
        return self.scripts / "recorded"

    @model_validator(mode="after")
    def _voice_of_its_engine(self) -> Self:
        for name, engine, voice in (
            ("voice", self.engine, self.voice),
            ("digits_voice", self.digits_engine, self.digits_voice),
        ):
            of_piper = voice.endswith(PIPER_VOICE)
            if engine == "piper" and not (of_piper and Path(voice).is_absolute()):
                raise crossed(self, name, f"with the engine piper the whole path of a file *{PIPER_VOICE}")
            if engine != "piper" and of_piper:
                raise crossed(self, name, "a voice of piper, and the engine is another")
        return self
