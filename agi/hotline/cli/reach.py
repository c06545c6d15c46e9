"""The hotline that a command works on: that of the settings, or else the `hotline run` that is up."""

from __future__ import annotations

import os
import sys
from typing import Final

from hotline.demo.card import card_of_run
from hotline.settings import Settings

OWN: Final = frozenset({"HOTLINE_DATABASE__DSN", "HOTLINE_ARI__PASSWORD", "HOTLINE_ARI__PASSWORD_FILE"})
"""Who sets one of these means a hotline of their own."""


def take_over_run() -> bool:
    """Have the settings of the run that is up, unless there are some of a hotline already; return whether we have."""
    if not OWN.isdisjoint(os.environ) or (card := card_of_run()) is None:
        return False
    os.environ.update(card.environment)
    return True


def within_reach() -> Settings:
    """Return the settings, and say on standard error if they are those of the run that is up. Raises: SettingsError."""
    if take_over_run():
        print("hotline: HOTLINE_DATABASE__DSN is not set, so this is the `hotline run` that is up", file=sys.stderr)
    return Settings.load()
