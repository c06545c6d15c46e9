"""The benchmark beside the alternatives, run small and with what is always there; its times are for people to read."""

import csv
import io

import pytest
from rich.console import Console

from bench.beside import board
from bench.beside.__main__ import measure

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAYS = ("panoramisk", "aiohttp", "ours-fastagi", "ours-ari")
NAMES = {
    "Asterisk's own dialplan", "FastAGI, panoramisk", "ARI, plain aiohttp", "ours, FastAGI door", "ours, ARI door",
}  # fmt: skip


async def test_every_way_does_the_whole_call(monkeypatch, tmp_path):
    """By each way a caller hears menu, check and the reading twice; CPU time and waits are kept turn by turn."""
    monkeypatch.setitem(board.SECONDS, "check", 0.4)
    console = Console(record=True, width=120, file=io.StringIO())
    figures = await measure(console, tmp_path, rounds=1, calls=1, rate=8.0, reading=0.3, only=WAYS)
    shown = console.export_text()
    assert [figure.value for figure in figures if figure.what == "  failed"] == ["0 of 1"] * 5, shown
    with (tmp_path / "turns.csv").open(encoding="utf-8") as file:
        assert {row["way"] for row in csv.DictReader(file)} == NAMES
    with (tmp_path / "answers.csv").open(encoding="utf-8") as file:
        assert all(float(row["key_to_sound_ms"]) > -100 for row in csv.DictReader(file))
    assert {path.name for path in tmp_path.iterdir()} == {
        "answers.csv", "beside.png", "beside.svg", "run.json", "turns.csv",
    }  # fmt: skip
