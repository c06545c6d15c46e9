"""The `hotline` command as a program of its own, in a tenth of a second in place of one.

Each run is a fork of a process that has imported the libraries, which take most of a start; our own modules it imports
itself, so that they see the environment they are given.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = [
    *("aiohttp", "argon2", "asyncpg", "msgspec", "numpy", "panoramisk", "phonenumbers", "picows", "psycopg"),
    *("pydantic_settings", "rich.console", "rich.progress", "rich.table", "soundfile", "soxr", "structlog"),
    *("typer.main", "uvloop", "yoyo"),
]
SECONDS = 60.0
"""How long a command may take."""

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(LIBRARIES)


@dataclass(frozen=True)
class Done:
    """What came of a command: its exit status, and what it wrote to standard output and standard error."""

    status: int
    output: str
    errors: str


def hotline(*arguments: str, piped: str = "", environment: dict[str, str], folder: Path | None = None) -> Done:
    """Run the command in `folder`, by default the current one, with `piped` on standard input; return when it ended.

    Raises:
        TimeoutError: it did not end within a minute, and was killed.
    """
    with tempfile.TemporaryDirectory() as name:
        streams = [Path(name) / stream for stream in ("input", "output", "errors")]
        streams[0].write_text(piped, encoding="utf-8")
        process = _forks.Process(target=_run, args=(arguments, environment, folder or Path.cwd(), streams))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"hotline {arguments[0]} did not end within {SECONDS:.0f} s")
        output, errors = (stream.read_text(encoding="utf-8") for stream in streams[1:])
        return Done(process.exitcode, output, errors)


def _run(arguments: list[str], environment: dict[str, str], folder: Path, streams: list[Path]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    modes = ("r", "w", "w")
    for descriptor, (stream, mode) in enumerate(zip(streams, modes, strict=True)):
        with stream.open(mode) as file:
            os.dup2(file.fileno(), descriptor)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(descriptor, mode, encoding="utf-8", closefd=False) for descriptor, mode in enumerate(modes)
    )
    sys.argv = ["hotline", *arguments]
    from hotline.cli import main  # noqa: PLC0415 - in the environment given, and not before

    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
