"""Logging for people and machines: one line an event on standard error, and never a local variable.

structlog's own console output shows the local variables of a traceback; a password may be among them.
"""

from __future__ import annotations

import sys

import structlog


def configure(level: int, *, colours: bool | None = None) -> None:
    """Log events of `level` and above (as in `logging`) to standard error; `colours` when it is a terminal."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty() if colours is None else colours,
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
    )
