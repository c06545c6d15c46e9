"""The benchmark of the look-up, run small: every answer must be right; its times are for people to read."""

import csv
import io

import pytest
from rich.console import Console

from bench.member_lookup.__main__ import measure
from bench.member_lookup.invented import MOST, Invented

MEMBERS, TIMES = 3000, 5


def test_invented_members_have_numbers_of_their_own():
    """Each insurance and personal number once, four phones for five members, to the last member there may be."""
    some = [Invented(nth) for nth in (*range(5000), *range(MOST - 5000, MOST))]
    personal = [one.personal_number for one in some if one.personal_number]
    assert len({one.insurance_number for one in some}) == len(some)
    assert len(set(personal)) == len(personal) == 7000
    assert len({one.phone for one in some}) == 8000
    assert {(len(one.phone), len(one.insurance_number)) for one in some} == {(12, 10)}


async def test_every_look_up_is_right_by_index_and_kept(tmp_path):
    """In a table as the migrations make it; table, chart and raw data hold every figure, and the database is gone."""
    console = Console(record=True, width=120, file=io.StringIO())
    out, folder = tmp_path / "out", tmp_path / "disk"
    out.mkdir()
    folder.mkdir()
    figures = await measure(console, out, folder, MEMBERS, TIMES)
    shown = console.export_text()
    assert [figure.value for figure in figures[1:3]] == [f"{4 * TIMES} of {4 * TIMES}"] * 2, shown
    for words in ("3,000, 0.00 GB", "p99 ≤ 1 ms", "a number of nobody", "At the desk"):
        assert words in shown
    with (out / "lookups.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 4 * TIMES
    names = {"lookups.csv", "run.json", "member_lookup.png", "member_lookup.svg"}
    assert {path.name for path in out.iterdir()} == names
    assert not list(folder.iterdir())


@pytest.fixture(autouse=True)
def own_settings(monkeypatch):
    """Whatever database the machine's settings name, this one is the benchmark's own."""
    monkeypatch.setenv("HOTLINE_DATABASE__DSN", "postgresql://nobody@127.0.0.1:1/none")
