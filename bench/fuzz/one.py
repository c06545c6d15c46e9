"""`python -m bench.fuzz.one TARGET OPTIONS…`: fuzz one target in this process, which libFuzzer ends.

The options are libFuzzer's.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["hotline"], enable_loader_override=False):
    from bench.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz until libFuzzer has enough."""
    program, key, *options = sys.argv
    atheris.Setup([program, *options], TARGETS[key].take)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
