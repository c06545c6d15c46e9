"""The trials of faults, run small: a lost answer to COMMIT, and keys of which packets are lost."""

import io
import json
import re

import pytest
from rich.console import Console

from bench.faults.__main__ import measure

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_fault_is_outlived_and_the_results_are_kept(tmp_path):
    """Every call gets a password that works, though the database's answer to each of ten commits is lost."""
    console = Console(record=True, width=120, file=io.StringIO())
    figures = await measure(console, tmp_path, rate=1.0, repeats=1, only=["after-commit"])
    shown = console.export_text()
    assert [figure.value for figure in figures if figure.goal == "all"] == ["held in 1 of 1"], shown
    assert " right" in shown
    assert not re.search(r"[0-9] (lost|told|asked)", shown), shown
    kept = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert kept["options"]["rate"] == 1.0
