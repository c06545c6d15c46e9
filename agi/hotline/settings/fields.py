"""One setting as it is declared: which values it takes, and how they are written."""

from __future__ import annotations

import types
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import SecretStr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

KINDS: Mapping[type, str] = {
    SecretStr: "secret",
    Path: "path",
    IPv4Address: "IP address",
    IPv6Address: "IP address",
}


def limits(field: FieldInfo) -> str:
    """Return the range or the choice a value must be in; empty where there is neither."""
    kind = field.annotation
    low = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    if low is not None and high is not None:
        return f"{low} to {high}"
    if get_origin(kind) is Literal:
        return " or ".join(map(str, get_args(kind)))
    return "true or false" if kind is bool else ""


def allowed(field: FieldInfo) -> str:
    """Return what a value must be, in a few words: its limits, else its kind."""
    kind = field.annotation
    if get_origin(kind) is tuple:
        return "several, by commas"
    if get_origin(kind) is dict:
        return "one for each name"
    kinds = get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)
    return limits(field) or next((word for known, word in KINDS.items() if known in kinds), "text")


def written(value: object) -> str:
    """Return a value as it is written in the environment. A secret is told too: for defaults, which are none."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
