"""Digits read out: each reading is one nameless file on tmpfs that lives as long as its playback (SPEC §4)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from hotline.prompts import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hotline.call import Sound
    from hotline.menu import Pace
    from hotline.prompts import Library, SpokenSecrets


class Readings:
    """Makes readings from the cached digits."""

    def __init__(self, library: Library, secrets: SpokenSecrets) -> None:
        self._library = library
        self._secrets = secrets

    @contextlib.contextmanager
    def of(self, digits: str, lead: str, pace: Pace) -> Iterator[Sound]:
        """Yield the sound of `digits` after the prompt `lead`; its file is gone after the block."""
        audio = compose(self._library, lead, digits, digit_gap=pace.digit_gap, group_gap=pace.group_gap)
        with self._secrets.file(audio) as sound:
            yield sound
