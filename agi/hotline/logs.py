"""Logging for people and machines: one line an event on standard error, and never what must not be written.

structlog's own console output shows the local variables of a traceback; a password may be among them. And an error of
Postgres quotes the row that it is about, with the insurance number: in tracebacks, and in whatever libraries log, long
numbers are left out.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TextIO

import structlog

if TYPE_CHECKING:
    from structlog.typing import ExcInfo

_LONG_NUMBER = re.compile(r"[0-9]{6,}")
"""The shortest password has six digits."""


def configure(level: int, *, colours: bool | None = None, form: Literal["text", "json"] = "text") -> None:
    """Log events of `level` and above (as in `logging`) to standard error, as lines for people or as JSON objects.

    `colours` when it is a terminal. Libraries' messages come there from WARNING on, whatever `level` is.
    """
    as_people_read = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty() if colours is None else colours, exception_formatter=_traceback
    )
    as_json = [
        structlog.processors.ExceptionRenderer(_traceback_text),
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(as_json if form == "json" else [as_people_read]),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    written = "%(asctime)s [%(levelname)s] %(name)s: %(message)s"
    handler.setFormatter(_OfLibrariesAsJson() if form == "json" else _OfLibraries(written))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class _OfLibraries(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _without_numbers(super().format(record))


class _OfLibrariesAsJson(logging.Formatter):
    """The same keys as our own lines have, and `logger`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        line = {"event": _without_numbers(record.getMessage()), "logger": record.name}
        if record.exc_info:
            line["exception"] = _without_numbers(self.formatException(record.exc_info))
        return json.dumps({**line, "level": record.levelname.lower(), "timestamp": at}, ensure_ascii=False)


def _traceback_text(exc_info: ExcInfo) -> str:
    text = io.StringIO()
    _traceback(text, exc_info)
    return text.getvalue()


def _traceback(target: TextIO, exc_info: ExcInfo) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    target.write(_without_numbers(text.getvalue()))


def _without_numbers(text: str) -> str:
    return _LONG_NUMBER.sub("(number)", text)
