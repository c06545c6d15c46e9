"""A real Postgres: one server a test process, and for each test an own copy of a migrated database."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import argon2
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bench.faults.wire import Wire
from hotline.desk import Desk, SecretDigits, Vault, load_sample
from hotline.records import Database, EmbeddedPostgres, migrate
from hotline.settings import DatabaseSettings, LimitSettings, PasswordSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

OLD_PASSWORD = "87654321"
PEPPER = "a pepper for tests, of no use elsewhere"


_names = (f"test_{number}" for number in itertools.count(1))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres() -> AsyncIterator[EmbeddedPostgres]:
    """An own server, gone after the tests; in memory, where a database is copied twenty times as fast."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="hotline-pg-", dir=memory if os.access(memory, os.W_OK) else None
    ) as folder:
        async with EmbeddedPostgres(Path(folder)) as server:
            yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(postgres: EmbeddedPostgres, password_settings: PasswordSettings) -> str:
    """Name of a database with the schema and the sample members, to be copied."""
    dsn = await postgres.create_database("template")
    await migrate(dsn)
    vault = Vault(password_settings)
    async with Database(DatabaseSettings(dsn=SecretStr(dsn), time_limit=10)) as database:
        await load_sample(database, vault, SecretDigits(OLD_PASSWORD))
    vault.close()
    return "template"


@pytest.fixture
async def dsn(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    """Address of an own database with the schema and the sample members."""
    name = next(_names)
    yield await postgres.create_database(name, template)
    await postgres.drop_database(name)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """The own database, opened."""
    async with Database(DatabaseSettings(dsn=SecretStr(dsn))) as opened:
        yield opened


@pytest.fixture
def loose_wire(dsn: str) -> Wire:
    """A wire to the own database that does not work yet; for whoever has an event loop of their own."""
    return Wire.to(dsn)


@pytest.fixture
async def wire(loose_wire: Wire) -> AsyncIterator[Wire]:
    """A wire to the own database, working at first."""
    await loose_wire.mend()
    yield loose_wire
    await loose_wire.cut()


@pytest.fixture(scope="session")
def password_settings() -> PasswordSettings:
    """Passwords as shipped, with a pepper."""
    return PasswordSettings(pepper=SecretStr(PEPPER))


@pytest.fixture
def vault(password_settings: PasswordSettings) -> Iterator[Vault]:
    """A vault with the pepper of the sample members' passwords."""
    opened = Vault(password_settings)
    yield opened
    opened.close()


@pytest.fixture
def quick_vault(password_settings: PasswordSettings) -> Iterator[Vault]:
    """The same, whose new hashes cost next to nothing."""
    opened = Vault(password_settings, argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield opened
    opened.close()


@pytest.fixture
async def desk(database: Database, vault: Vault, password_settings: PasswordSettings) -> AsyncIterator[Desk]:
    """A desk over the own database, with the limits as shipped."""
    opened = Desk(database, vault, password_settings, LimitSettings())
    yield opened
    await opened.close()
