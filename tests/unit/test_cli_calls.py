"""What `hotline calls` takes."""

from __future__ import annotations

from typer.testing import CliRunner

from hotline.cli.calls import app
from hotline.records.outcomes import CallOutcome


def test_an_unknown_outcome_is_refused_with_all_there_are():
    """A word misspelt is no empty list but exit status 2, before any database is asked."""
    told = CliRunner().invoke(app, ["calls", "--outcome", "mismatched"], env={"COLUMNS": "200"})
    assert told.exit_code == 2
    said = " ".join(told.stderr.split())
    assert "'mismatched' is not one of" in said
    assert all(f"'{outcome}'" in told.stderr for outcome in CallOutcome)
