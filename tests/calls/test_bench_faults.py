"""The trials of faults, run small: a lost answer to COMMIT, and keys of which packets are lost."""

import io
import json
import re

import pytest
from rich.console import Console

from bench.faults import catalogue, scene, trial
from bench.faults.__main__ import measure
from bench.faults.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def small(monkeypatch, brief):
    """A trial of fewer members, commits and seconds; return the traps that were set, one after the other sprang."""
    for module, name, value in (
        (scene, "MEMBERS", 200),
        (scene, "OWNERS_AMONG", 20),
        (catalogue, "COMMITS", 4),
        (catalogue, "AWAY_SECONDS", 20.0),  # time for a commit to come on a busy machine
        (trial, "AFTER_SECONDS", 2.0),
    ):
        monkeypatch.setattr(module, name, value)
    set_trap, traps = Wire.set_trap, []

    def noted(wire, at, **how):
        traps.append(at)
        set_trap(wire, at, **how)

    monkeypatch.setattr(Wire, "set_trap", noted)
    return traps


async def test_a_fault_is_outlived_and_the_results_are_kept(small, out):
    """Every call gets a password that works, though the database's answer to each of some commits is lost."""
    console = Console(record=True, width=120, file=io.StringIO())
    figures = await measure(console, out, rate=1.0, repeats=1, only=["after-commit"])
    shown = console.export_text()
    assert [figure.value for figure in figures if figure.goal == "all"] == ["held in 1 of 1"], shown
    assert small == [b"COMMIT"] * 4
    assert " right" in shown
    assert not re.search(r"[0-9] (lost|told|asked)", shown), shown
    kept = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert kept["options"]["rate"] == 1.0
