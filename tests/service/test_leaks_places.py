"""The detector of leaks sees a number wherever it is planted: in files, names, processes and tables."""

import asyncio
import contextlib
import os
import random
import sys

import asyncpg
import pytest

from leaks import Finder, Folder, Leak, Spy, tables

DIGITS = "".join(random.SystemRandom().sample("0123456789", 9))
"""Another in each test process: all see the processes of all."""


@pytest.fixture
def finder():
    """Looks for the planted number."""
    return Finder(DIGITS)


@contextlib.asynccontextmanager
async def process(*arguments, **environment):
    """A process with these arguments and environment, for as long as the block lasts."""
    waiting = [sys.executable, "-c", "input()", *arguments]
    child = await asyncio.create_subprocess_exec(*waiting, env=os.environ | environment, stdin=asyncio.subprocess.PIPE)
    try:
        yield
    finally:
        child.kill()
        await child.wait()


def test_a_number_in_a_file_is_found_by_its_path(tmp_path, finder):
    """A file with the number is named by its path; folders that are left out are not looked into."""
    for place in ("a/log", "left-out/log"):
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_text(f"x={DIGITS}")
    assert Folder(tmp_path, without=["left-out"]).leaks(finder) == {Leak("a/log", "whole")}


def test_a_number_in_a_files_name_is_found(tmp_path, finder):
    """A name is no place for a number either."""
    (tmp_path / f"secret-{DIGITS}.alaw").touch()
    assert Folder(tmp_path).leaks(finder) == {Leak("a file's name", "whole")}


def test_files_that_were_there_before_are_passed_over(tmp_path, finder):
    """Only what changed since the time given is looked at."""
    (tmp_path / "old").write_text(DIGITS)
    os.utime(tmp_path / "old", (1000, 1000))
    assert Folder(tmp_path, since=2000).leaks(finder) == set()


async def test_a_name_that_is_gone_again_was_seen(tmp_path, finder):
    """A file that lived for a moment is found by its name, also one that says a digit each time."""
    async with Spy(tmp_path) as spy:
        for digit in DIGITS:
            file = tmp_path / f"digit-{digit}.alaw"
            file.touch()
            spy.look()
            file.unlink()
            spy.look()
    assert spy.leaks(finder) == {Leak("a file's name", "per channel")}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["argument", "environment"])
async def test_a_process_with_the_number_is_seen(finder, where):
    """Neither the arguments nor the environment of a process may have it."""
    given = {"arguments": [DIGITS]} if where == "argument" else {"environment": {"SECRET": DIGITS}}
    async with Spy() as spy, process(*given.get("arguments", []), **given.get("environment", {})):
        spy.look()
    assert spy.leaks(finder) == {Leak("a process", "whole")}


async def test_a_table_with_the_number_is_named(dsn, finder):
    """Every column of every table is looked at, also what is in JSON or bytes."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "INSERT INTO audit (actor, action, detail) VALUES ('a', 'b', $1)", f'{{"n": "{DIGITS}"}}'
        )
        await connection.execute("CREATE TABLE planted (content bytea)")
        await connection.execute("INSERT INTO planted VALUES ($1)", DIGITS.encode())
        found = {name: finder.inside(content) for name, content in (await tables(connection)).items()}
    finally:
        await connection.close()
    assert {name: forms for name, forms in found.items() if forms} == {
        "public.audit": {"whole"},
        "public.planted": {"encoded"},
    }
    assert "public.members" in found
