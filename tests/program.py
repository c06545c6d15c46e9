"""The `hotline` command: as a program of its own, in a tenth of a second in place of one, or called in this process.

A program is a fork of a process that has imported the libraries, which take most of a start; our own modules it imports
itself, so that they see the environment they are given. Whatever becomes of a test, its programs end with it or with
the process that started them: no wait for one is without an end.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import io
import logging
import multiprocessing
import os
import random
import select
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.process import BaseProcess

LIBRARIES = [
    *("aiohttp.web", "argon2", "asyncpg", "msgspec", "numpy", "panoramisk", "phonenumbers", "picows"),
    *("prometheus_client", "psycopg", "pydantic_settings", "rich.console", "rich.progress", "rich.table"),
    *("soundfile", "soxr", "structlog", "tomlkit", "typer.main", "uvloop", "yoyo"),
]
SECONDS = 60.0
"""How long a command may take."""
KILLED_SECONDS = 10.0
"""How long a program that is killed may take to be gone."""
NOTHING = Path(os.devnull)

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(LIBRARIES)


@dataclass(frozen=True)
class Done:
    """What came of a command: its exit status, and what it wrote to standard output and standard error."""

    status: int
    output: str
    errors: str


class Program:
    """A command under way.

    Attributes:
        pid: its process id.
    """

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, or the negative number of the signal that ended it; None as long as it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def wait(self) -> int:
        """Return its exit status when it has ended."""
        while (status := self.returncode) is None:
            await asyncio.sleep(0.02)
        return status

    def kill(self) -> None:
        """End it, whatever it does; returns when it is gone.

        Raises:
            TimeoutError: it is not, after ten seconds.
        """
        self._process.kill()
        self._process.join(KILLED_SECONDS)
        if self._process.exitcode is None:
            raise TimeoutError(f"process {self.pid} was killed and is still there")


def start(*arguments: str, environment: Mapping[str, str], log: Path) -> Program:
    """Start a command that writes to the file `log`; whoever starts it kills it."""
    return _fork(arguments, environment, Path.cwd(), (NOTHING, log, log))


def hotline(*arguments: str, piped: str = "", environment: Mapping[str, str], folder: Path | None = None) -> Done:
    """Run the command in `folder`, by default the current one, with `piped` on standard input; return when it ended.

    Raises:
        TimeoutError: it did not end within a minute, and was killed.
    """
    with tempfile.TemporaryDirectory() as name:
        given, output, errors = (Path(name) / stream for stream in ("input", "output", "errors"))
        given.write_text(piped, encoding="utf-8")
        program = _fork(arguments, environment, folder or Path.cwd(), (given, output, errors))
        return Done(_ended(program), output.read_text(encoding="utf-8"), errors.read_text(encoding="utf-8"))


def typed(*arguments: str, answers: Mapping[str, str], environment: Mapping[str, str]) -> Done:
    """Run the command at a terminal where somebody answers its questions; `errors` is what the terminal showed.

    Raises:
        TimeoutError: it did not ask so, or did not end, within a minute, and was killed.
    """
    ours, theirs = os.openpty()
    terminal = Path(os.ttyname(theirs))
    try:
        with tempfile.TemporaryDirectory() as name:
            output = Path(name) / "output"
            program = _fork(arguments, environment, Path.cwd(), (terminal, output, terminal))
            try:
                shown = b""
                for question, answer in answers.items():
                    shown += _until(ours, question.encode())
                    os.write(ours, f"{answer}\n".encode())
                status = _ended(program)
            finally:
                program.kill()
            while _readable(ours, 0):
                shown += os.read(ours, 4096)
            return Done(status, output.read_text(encoding="utf-8"), shown.decode())
    finally:
        os.close(ours)
        os.close(theirs)


def call(*arguments: str, piped: str = "", environment: Mapping[str, str], folder: Path | None = None) -> Done:
    """Do what `hotline` does, in this process: where what is said is to be shown, and not that a process says it."""
    output, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, _logging_as_before(), _environment(environment):
        patch.setattr("tempfile.tempdir", None)  # it is where the environment says
        patch.chdir(folder or Path.cwd())
        from hotline.cli import terminal  # noqa: PLC0415 - a program imports it in the environment given, and not before

        # As wide as is said now, whatever was when it was imported.
        patch.setattr(terminal.console, "_width", int(environment.get("COLUMNS", "80")))
        patch.setattr(sys, "argv", ["hotline", *arguments])
        for name, stream in (("stdin", io.StringIO(piped)), ("stdout", output), ("stderr", errors)):
            patch.setattr(sys, name, stream)
        return Done(_status(), output.getvalue(), errors.getvalue())


def _status() -> int:
    from hotline.cli import main  # noqa: PLC0415 - a program imports it in the environment given, and not before

    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@contextlib.contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    """Have these variables and no others, whatever a command makes of them."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _logging_as_before() -> Iterator[None]:
    """Undo what a command does to the logging of its process."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**configured)


def _fork(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, streams: Sequence[Path]) -> Program:
    process = _forks.Process(target=_run, args=(arguments, dict(environment), folder, streams))
    process.start()
    return Program(process)


def _ended(program: Program) -> int:
    """Return its exit status within a minute; whatever happens meanwhile, it is gone then."""
    try:
        program._process.join(SECONDS)
        status = program.returncode
    finally:
        program.kill()
    if status is None:
        raise TimeoutError(f"the command did not end within {SECONDS:.0f} s")
    return status


@atexit.register
def _none_left() -> None:
    """Kill what a broken test left: multiprocessing would ask it to end, and wait for it for ever."""
    for process in multiprocessing.active_children():
        process.kill()


def _until(terminal: int, words: bytes) -> bytes:
    """Return what a terminal shows, up to these words."""
    shown, latest = b"", time.monotonic() + SECONDS
    while words not in shown:
        if not _readable(terminal, max(0.0, latest - time.monotonic())):
            raise TimeoutError(f"not shown within {SECONDS:.0f} s: {words.decode()}")
        shown += os.read(terminal, 4096)
    return shown


def _readable(descriptor: int, seconds: float) -> bool:
    return bool(select.select([descriptor], [], [], seconds)[0])


def _run(arguments: Sequence[str], environment: dict[str, str], folder: Path, streams: Sequence[Path]) -> None:
    os.setsid()  # so that a terminal which is opened now is this program's
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    random.seed()
    writes = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for descriptor, (stream, flags) in enumerate(zip(streams, (os.O_RDONLY, writes, writes), strict=True)):
        opened = os.open(stream, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(descriptor, mode, encoding="utf-8", closefd=False) for descriptor, mode in enumerate("rww")
    )
    sys.argv = ["hotline", *arguments]
    try:
        sys.exit(_status())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
