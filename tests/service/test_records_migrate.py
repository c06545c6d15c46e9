"""Bringing a database to this version's schema, and the service that refuses any other."""

from __future__ import annotations

import asyncio
import contextlib
import os
from functools import partial
from types import SimpleNamespace
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

import program
from hotline.prompts import Library
from hotline.records import Database, MigrationFailed, SchemaNewer, SchemaOutdated, applying, migrate, migrations
from hotline.service import fitness, serving
from hotline.service.fitness import when_there
from hotline.service.ways_in import take_calls
from hotline.settings import AriSettings, DatabaseSettings, PasswordSettings, Settings

NAMES = [path.stem for path in sorted(migrations.MIGRATIONS.glob("*.sql"))]
FROM_THE_FUTURE = "INSERT INTO _yoyo_migration (migration_hash, migration_id) VALUES ('x', '9999.from-the-future')"


@pytest.fixture
async def empty(postgres):
    """Address of a database in which nothing was migrated."""
    name = f"empty_{uuid4().hex}"
    yield await postgres.create_database(name)
    await postgres.drop_database(name)


@contextlib.asynccontextmanager
async def sql(dsn):
    """A connection past everything of ours."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def hotline(dsn, *arguments):
    """Run the command; return exit status, output and errors."""
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "400", "HOTLINE_DATABASE__DSN": dsn}
    done = await asyncio.to_thread(program.hotline, "records", "migrate", *arguments, environment=environment)
    return done.status, done.output, done.errors


async def test_the_command_tells_what_is_due_does_it_and_finds_nothing_more(empty):
    """Checked, applied one by one, checked, and applied again."""
    assert await hotline(empty, "--check") == (1, f"due: {', '.join(NAMES)}\n", "")
    assert await hotline(empty) == (0, "".join(f"applied {name}\n" for name in NAMES), "")
    nothing = (0, "nothing to do: the database has the schema of this version\n", "")
    assert await hotline(empty, "--check") == nothing
    assert await hotline(empty) == nothing


async def test_two_commands_at_once_apply_each_migration_once(empty):
    """One of them applies all, and the other says that nothing was to do."""
    (first, second) = await asyncio.gather(hotline(empty), hotline(empty))
    assert (first[0], second[0]) == (0, 0)
    assert (first[1] + second[1]).count("applied ") == len(NAMES)
    assert "nothing to do" in first[1] + second[1]


async def test_a_newer_schema_is_left_alone(dsn):
    """Neither the check nor the command touches what a newer version has made; exit status 2 and one line."""
    async with sql(dsn) as connection:
        await connection.execute(FROM_THE_FUTURE)
    for arguments in ((), ("--check",)):
        status, output, errors = await hotline(dsn, *arguments)
        assert (status, output, errors.count("\n")) == (2, "", 1)
        assert "9999.from-the-future" in errors


async def test_a_table_in_use_is_not_waited_for(empty, tmp_path, monkeypatch):
    """Callers who want the table would all wait behind the migration: it gives up, and says so."""
    monkeypatch.setattr(applying, "LOCK_TIMEOUT", "50ms")
    (tmp_path / "0001.busy.sql").write_text("CREATE TABLE busy ()")
    assert await migrate(empty, tmp_path) == ["0001.busy"]
    (tmp_path / "0002.wider.sql").write_text("ALTER TABLE busy ADD COLUMN more text")
    async with sql(empty) as connection, connection.transaction():
        await connection.execute("LOCK TABLE busy")
        with pytest.raises(MigrationFailed, match=r"0002\.wider: a table is in use"):
            await migrate(empty, tmp_path)
    assert await migrate(empty, tmp_path) == ["0002.wider"]


@contextlib.asynccontextmanager
async def started(dsn, monkeypatch):
    """The service as it starts, with prompts that it does not get to."""
    monkeypatch.setattr(Library, "open", lambda *_: None)
    settings = Settings(
        ari=AriSettings(password=SecretStr("a password for tests")),
        database=DatabaseSettings(dsn=SecretStr(dsn)),
        password=PasswordSettings(pepper=SecretStr("a pepper for tests, of no use elsewhere")),
    )
    async with serving(settings):
        yield


async def test_a_service_refuses_an_older_schema(empty, monkeypatch):
    """At its start, with one message that names what is missing and the command."""
    with pytest.raises(SchemaOutdated, match=r"0001\.members.*`hotline records migrate`") as refused:
        async with started(empty, monkeypatch):
            pass
    assert "\n" not in str(refused.value)


async def test_a_service_refuses_a_newer_schema(dsn, monkeypatch):
    """An old version put back does not write into tables it does not know."""
    async with sql(dsn) as connection:
        await connection.execute(FROM_THE_FUTURE)
    with pytest.raises(SchemaNewer, match=r"9999\.from-the-future"):
        async with started(dsn, monkeypatch):
            pass


async def test_a_database_away_at_the_start_is_looked_at_when_it_is_back(wire, dsn, monkeypatch):
    """Calls are taken meanwhile, and no more once its schema turns out to be another."""
    monkeypatch.setattr(fitness, "LOOK_AGAIN", 0.01)
    async with sql(dsn) as connection:
        await connection.execute(FROM_THE_FUTURE)
    await wire.cut()
    gone = []

    async def open_door(_receive):
        try:
            await asyncio.Event().wait()
        finally:
            gone.append(True)

    async with Database(DatabaseSettings(dsn=SecretStr(wire.dsn), time_limit=0.2)) as database:
        fit = partial(when_there, database, None)
        taking = asyncio.create_task(take_calls([SimpleNamespace(open=open_door)], SimpleNamespace(receive=None), fit))
        await asyncio.sleep(0.3)
        assert not taking.done()
        await wire.mend()
        with pytest.raises(SchemaNewer):
            await taking
    assert gone
