"""`hotline settings`: the settings."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal, get_args, get_origin

import typer
from annotated_types import Ge, Le
from pydantic import SecretStr

from hotline.cli.terminal import console
from hotline.desk import Keyring
from hotline.settings import Group, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

app = typer.Typer(no_args_is_help=True)


@app.callback()
def settings() -> None:
    """The settings."""


@app.command("check")
def check() -> None:
    """Say what is not allowed about the settings, and about the secrets in the files they name."""
    password = Settings.load().password
    # Only `serve` and the operator's commands need a pepper; demo and run draw their own.
    if password.pepper.get_secret_value() or password.pepper_file:
        Keyring.load(password)
        console.print("no fault")
    else:
        console.print("no fault; but there is no pepper, and only `demo` and `run` do without")


@app.command("list")
def list_all() -> None:
    """Print every setting with its default, what is allowed and what it is for, as a file of environment variables."""
    for name, field in _named(Settings.model_fields, "HOTLINE_"):
        for line in textwrap.wrap(_meaning(field), 100):
            typer.echo(f"# {line}")
        keyed_by_pepper = "__NAME" if isinstance(field.default, dict) else ""
        typer.echo(f"#{name}{keyed_by_pepper}={_written(field.default)}\n")


def _named(fields: dict[str, FieldInfo], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    """Yield each setting with the name of its environment variable, those of groups too."""
    for name, field in fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            yield from _named(field.annotation.model_fields, f"{prefix}{name.upper()}__")
        else:
            yield prefix + name.upper(), field


def _meaning(field: FieldInfo) -> str:
    """Return the description of a setting and what is allowed, where a range or a choice says it."""
    if get_origin(field.annotation) is Literal:
        return f"{field.description} ({' or '.join(map(str, get_args(field.annotation)))})"
    low = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    return f"{field.description}" if low is None or high is None else f"{field.description} ({low} to {high})"


def _written(default: object) -> str:
    """Return a default as it is written in the environment. A secret's default is in this text, so is none."""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if default is None or default == {}:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
