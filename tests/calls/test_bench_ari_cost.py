"""The benchmark of what a call costs, run small: every call must be served; its times are for people to read."""

import csv
import io

import pytest
from rich.console import Console

from bench.ari_cost.__main__ import measure

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS = 3
SECONDS = 0.05
READING = 0.2


@pytest.fixture
def console():
    """A terminal that remembers."""
    return Console(record=True, width=120, file=io.StringIO())


def rows(path):
    """Return the raw data of a file, line by line."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def test_every_call_is_served_and_every_sample_kept(console, tmp_path):
    """Each call is answered, timed and hung up by the client; table, chart and raw data hold every figure."""
    figures = await measure(console, tmp_path, CALLS, SECONDS, READING)
    shown = console.export_text()
    right = [figure.value for figure in figures if figure.what.strip() == "calls that went right"]
    void = next(int(figure.value) for figure in figures if figure.what.strip().startswith("void"))
    assert void < CALLS
    assert right == ["5 of 5", "10 of 10", f"{CALLS - void} of {CALLS - void}"], shown
    assert [figure.value for figure in figures if figure.what.strip() == "failed"] == ["0 of 15", "0 of 15"], shown
    assert [figure.held for figure in figures if figure.what == "of unknown type"] == [True]
    for words in ("answer, p99", "≤ 3.5 ms", "CPU of the application a call", "≤ 3 ms", "INVITE to 200, p95"):
        assert words in shown
    requests = [row["request"] for row in rows(tmp_path / "requests.csv")]
    assert {name: requests.count(name) for name in requests} == {
        "answer, 100/s": 5, "play, 100/s": 5, "answer, 200/s": 10, "play, 200/s": 10,
    }  # fmt: skip
    assert len(rows(tmp_path / "answered.csv")) == 30
    assert {path.name for path in tmp_path.iterdir()} == {
        "answered.csv", "decoding.csv", "reference.csv", "requests.csv", "run.json", "ari_cost.png", "ari_cost.svg",
    }  # fmt: skip
