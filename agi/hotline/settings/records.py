"""Where the records are, and how long they stay."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from hotline.settings.group import Group


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
        return dsn


class RecordSettings(Group):
    """How long the records keep what they have of single calls (SPEC §5)."""

    keep_days: Annotated[
        int, Field(ge=7, le=3650, description="days until calls, attempts and old passwords are deleted; sums remain")
    ] = 90
