"""What a client is told, in its environment; the one thing all of them know."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

VARIABLE, PASSWORD = "BENCH_BESIDE", "BENCH_ARI_PASSWORD"
NUMBER = "0123456799"
"""What a caller keys, and then #."""


@dataclass(frozen=True)
class Orders:
    """What to do.

    Attributes:
        url: base address of Asterisk's HTTP server.
        user: ARI user.
        app: application name.
        sounds: folder of menu, silence, check and reading.
        seconds: length of each of them.
        port: where a FastAGI server listens.
    """

    url: str
    user: str
    app: str
    sounds: str
    seconds: dict[str, float]
    port: int

    @staticmethod
    def given() -> Orders:
        """Return those in the environment."""
        return Orders(**json.loads(os.environ[VARIABLE]))
