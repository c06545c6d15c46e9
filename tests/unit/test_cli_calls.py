"""What `hotline calls` takes."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from hotline.cli.calls import _Rows, app
from hotline.records.calls import Listed
from hotline.records.outcomes import CallOutcome


def test_an_unknown_outcome_is_refused_with_all_there_are():
    """A word misspelt is no empty list but exit status 2, before any database is asked."""
    told = CliRunner().invoke(app, ["calls", "--outcome", "mismatched"], env={"COLUMNS": "200"})
    assert told.exit_code == 2
    said = " ".join(told.stderr.split())
    assert "'mismatched' is not one of" in said
    assert all(f"'{outcome}'" in told.stderr for outcome in CallOutcome)


@pytest.mark.parametrize("outcome", ["lost", "under-way"])
def test_calls_that_have_no_end_cannot_be_followed(outcome):
    """Followed are calls that end, so this would show nothing for ever."""
    told = CliRunner().invoke(app, ["calls", "--follow", "--outcome", outcome], env={"COLUMNS": "200"})
    assert told.exit_code == 2
    assert "leave out --follow" in " ".join(told.stderr.split())


def test_a_line_fits_80_columns(capsys):
    """The longest words and a long call leave no price on a line of its own."""
    began = datetime(2026, 11, 23, 3, 0, 1, tzinfo=UTC)
    _Rows(as_csv=False).add(
        Listed(str(uuid4()), began, "*******678", "already-issued", "read-back-ask", 599.9, 10, 10_000)
    )
    head, row = capsys.readouterr().out.splitlines()
    assert row.startswith("2026-11-23 10:00:01  *******678  already-issued  read-back-ask ")
    assert max(len(head), len(row)) <= 80
