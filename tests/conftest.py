"""What tests of every level share."""

import random
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from hotline.phone.g711 import RATE

# On a machine shared with other suites a single example may take any time.
hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")


@dataclass(frozen=True)
class NoiseClip:
    path: Path
    written: str


class NoiseLibrary:
    """Prompts and digits of noise, without padding: each like no other, and quickly made."""

    def __init__(self, folder, prompts, digit_seconds):
        """Write the files into `folder`; `prompts` has the seconds of each."""
        self.folder = folder
        for seed, name in enumerate([*prompts, *"0123456789"]):
            noise = random.Random(seed).randbytes(round(prompts.get(name, digit_seconds) * RATE))
            (folder / f"{name}.alaw").write_bytes(noise)

    def __getitem__(self, name):
        return NoiseClip(self.folder / name, f"Lời {name}.")

    digit = __getitem__

    def audio(self, name):
        """Return what a clip sounds like."""
        return (self.folder / f"{name}.alaw").read_bytes()


@pytest.fixture(scope="session")
def noise_library(tmp_path_factory):
    """Make a library of noise from the prompts' seconds."""

    def make(prompts, digit_seconds=0.3):
        return NoiseLibrary(tmp_path_factory.mktemp("noise"), prompts, digit_seconds)

    return make
