"""SIPp, the load generator: many calls at a rate, how they went, and what it used of the machine itself."""

from __future__ import annotations

import asyncio
import contextlib
import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import cpu
from hotline.processes import Box, Child, ChildFailed, need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST_LOAD = 0.7
"""Part of a core that SIPp may use: above it, it is late itself, and its times are its own."""
LOOK_SECONDS = 0.25
_RAN = (0, 1)
"""What SIPp ends with when all calls were made: 0 if all succeeded, 1 if not."""
AT_ONCE = 5000
"""Calls at once at most: SIPp is to offer calls at the rate asked for, whatever became of those before."""


@dataclass(frozen=True)
class Load:
    """What became of calls offered at a rate.

    Attributes:
        offered: calls begun.
        succeeded: those that went as the scenario says.
        retransmissions: messages SIPp sent again, for no answer had come in 0.5 s.
        answered_ms: milliseconds from INVITE to 200, of each call that was answered.
        core: part of a core that SIPp used while it began calls.
    """

    offered: int
    succeeded: int
    retransmissions: int
    answered_ms: list[float]
    core: float

    @property
    def void(self) -> bool:
        """Whether SIPp was too busy for its calls to tell anything."""
        return self.core > MOST_LOAD


async def offer(
    scenario: str,
    folder: Path,
    *,
    server: str,
    number: str,
    address: str,
    calls: int,
    rate: float,
    patience_seconds: float,
    done: Callable[[int], None],
) -> Load:
    """Offer `calls` calls to `number` at `server`, `rate` a second, from `address`.

    Args:
        scenario: SIPp's XML of one call; its first response time runs from INVITE to 200.
        folder: for SIPp's files; made.
        server: host and port.
        number: user part of the request URI.
        address: where the calls come from, signalling and media.
        calls: how many.
        rate: calls begun a second.
        patience_seconds: time for the last call to end.
        done: told how many calls have been answered so far.

    Raises:
        MissingProgram: SIPp is not installed.
        ChildFailed: it could not run the scenario, or did not end in time.
    """
    _prepare(folder, scenario)
    program = need("sipp")
    options = (
        f"-sf scenario.xml -s {number} -i {address} -mi {address} -m {calls} -r {rate:g} -l {AT_ONCE} -timer_resol 1 "
        f"-nostdin -trace_stat -stf stat.csv -fd 1 -trace_rtt -rtt_freq 1 -trace_err -error_file errors.log {server}"
    )
    # SIPp writes into its working folder.
    command = [need("env"), "-C", str(folder), program, *options.split()]
    with (folder / "said").open("wb") as said:
        child = await Child.start(command, box=Box(), name="sipp", output=said)
    try:
        process = await cpu.find(program, server)
        core = await _watch(
            child, process, begin_seconds=calls / rate, patience_seconds=patience_seconds, folder=folder, done=done
        )
        status = await child.wait()
    finally:
        await child.stop()
    if status not in _RAN:
        raise ChildFailed(f"SIPp ended with status {status}: {_end_of(folder / 'said')}")
    last = _statistics(folder)
    return Load(
        offered=int(last["TotalCallCreated"]),
        succeeded=int(last["SuccessfulCall(C)"]),
        retransmissions=int(last["Retransmissions(C)"]),
        answered_ms=_answered(folder),
        core=core,
    )


def _prepare(folder: Path, scenario: str) -> None:
    folder.mkdir(parents=True)
    (folder / "scenario.xml").write_text(scenario, encoding="utf-8")


async def _watch(
    child: Child,
    process: int,
    *,
    begin_seconds: float,
    patience_seconds: float,
    folder: Path,
    done: Callable[[int], None],
) -> float:
    """Wait until SIPp has ended; return the part of a core it used while it began calls."""
    now = asyncio.get_running_loop().time
    began, core = now(), 0.0
    while child.running:
        passed = now() - began
        if passed > begin_seconds + patience_seconds:
            raise ChildFailed(f"SIPp's calls did not end within {patience_seconds:g} s")
        if passed <= begin_seconds + LOOK_SECONDS:
            with contextlib.suppress(cpu.NoProcess):
                # Its start takes more than a call does: a run of a moment would seem to be nothing else.
                core = cpu.seconds(process) / max(passed, 1.0)
        done(len(_answered(folder)))
        await asyncio.sleep(LOOK_SECONDS)
    done(len(_answered(folder)))
    return core


def _statistics(folder: Path) -> dict[str, str]:
    """Return SIPp's last line of statistics, by their names."""
    with (folder / "stat.csv").open(encoding="utf-8") as file:
        *_, last = csv.DictReader(file, delimiter=";")
    return last


def _end_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")[-500:].strip()


def _answered(folder: Path) -> list[float]:
    """Return the response times SIPp has written so far, in milliseconds."""
    times = []
    for path in folder.glob("*_rtt.csv"):
        # A line: the date; the time; which time of the scenario it is.
        for line in path.read_text(encoding="ascii", errors="replace").splitlines()[1:]:
            with contextlib.suppress(IndexError, ValueError):
                times.append(float(line.split(";")[1]))
    return times
