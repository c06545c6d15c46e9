"""Logging for people and machines: one line an event on standard error, and never what must not be written.

structlog's own console output shows the local variables of a traceback; a password may be among them. And an error of
Postgres quotes the row that it is about, with the insurance number: in tracebacks, and in whatever libraries log, long
numbers are left out.
"""

from __future__ import annotations

import io
import logging
import re
import sys
from typing import TYPE_CHECKING, TextIO

import structlog

if TYPE_CHECKING:
    from structlog.typing import ExcInfo

_LONG_NUMBER = re.compile(r"[0-9]{6,}")
"""The shortest password has six digits."""


def configure(level: int, *, colours: bool | None = None) -> None:
    """Log events of `level` and above (as in `logging`) to standard error; `colours` when it is a terminal.

    Libraries' messages come there from WARNING on, whatever `level` is.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty() if colours is None else colours, exception_formatter=_traceback
            ),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OfLibraries("%(asctime)s [%(levelname)s] %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class _OfLibraries(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _without_numbers(super().format(record))


def _traceback(target: TextIO, exc_info: ExcInfo) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    target.write(_without_numbers(text.getvalue()))


def _without_numbers(text: str) -> str:
    return _LONG_NUMBER.sub("(number)", text)
