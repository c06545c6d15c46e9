"""The figures of the service for Prometheus.

No label has a value that a caller could choose, or that tells who somebody is: no number, no call, no address.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from hotline.console.vitals import faults
from hotline.menu import steps
from hotline.records.outcomes import CallOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from hotline.call import Call
    from hotline.console.vitals import Vitals

STEPS: Final = frozenset(
    {
        "door", "answer", "number", "check", "mismatch", "reading", "heard", "unheard", "repeat",
        steps.HELP, steps.END, steps.SWITCHED_OFF, steps.GIVEN_UP,
    }
)  # fmt: skip
"""Steps that have a label of their own."""
MENU: Final = "menu"
"""The label of all menus, which are named by whoever writes them."""
INFORMATION: Final = "information"
"""The label of all other steps: what is said on a key."""


class Meters:
    """What is counted and timed while the service runs.

    Attributes:
        registry: all of it, and the process's own figures.
        vitals: how the service was when it was last asked; None before.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.vitals: Vitals | None = None
        self._calls = Counter(
            "hotline_calls", "Calls that have ended, by how they did.", ["outcome"], registry=self.registry
        )
        self._duration = Histogram(
            "hotline_call_duration_seconds",
            "Seconds from the first ring to the end of a call.",
            buckets=(1, 5, 10, 20, 30, 40, 50, 60, 90, 120, 180, 300, 600),
            registry=self.registry,
        )
        self._steps = Histogram(
            "hotline_call_step_seconds",
            "Seconds from a step of a call to the next one, or to its end.",
            ["step"],
            buckets=(0.1, 0.5, 1, 2, 4, 8, 12, 16, 24, 32, 60),
            registry=self.registry,
        )
        self._reactions = Histogram(
            "hotline_key_to_audio_seconds",
            "Seconds from the key that completed an answer to the sound that followed.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5),
            registry=self.registry,
        )
        self._lag = Histogram(
            "hotline_event_loop_lag_seconds",
            "Seconds that the event loop was late for what was due.",
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=self.registry,
        )
        self.registry.register(_AtThisMoment(self))
        _Process(registry=self.registry)

    def call_ended(self, call: Call) -> None:
        """Count a call that has ended, and the times of its steps."""
        self._calls.labels(call.outcome or CallOutcome.HUNG_UP).inc()
        self._duration.observe(call.seconds())
        ends = [*(step.at for step in call.steps), call.seconds()]
        for step, (begin, end) in zip(call.steps, pairwise(ends), strict=True):
            self._steps.labels(label(step.name)).observe(max(0.0, end - begin))
        for seconds in call.reactions:
            self._reactions.observe(seconds)

    def lagged(self, seconds: float) -> None:
        """Note how late the event loop was."""
        self._lag.observe(seconds)


def label(step: str) -> str:
    """Return the label of a step, which is one of a few."""
    if step in STEPS:
        return step
    return MENU if step.startswith(steps.menu("")) else INFORMATION


class _Process(ProcessCollector):
    """The process's own figures, where systemd shows it no more of /proc than processes (ProcSubset=pid), too."""

    def _boot_time(self) -> float:
        """Return when the machine was started; the library would read it from /proc/stat, and else tell nothing."""
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


class _AtThisMoment(Collector):
    """What is no history: told as it was when the service was last asked."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; none before the service was asked."""
        vitals = self._meters.vitals
        if vitals is None:
            return
        doors = GaugeMetricFamily("hotline_door_open", "Whether calls can come by a door.", labels=["door"])
        for name, opened in vitals.doors.items():
            doors.add_metric([name], opened)
        limits = CounterMetricFamily("hotline_limits_hit", "Times a limit turned somebody away.", labels=["limit"])
        for name, times in vitals.limits_hit.items():
            limits.add_metric([name], times)
        yield from (doors, limits, *_gauges(vitals))
        if vitals.alarms_open is not None:
            alarms = GaugeMetricFamily("hotline_alarms_open", "Alarms nobody has acknowledged.", labels=["kind"])
            for kind, count in vitals.alarms_open.items():
                alarms.add_metric([kind], count)
            yield alarms


def _gauges(vitals: Vitals) -> Iterator[Metric]:
    for name, meaning, value in (
        ("ready", "Whether calls can come and be served.", not faults(vitals)),
        ("draining", "Whether no more calls are taken, as at a restart.", vitals.draining),
        ("calls_live", "Calls there now.", vitals.calls),
        ("calls_live_limit", "Calls that are taken at a time.", vitals.calls_at_once),
        ("database_up", "Whether the database answers.", vitals.alarms_open is not None),
        ("database_connections_in_use", "Connections of the database at work.", vitals.connections),
        ("database_transactions_waiting", "Transactions that wait for a connection.", vitals.transactions_waiting),
        ("hashes_running", "Password hashes being made.", vitals.hashes),
        ("hashes_waiting", "Password hashes that wait for a thread.", vitals.hashes_waiting),
        ("call_entries_waiting", "Calls that wait to be written down.", vitals.entries_waiting),
        ("prompts_missing", "Prompts and digits that can't be played.", vitals.prompts_missing),
    ):
        yield GaugeMetricFamily(f"hotline_{name}", meaning, value=float(value))
