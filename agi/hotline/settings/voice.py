"""How the prompts sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from hotline.settings.group import Group
from hotline.settings.places import SOUNDS


class VoiceSettings(Group):
    """How the prompts sound and where they lie."""

    sounds: Annotated[Path, Field(description="folder of the built prompts")] = SOUNDS
    secrets: Annotated[Path, Field(description="folder on tmpfs for the nameless files of spoken secrets")] = Path(
        "/dev/shm/hotline"  # noqa: S108 - tmpfs is the point: a spoken secret never reaches a disk
    )
    voice: Annotated[str, Field(min_length=2, description="espeak-ng voice")] = "vi"
    digits_voice: Annotated[
        str, Field(min_length=2, description="espeak-ng voice of the digits; measured in docs/voice-digits.md")
    ] = "vi+linda"
    rate: Annotated[int, Field(ge=80, le=260, description="words a minute")] = 140
    pitch_range: Annotated[int, Field(ge=0, le=100, description="how far the tones are apart; 50 is espeak's own")] = (
        100
    )
