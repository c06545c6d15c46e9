"""The page of results: every figure of every program, and first of all what was not held."""

import json

from bench.proof import gather, page

FIGURES = [
    {"what": "A load", "value": "", "goal": "", "held": None},
    {"what": "  calls", "value": "9 of 10", "goal": "all", "held": False},
    {"what": "wait | p99", "value": "3 ms", "goal": "≤ 5 ms", "held": True},
]
RUN = {
    "at": "2026-01-02T03:04:05+00:00",
    "machine": {"cores": 2, "load": [0.1, 0.2, 0.3], "system": "Linux", "python": "3.11"},
    "options": {"rate": 10.0, "left out": []},
    "figures": FIGURES,
}


def made(tmp_path, name="load"):
    """Return the page after a run of one more program."""
    folder = tmp_path / "out" / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(RUN), encoding="utf-8")
    (folder / f"{name}.png").write_bytes(b"picture")
    gather(tmp_path / "out", tmp_path / "proof")
    return page(tmp_path / "proof")


def test_what_was_not_held_comes_first(tmp_path):
    """A reader finds the failures before the successes, and each again in its table."""
    text = made(tmp_path)
    assert text.index("Goals that were not held: 1") < text.index("## Load")
    assert "| calls | 9 of 10 | all | **✗** |" in text
    assert "| **A load** |  |  |  |" in text
    assert "- A load: calls, 9 of 10; goal: all" in text


def test_every_figure_is_there_with_machine_date_and_chart(tmp_path):
    """A table can't be torn by what a figure is called."""
    text = made(tmp_path)
    for words in (
        "wait \\| p99",
        "2026-01-02T03:04:05",
        "2 cores",
        "rate 10.0",
        "left out nothing",
        "(proof/load.png)",
    ):
        assert words in text


def test_results_of_before_stay_until_there_are_new_ones(tmp_path):
    """A program that was not run this time keeps its place."""
    made(tmp_path)
    (tmp_path / "out" / "load" / "run.json").unlink()
    text = made(tmp_path, "faults")
    assert "## Load" in text
    assert "## Faults" in text
