"""Backup and restore by the commands of docs/operator.md, on two real servers."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from pydantic import SecretStr

from hotline.desk import CallerNumber, Desk, InsuranceNumber, SecretDigits, SignIn, TooManyFailures, Vault, load_sample
from hotline.desk.sign_in import sign_in
from hotline.records import Database, EmbeddedPostgres, embedded, migrate
from hotline.settings import DatabaseSettings, LimitSettings, PasswordSettings

PAGE = (Path(__file__).parents[2] / "docs" / "operator.md").read_text()
PARENT, STRANGER = CallerNumber("+84912345678"), CallerNumber("+84977777777")
NUMBER, NOBODYS = InsuranceNumber("0123456789"), InsuranceNumber("9999999999")
OLD = "87654321"


@pytest.fixture
async def two_servers(tmp_path):
    """A server with a database as the page sets it up, and one that is new."""
    async with EmbeddedPostgres(tmp_path / "one") as one, EmbeddedPostgres(tmp_path / "other") as other:
        owner = await asyncpg.connect(one.dsn)
        await owner.execute("CREATE ROLE hotline_migrator LOGIN CREATEROLE")
        await owner.execute("CREATE DATABASE hotline OWNER hotline_migrator ENCODING 'UTF8' TEMPLATE template0")
        await migrate(at(one, "hotline_migrator"))
        await owner.execute("CREATE ROLE hotline_service LOGIN IN ROLE hotline_app")
        await owner.execute("CREATE ROLE vssid LOGIN IN ROLE hotline_backend")
        await owner.close()
        yield one, other


def at(server, user):
    """Return the address of the hotline's database on a server, for a user."""
    return server.dsn_of("hotline").replace("postgres@", f"{user}@")


def opened(server, user):
    """Open it."""
    return Database(DatabaseSettings(dsn=SecretStr(at(server, user)), time_limit=10))


async def run(commands, server, folder):
    """Run the page's commands as the superuser of a server."""
    query = parse_qs(urlsplit(server.dsn).query)
    process = await asyncio.create_subprocess_exec(
        *("sh", "-e", "-c", commands),
        cwd=folder,
        env={
            "PATH": f"{embedded._programs()}:{os.environ['PATH']}",
            "PGHOST": query["host"][0],
            "PGPORT": query["port"][0],
            "PGUSER": "postgres",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def trail(server):
    """Return the audit trail."""
    connection = await asyncpg.connect(at(server, "hotline_migrator"))
    rows = [tuple(row.values()) for row in await connection.fetch("SELECT * FROM audit ORDER BY id")]
    await connection.close()
    return rows


async def test_what_was_restored_works_as_before(two_servers, tmp_path, vault, password_settings):
    """A password re-issued before signs in, limits count, the audit trail is whole, and every role is as it was."""
    chapter = PAGE[PAGE.index("## Backup") : PAGE.index("## An update without a lost call")]
    backup, restore = re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL)
    one, other = two_servers
    async with opened(one, "hotline_migrator") as database:
        await load_sample(database, vault, SecretDigits(OLD))
    async with opened(one, "hotline_service") as database:
        desk = Desk(database, vault, password_settings, LimitSettings())
        new = await desk.settle(await desk.look_up(PARENT, NUMBER), "call-1")
        await new.began()
        await new.heard()
        for nth in range(6):
            await desk.settle(await desk.look_up(STRANGER, NOBODYS), f"call-2{nth}")
        await desk.close()

    await run(backup, one, tmp_path)
    await run(restore, other, tmp_path)

    assert await migrate(at(other, "hotline_migrator")) == []
    before = await trail(other)
    assert before == await trail(one)
    assert len(before) == 2
    async with opened(other, "hotline_service") as database:
        desk = Desk(database, vault, password_settings, LimitSettings())
        with pytest.raises(TooManyFailures):
            await desk.admit(STRANGER)
        assert await desk.settle(await desk.look_up(PARENT, NUMBER), "call-3")
        await desk.close()
    async with opened(other, "vssid") as database:
        assert await sign_in(database, vault, NUMBER.digits, SecretDigits(OLD)) is SignIn.REFUSED
        password = SecretDigits(new.password.reveal())
        assert await sign_in(database, vault, NUMBER.digits, password) is SignIn.OK_MUST_CHANGE
        lost = Vault(PasswordSettings(pepper=SecretStr("drawn anew, as the pepper was not in the backup")))
        assert await sign_in(database, lost, NUMBER.digits, password) is SignIn.REFUSED
        lost.close()
    assert (await trail(other))[:2] == before
    for user, statement in (
        ("hotline_migrator", "DELETE FROM audit"),
        ("hotline_service", "SELECT hash FROM passwords"),
        ("vssid", "SELECT id FROM members"),
    ):
        connection = await asyncpg.connect(at(other, user))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
        await connection.close()
