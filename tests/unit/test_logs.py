"""What stands in a log."""

import logging

import pytest
import structlog

from hotline import logs


@pytest.fixture(autouse=True)
def _configuration_back():
    yield
    structlog.reset_defaults()


def fail(secret):
    """Fail with a secret at hand."""
    raise ValueError(f"not {len(secret)} long")


def test_a_traceback_shows_no_local_variable(capsys):
    """A failure is logged with its traceback, without the values that were at hand."""
    logs.configure(logging.INFO)
    secret = "-".join("590143621")
    try:
        fail(secret)
    except ValueError:
        structlog.get_logger().exception("call_failed")
    told = capsys.readouterr().err
    assert "call_failed" in told
    assert "Traceback" in told
    assert secret not in told


def test_the_call_is_named_in_every_line(capsys):
    """What is bound for a call stands in whatever is logged meanwhile."""
    logs.configure(logging.INFO)
    with structlog.contextvars.bound_contextvars(call="abc"):
        structlog.get_logger().info("something")
    assert "call=abc" in capsys.readouterr().err


def test_less_than_the_level_is_not_logged(capsys):
    """A quiet command stays quiet."""
    logs.configure(logging.WARNING)
    structlog.get_logger().info("something")
    assert capsys.readouterr().err == ""
