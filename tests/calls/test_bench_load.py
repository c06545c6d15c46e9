"""The benchmark of load, run small: every caller must have heard a password that signs in; times are for people."""

import csv
import io
import json

import pytest
from rich.console import Console

from bench import run
from bench.load import phases
from bench.load.__main__ import Size, offer, report

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = Size(rates=(3,), seconds=1, crowd=0, burst=10, cap=2, first=4, last=4, step_seconds=0.5, stay=4.0)


@pytest.fixture
def console():
    """A terminal that remembers."""
    return Console(record=True, width=120, file=io.StringIO())


@pytest.fixture
def short(patience, monkeypatch):
    """Calls on the way to the ceiling that stay for three seconds, and time to claim them."""
    monkeypatch.setattr(phases, "SHORT_SECONDS", 3.0)


async def test_every_call_is_heard_and_judged(short, brief_house, ear, console, out):
    """What was heard signs in, none of a burst is lost, the cap holds; no digit of a password is in what is kept."""
    results = await offer(brief_house, ear, SIZE, run.progress(console))
    shown = {figure.what.strip(): figure for figure in report(console, out, SIZE, results)}
    assert shown["calls of which every digit was right, and signs in"].value == "3 of 3", console.export_text()
    assert shown["calls that went right"].value == "2 of 2"
    assert shown["answered or refused"].value == "10 of 10"
    assert shown["calls admitted"].value == "2 of 3"
    assert shown["refused with 480 or 503"].value == "1 of 1"
    with (out / "waits.csv").open(encoding="utf-8") as file:
        assert [float(row["barge_in_ms"]) >= 0 for row in csv.DictReader(file)] == [True] * 3
    assert {path.name for path in out.iterdir()} == {
        "heard.csv", "load.png", "load.svg", "offered.csv", "run.json", "waits.csv",
    }  # fmt: skip
    spoken = {one.hearing.readings[0] for heard, _ in results.heard.values() for one in heard.verdicts}
    kept = "".join(path.read_text(encoding="utf-8") for path in out.glob("*.[cjs][sv]*"))
    assert [password in kept for password in spoken] == [False] * 3
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["options"]["cap"] == 2
