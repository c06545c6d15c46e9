"""Pictures of reports."""

from __future__ import annotations

import sys
from datetime import date

import pytest

from hotline.reports import Period, PictureUnavailable, Summary, draw


def test_a_server_without_what_draws_says_what_to_install(monkeypatch, tmp_path):
    """A server has the package alone: no traceback, but the very command."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    nothing = Summary(Period.of("day", date(2026, 11, 23)), [], [], {})
    with pytest.raises(PictureUnavailable, match=r"/pip install matplotlib$"):
        draw(nothing, tmp_path / "sums")
    assert list(tmp_path.iterdir()) == []
