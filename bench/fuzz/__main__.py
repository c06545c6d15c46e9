"""`python -m bench.fuzz`: fuzz each target for a while, print, save."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bench import run
from bench.fuzz.targets import TARGETS
from bench.table import Figure, show
from hotline.processes import Box, MissingProgram

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

FUZZER: Final = "atheris==3.0.0"
STUCK_SECONDS = 5
"""One input that takes longer is a find."""
MEMORY_MB = 1024
_RUNS = re.compile(r"number_of_executed_units: +([0-9]+)")
_REACHED = re.compile(r"\bcov: ([0-9]+)")


@dataclass(frozen=True)
class Fuzzed:
    """What came of one target.

    Attributes:
        runs: inputs that were tried.
        reached: places in the code that some input came to.
        trace: the last lines of what was said of a find; empty without one.
    """

    runs: int
    reached: int
    trace: str


async def fuzz(key: str, seconds: int, out: Path) -> Fuzzed:
    """Fuzz a target in a process of its own; its finds stay in `out`."""
    target = TARGETS[key]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={target.longest}",
            f"-timeout={STUCK_SECONDS}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={out}/{key}-",
            "-print_final_stats=1",
        ]
        process = await asyncio.create_subprocess_exec(
            *Box().command([sys.executable, "-m", "bench.fuzz.one", key, *options, corpus]),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            said = (await process.communicate())[0].decode(errors="replace")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    runs, reached = _RUNS.findall(said), _REACHED.findall(said)
    trace = "" if process.returncode == 0 else "\n".join(_trace(said))
    return Fuzzed(int(runs[-1]) if runs else 0, int(reached[-1]) if reached else 0, trace)


def _trace(said: str) -> list[str]:
    """Return the lines of the exception, or the last ones where there was none."""
    lines = said.splitlines()
    begun = [number for number, line in enumerate(lines) if "Uncaught Python exception" in line]
    return lines[begun[-1] :][:40] if begun else lines[-10:]


async def measure(console: Console, out: Path, seconds: int, only: Sequence[str]) -> list[Figure]:
    """Fuzz all targets, one after another, and leave what was found in `out`, a folder that is there."""
    if find_spec("atheris") is None:
        raise MissingProgram(f"the fuzzer is not installed: .venv/bin/pip install '{FUZZER}' (or the extra `fuzz`)")
    came: dict[str, Fuzzed] = {}
    with run.progress(console) as bars:
        for key in only or TARGETS:
            bar = bars.add_task(key, total=seconds)
            fuzzing = asyncio.create_task(fuzz(key, seconds, out))
            began = time.monotonic()
            while not (await asyncio.wait({fuzzing}, timeout=0.5))[0]:
                bars.update(bar, completed=min(seconds, int(time.monotonic() - began)))
            bars.update(bar, completed=seconds)
            came[key] = fuzzing.result()
    figures = _figures(came)
    show(console, f"Fuzzing, {seconds} s each, or to the first find", figures)
    for key, one in came.items():
        if one.trace:
            console.print(f"{key}:\n{one.trace}", markup=False)
    run.save_run(out / "run.json", {"seconds": seconds, "only": list(only) or ["all"]}, figures)
    console.print(f"Finds, if any, and figures: {out}/")
    return figures


def _figures(came: Mapping[str, Fuzzed]) -> list[Figure]:
    lines = []
    for key, one in came.items():
        found = f"a find after {one.runs:,} inputs" if one.trace else f"none in {one.runs:,} inputs"
        lines.append(Figure(TARGETS[key].what, found, "no find", one.runs > 0 and not one.trace))
        lines.append(Figure("  places in the code reached", str(one.reached)))
    return lines


def command(
    seconds: Annotated[int, typer.Option(min=1, help="for each target")] = 30,
    only: Annotated[list[str] | None, typer.Option(help=f"one of {', '.join(TARGETS)}")] = None,
    out: Annotated[Path, typer.Option(help="folder for the results")] = run.RESULTS / "fuzz",
) -> None:
    """Feed everything that reads somebody else's bytes with bytes led by coverage (needs the extra `fuzz`)."""
    if unknown := set(only or ()) - set(TARGETS):
        raise typer.BadParameter(f"no such target: {', '.join(sorted(unknown))}")
    out.mkdir(parents=True, exist_ok=True)
    run.finish(measure(run.terminal(), out, seconds, only or ()))


if __name__ == "__main__":
    typer.run(command)
