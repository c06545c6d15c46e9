"""What the commands for operators share: the desk they work at, who they are, and numbers that nobody else may read."""

from __future__ import annotations

import contextlib
import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hotline.cli.person import at_the_terminal
from hotline.desk import OperatorDesk, Reason, SecretDigits, Vault, require_known_trace_key
from hotline.records import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hotline.settings import Settings

Why = Annotated[str, typer.Option("--why", help="the reason, as the audit trail will have it; no numbers")]
By = Annotated[str, typer.Option("--by", help="who does it, if that is not who logged in to this machine")]

_WRITTEN = str.maketrans("", "", " .-")
"""What people write between digits."""


@contextlib.asynccontextmanager
async def with_vault(settings: Settings, *, looks_for_number: bool = False) -> AsyncIterator[tuple[Database, Vault]]:
    """Yield the database of the settings, and the vault it is used with.

    Args:
        settings: of the service, or of staff.
        looks_for_number: somebody's number is looked for as it was counted.

    Raises:
        SettingsError: with this vault no number would be found, and that would look like an answer.
    """
    vault = Vault(settings.password)
    try:
        async with Database(settings.database) as database:
            if looks_for_number:
                await require_known_trace_key(database, vault)
            yield database, vault
    finally:
        vault.close()


@contextlib.asynccontextmanager
async def operator_desk(settings: Settings, *, looks_for_number: bool = False) -> AsyncIterator[OperatorDesk]:
    """Yield an operator's desk over the database of the settings; see `with_vault`."""
    async with with_vault(settings, looks_for_number=looks_for_number) as (database, vault):
        yield OperatorDesk(database, vault)


def reason(by: str, why: str) -> Reason:
    """Return who does it and why. Who logged in to the machine is named in any case."""
    login = at_the_terminal()
    return Reason(f"{by} (as {login.name})" if by else login.name, why, login.name, login.doubt)


def read_number(name: str) -> str:
    """Return a number typed in unseen, or the first line of what is piped in. Every process can read our arguments."""
    text = getpass.getpass(f"{name} (is not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    return text.strip().translate(_WRITTEN)


def read_secret(name: str) -> SecretDigits:
    """Return a password, typed in unseen or piped in as the next line."""
    text = getpass.getpass(f"{name} (is not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    return SecretDigits(text.rstrip("\r\n"))
