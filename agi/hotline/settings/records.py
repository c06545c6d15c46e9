"""Where the records are, and how long they stay."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from hotline.settings.group import Group

_HOST = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:[0-9]{1,5})?")
"""One host of a connection URI and its port; IPv6 in brackets, a folder with its slashes written %2F."""


class DatabaseSettings(Group):
    """Where the members and records are."""

    dsn: Annotated[SecretStr, Field(description="PostgreSQL connection URI")] = SecretStr("postgresql:///hotline")
    pool_max: Annotated[int, Field(ge=1, le=100, description="connections at most; one call needs one for ~2 ms")] = 8
    time_limit: Annotated[
        float, Field(ge=0.2, le=10, description="seconds for any one query, so that a caller is told within 3 s")
    ] = 2.0

    @field_validator("dsn")
    @classmethod
    def _postgres(cls, dsn: SecretStr) -> SecretStr:
        if not dsn.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        # A password with an @ or / of its own shows here, too: what follows is taken for the host.
        hosts = urlsplit(dsn.get_secret_value()).netloc.rpartition("@")[2]
        if any(_HOST.fullmatch(host) is None for host in hosts.split(",")):
            raise ValueError("must have a number as port; in a password write %40 for @, %3A for :, %2F for /")
        return dsn


class RecordSettings(Group):
    """How long the records keep what they have of single calls (SPEC §5)."""

    keep_days: Annotated[
        int, Field(ge=7, le=3650, description="days until calls, attempts and old passwords are deleted; sums remain")
    ] = 90
