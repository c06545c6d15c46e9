"""What stands in a log."""

import json
import logging

import pytest
import structlog

from hotline import logs


@pytest.fixture(autouse=True)
def _configuration_back():
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


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


def quoting(number):
    """An error of Postgres, which quotes the row it is about."""
    return ValueError(f"duplicate key\nDETAIL:  Key (insurance_number)=({number}) already exists.")


def test_a_number_that_an_error_quotes_is_left_out(capsys):
    """What Postgres says of a row is logged without the numbers in it, also as the cause of another error."""
    logs.configure(logging.INFO)
    number = "".join("0123456789")
    try:
        try:
            raise quoting(number)
        except ValueError as cause:
            raise RuntimeError from cause
    except RuntimeError:
        structlog.get_logger().exception("call_failed")
    told = capsys.readouterr().err
    assert "Key (insurance_number)=((number)) already exists." in told
    assert number not in told


def test_what_libraries_log_has_no_numbers_either(capsys):
    """A task's error that nobody took is told by asyncio, with a traceback and the error's words, without numbers."""
    logs.configure(logging.INFO)
    number = "".join("0123456789")
    logging.getLogger("asyncio").error(
        "Task exception was never retrieved: %r", quoting(number), exc_info=quoting(number)
    )
    told = capsys.readouterr().err
    assert told.count("((number))") == 2
    assert number not in told


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


def test_a_log_collector_gets_an_object_a_line(capsys):
    """Ours with their values, call and traceback, and those of libraries; numbers are left out of text."""
    logs.configure(logging.INFO, form="json")
    number = "".join("0123456789")
    with structlog.contextvars.bound_contextvars(call="the-call"):
        try:
            raise quoting(number)
        except ValueError:
            structlog.get_logger().exception("call_failed", seconds=1.5)
    logging.getLogger("library").warning("row (%s) exists", number)
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["level"], ours["call"], ours["seconds"]) == ("call_failed", "error", "the-call", 1.5)
    assert "ValueError: duplicate key" in ours["exception"]
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("row ((number)) exists", "warning", "library")
    assert number not in str(ours) + str(theirs)
