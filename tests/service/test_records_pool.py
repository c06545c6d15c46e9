"""The way to Postgres, over a wire that can fail."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest
from pydantic import SecretStr

from hotline.records import Database, RecordsUnavailable
from hotline.records.pool import _begin
from hotline.settings import DatabaseSettings


@pytest.fixture
async def fragile(wire):
    """A database over the wire, with two connections and a short time limit."""
    async with Database(DatabaseSettings(dsn=SecretStr(wire.dsn), time_limit=0.5, pool_max=2)) as opened:
        yield opened


async def one(database):
    """Ask something."""
    async with database.transaction() as connection:
        return await connection.fetchval("SELECT 1")


async def test_it_starts_while_the_database_is_down_and_recovers_by_itself(wire, fragile):
    """A refused connection is RecordsUnavailable; the first question after the database's return is answered."""
    await wire.cut()
    with pytest.raises(RecordsUnavailable):
        await one(fragile)
    await wire.mend()
    assert await one(fragile) == 1


async def test_a_connection_is_used_again(wire, fragile):
    """Questions one after another share one connection."""
    for _ in range(5):
        await one(fragile)
    assert wire.accepted == 1


async def test_a_lost_connection_is_replaced(wire, fragile):
    """After a cut no caller meets a dead connection."""
    await asyncio.gather(one(fragile), one(fragile))
    await wire.cut()
    await wire.mend()
    await asyncio.sleep(0.05)
    assert await one(fragile) == 1


async def test_a_silent_database_is_given_up_in_time_and_leaves_nothing_behind(wire, fragile):
    """When the server falls silent everybody is told within the time limit, also who waits for a connection."""
    await asyncio.gather(one(fragile), one(fragile))
    wire.fall_silent()
    began = time.monotonic()
    results = await asyncio.gather(*(one(fragile) for _ in range(6)), return_exceptions=True)
    assert all(isinstance(result, RecordsUnavailable) for result in results)
    assert time.monotonic() - began < 0.8
    await wire.cut()
    await wire.mend()
    assert await asyncio.gather(*(one(fragile) for _ in range(6))) == [1] * 6
    assert wire.open_connections <= 2


async def test_a_cancelled_question_leaks_no_connection(wire, fragile):
    """Who hangs up in the middle of a query ends its connection at once and gives its place back."""
    for _ in range(5):
        task = asyncio.create_task(_slow(fragile))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await asyncio.gather(*(one(fragile) for _ in range(4))) == [1] * 4
    await asyncio.sleep(0.05)
    assert wire.open_connections <= 2


async def test_what_is_insisted_on_is_done_over(wire, fragile):
    """A connection that breaks costs nothing but another try; what the work returns in the end is the result."""
    wire.set_trap(b"SELECT 1", done=True)
    assert await fragile.insist(lambda connection: connection.fetchval("SELECT 1")) == 1
    assert wire.sprung.is_set()


@pytest.mark.parametrize("failure", ["cut", "silent"])
async def test_insisting_ends_in_time(wire, fragile, failure):
    """Within the time limit it is RecordsUnavailable, whether the server refuses or says nothing."""
    await one(fragile)
    if failure == "cut":
        await wire.cut()
    else:
        wire.fall_silent()
    began = time.monotonic()
    with pytest.raises(RecordsUnavailable):
        await fragile.insist(lambda connection: connection.fetchval("SELECT 1"))
    assert time.monotonic() - began < 0.8


async def test_a_mistake_is_not_insisted_on(fragile):
    """A wrong statement is raised at once, and tried once."""
    tries = []

    async def wrong(connection):
        tries.append(connection)
        await connection.execute("SELECT FROM nothing")

    with pytest.raises(asyncpg.UndefinedTableError):
        await fragile.insist(wrong)
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("major", "setting"), [(16, "idle_in_transaction_session_timeout"), (17, "transaction_timeout")]
)
async def test_the_server_ends_a_transaction_we_left(database, major, setting):
    """By the limit that its version has, for this transaction only."""
    async with database.transaction() as connection:
        await connection.execute(f"COMMIT; {_begin(Server(major), 1.5)}")
        assert await connection.fetchval(f"SHOW {setting}") == "1500ms"
        await connection.execute("COMMIT; BEGIN")
        assert await connection.fetchval(f"SHOW {setting}") in {"0", "2s"}


async def test_a_commit_we_are_told_of_is_on_disk(database):
    """Whatever the server's own default (here: not), for a password is spoken next."""
    async with database.transaction() as connection:
        assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_the_server_ends_a_slow_statement_too(database):
    """A statement over the time limit is RecordsUnavailable, whoever notices first."""
    async with database.transaction() as connection:
        assert await connection.fetchval("SHOW statement_timeout") == "2s"
        await connection.execute("SET statement_timeout = 20")
    with pytest.raises(RecordsUnavailable):
        await _slow(database)
    assert await one(database) == 1


async def test_a_raising_block_is_rolled_back(database):
    """What a transaction did before it raised is undone, and its connection stays in use."""
    with pytest.raises(LookupError):
        await _change_and_raise(database)
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM members WHERE full_name = 'changed'") == 0


async def test_a_mistake_of_ours_is_not_taken_for_an_outage(database):
    """A wrong statement or argument is raised as what it is."""
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.transaction() as connection:
            await connection.execute("SELECT FROM nothing")
    with pytest.raises(asyncpg.DataError):
        async with database.transaction() as connection:
            await connection.fetchval("SELECT $1::bigint", "text")
    assert await one(database) == 1


async def test_a_closed_database_says_so(dsn):
    """After close nothing connects any more."""
    database = Database(DatabaseSettings(dsn=SecretStr(dsn)))
    await one(database)
    await database.close()
    with pytest.raises(RecordsUnavailable):
        await one(database)


async def test_no_time_is_left_after_the_deadline(database):
    """Work that has used up its time does not begin."""
    begun = []
    with pytest.raises(RecordsUnavailable):
        await database.insist(begun.append, seconds=-1)
    assert not begun


class Server:
    """A connection to a server of some version."""

    def __init__(self, major):
        self.major = major

    def get_server_version(self):
        return self


async def _slow(database):
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_sleep(0.4)")


async def _change_and_raise(database):
    async with database.transaction() as connection:
        await connection.execute("UPDATE members SET full_name = 'changed'")
        raise LookupError
