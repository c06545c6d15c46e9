"""What a `hotline run` that is up leaves for commands in other terminals: where it is, and how to reach its parts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from hotline.demo.run_folder import live_runs

NAME: Final = "card.json"


class Card(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        server: host and port of its SIP.
        number: what callers dial.
        pbx: folder of its Asterisk.
        root: root file system of its Asterisk; None for the machine's own.
        sounds: folder of its prompts.
        environment: the settings that its own processes have, with passwords.
    """

    server: str
    number: str
    pbx: Path
    root: Path | None
    sounds: Path
    environment: dict[str, str]

    @property
    def site(self) -> Path:
        """The site folder of its switchboard."""
        return self.pbx / "etc" / "site"

    def leave(self, folder: Path) -> None:
        """Leave it in the run's own folder, which nobody else can look into and which goes with the run."""
        with os.fdopen(os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(self, enc_hook=str))


def card_of_run() -> Card | None:
    """Return the card of this user's run that came up last; None when there is none."""
    cards = [folder / NAME for folder in live_runs() if (folder / NAME).exists()]
    if not cards:
        return None
    newest = max(cards, key=lambda card: card.stat().st_mtime)
    return msgspec.json.decode(newest.read_bytes(), type=Card, dec_hook=lambda kind, text: kind(text))
