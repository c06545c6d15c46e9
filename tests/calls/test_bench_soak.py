"""The soak, run small: calls are counted by what they left in force, and an audit is made of what is left of them."""

import io

import pytest
from rich.console import Console

from bench import run
from bench.soak.__main__ import report, soak

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_nothing_is_left_of_calls(brief_house, patience, out):
    """After the same calls again there are as many tasks, threads, descriptors and channels as before."""
    console = Console(record=True, width=140, file=io.StringIO())
    results = await soak(brief_house, 4.0, 0.5, 1.0, run.progress(console))
    lines = {figure.what: figure for figure in report(console, out, {}, *results)}
    shown = console.export_text()
    assert lines["calls that left a password in force"].value == "6 of 6", shown
    assert lines["channels"].value == "0 → 0 → 0"
    assert lines["tasks"].held, shown
    assert {path.name for path in out.iterdir()} == {"audits.csv", "run.json", "soak.png", "soak.svg"}
