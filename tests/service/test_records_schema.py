"""The schema and the server it lives in."""

from __future__ import annotations

import asyncio
import stat

import asyncpg
import pytest

from hotline.processes import ChildFailed, MissingProgram
from hotline.records import EmbeddedPostgres, MigrationFailed, NotPermitted, RecordsUnavailable, embedded, migrate
from hotline.records.migrations import MIGRATIONS


async def test_migrations_are_applied_once(dsn):
    """A migrated database has nothing to apply."""
    assert await migrate(dsn) == []


async def test_two_processes_may_migrate_at_once(postgres):
    """One applies all the migrations and the other waits and has none left."""
    dsn = await postgres.create_database("migrated_twice")
    applied = await asyncio.gather(migrate(dsn), migrate(dsn))
    assert sorted(map(len, applied)) == [0, len(list(MIGRATIONS.glob("*.sql")))]


async def test_a_wrong_migration_is_named(postgres, tmp_path):
    """The message has the migration's name, and those before it stay applied."""
    dsn = await postgres.create_database("migrated_badly")
    (tmp_path / "0001.good.sql").write_text("CREATE TABLE good ()")
    (tmp_path / "0002.bad.sql").write_text("CREATE TABLE good ()")
    with pytest.raises(MigrationFailed, match=r"0002\.bad"):
        await migrate(dsn, tmp_path)
    assert await migrate(dsn, tmp_path / "none") == []


async def test_migrating_an_absent_database_says_so():
    """A database that can't be reached is RecordsUnavailable; its password is in no message."""
    with pytest.raises(RecordsUnavailable) as caught:
        await migrate("postgresql://somebody:verysecret@127.0.0.1:1/none")
    assert "verysecret" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_the_audit_trail_is_only_added_to(database):
    """No row of it is changed or deleted, not even by the owner of the table."""
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO audit (actor, action) VALUES ('operator', 'password-limit')")
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(NotPermitted, match="only ever added"):
            async with database.transaction() as connection:
                await connection.execute(statement)


async def test_an_account_has_one_active_password(database):
    """The schema itself keeps a second active password out."""
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction() as connection:
            await connection.execute(
                """
                INSERT INTO passwords (id, member_id, state, hash, key_id, activated_at)
                SELECT gen_random_uuid(), member_id, 'active', hash, key_id, now() FROM passwords LIMIT 1
                """
            )


async def test_a_server_finds_its_data_again(tmp_path):
    """What was written is there after a restart in the same folder, however the server ended."""
    async with EmbeddedPostgres(tmp_path) as postgres:
        await postgres.create_database("kept")
    async with EmbeddedPostgres(tmp_path) as postgres:
        connection = await asyncpg.connect(postgres.dsn_of("kept"))
        await connection.close()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


async def test_a_long_folder_name_is_no_trouble(tmp_path):
    """The socket moves to a shorter folder when its path would be too long."""
    folder = tmp_path / ("long" * 30)
    async with EmbeddedPostgres(folder) as postgres:
        connection = await asyncpg.connect(postgres.dsn)
        await connection.close()


async def test_a_server_that_does_not_start_says_why(tmp_path):
    """The message has the end of its log."""
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "PG_VERSION").write_text("9.0\n")
    with pytest.raises(ChildFailed, match=r"postgresql\.conf|incompatible|does not exist"):
        await EmbeddedPostgres(tmp_path).__aenter__()


async def test_a_missing_wheel_says_what_to_do(tmp_path, monkeypatch):
    """Without the wheel the message names it and the command that installs it."""
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingProgram, match="make setup"):
        await EmbeddedPostgres(tmp_path).__aenter__()
