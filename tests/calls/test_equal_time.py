"""The benchmark of equal time, run small: what it hears and counts must be right; its times are for people to read."""

import csv
import io
from collections import Counter

import pytest
from rich.console import Console

from bench.equal_time import cases
from bench.equal_time.__main__ import measure
from bench.equal_time.cases import REFUSED, Case

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS = 1
CHECKS = 2


@pytest.fixture
def console():
    """A terminal that remembers."""
    return Console(record=True, width=120, file=io.StringIO())


@pytest.fixture
def small(monkeypatch, brief):
    """Few bystanders, and calls that do not begin with the notice."""
    monkeypatch.setattr(cases, "BYSTANDERS", 100)
    monkeypatch.setenv("HOTLINE_CALL__NOTICE", "off")


async def test_no_word_tells_the_cases_apart_and_the_results_are_kept(small, console, out):
    """Every refused call hears the one sentence after the one clip; table, chart and raw data hold every sample."""
    figures = await measure(console, out, CHECKS, CALLS, phones=5)
    assert [figure.value for figure in figures if figure.goal == "all"] == ["10 of 10", "5 of 5"]
    shown = " ".join(console.export_text().split())
    for case in Case:
        assert case.value in shown
    assert "within ±20 ms" in shown
    with (out / "calls.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["case"] for row in rows) == dict.fromkeys(Case, CALLS)
    heard = {" ".join(dict.fromkeys(row["heard"].split())) for row in rows if row["case"] in REFUSED}
    assert heard == {"check mismatch"}, "but for a clip that is repeated on a busy machine, every refusal sounds alike"
    assert all(0 < float(row["check_began_s"]) < float(row["check_ended_s"]) < float(row["outcome_s"]) for row in rows)
    assert {path.name for path in out.iterdir()} == {
        "calls.csv", "desk.csv", "run.json", "equal_time.png", "equal_time.svg",
    }  # fmt: skip
