"""What the canary found, as a file for node_exporter's textfile collector: it is no process that could be asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def canary_figures(*, success: bool, seconds: Mapping[str, float | None]) -> CollectorRegistry:
    """Return the figures of a call of the canary; `seconds` by what took them, without those it did not come to."""
    registry = CollectorRegistry()
    Gauge("hotline_canary_success", "Whether its call went as it must.", registry=registry).set(success)
    Gauge("hotline_canary_last_run_timestamp_seconds", "When its call ended, as Unix time.", registry=registry).set(
        time.time()
    )
    taken = Gauge("hotline_canary_seconds", "Seconds that a part of its call took.", ["part"], registry=registry)
    for part, value in seconds.items():
        if value is not None:
            taken.labels(part).set(value)
    return registry


def write_canary(path: Path, *, success: bool, seconds: Mapping[str, float | None]) -> None:
    """Write the figures to `path`, whole or not at all.

    Raises:
        OSError: it can't be written there.
    """
    write_to_textfile(str(path), canary_figures(success=success, seconds=seconds))
