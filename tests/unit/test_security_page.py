"""SECURITY.md claims nothing that no test shows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))


@pytest.mark.parametrize("named", NAMED)
def test_what_is_named_exists(named):
    """Each path is there, a pattern meets something, and a test named with its file is in it."""
    path, _, test = named.partition("::")
    files = list(ROOT.glob(path))
    assert files
    if test:
        assert re.search(rf"^(?:async )?def {test}\(", files[0].read_text(encoding="utf-8"), re.MULTILINE)


def test_every_threat_has_an_answer_and_a_test():
    """No row of the table of threats is without a test."""
    table = PAGE.partition("## Threats")[2].partition("##")[0]
    rows = [row.strip().strip("|").split(" | ") for row in table.splitlines() if row.startswith("| **")]
    assert len(rows) > 15
    for threat, answer, shown_by in rows:
        assert threat.strip()
        assert answer.strip()
        assert "`tests/" in shown_by
