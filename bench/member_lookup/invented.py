"""Invented members: the same number for the same member, reckoned by us and by Postgres, scattered and each once."""

from __future__ import annotations

from dataclasses import dataclass

MOST = 50_000_000
"""Members for whom the numbers suffice."""

# Multiplied by what shares no factor with a power of ten, and cut off there, counting becomes a walk in disorder that
# meets every number once. The products stay below 2^63.
_INSURANCE, _PERSONAL, _PHONE = 7_368_787_331, 61_234_567_891, 38_765_431
_SHARING = 5
"""Of so many members one shares a phone with another, as children do a parent's."""
_WITH_PERSONAL_NUMBER = 7
"""Of ten members so many have a personal number by now."""

ROWS = f"""
    SELECT '+849' || lpad((i * {_SHARING - 1} / {_SHARING} * {_PHONE} % 100000000)::text, 8, '0'),
           lpad((i * {_INSURANCE} % 10000000000)::text, 10, '0'),
           CASE WHEN i % 10 < {_WITH_PERSONAL_NUMBER} THEN lpad((i * {_PERSONAL} % 1000000000000)::text, 12, '0') END,
           'Nguyễn Văn ' || i
    FROM generate_series($1::bigint, $2::bigint) AS i
"""  # noqa: S608 - figures of ours
"""Members from the first number to the last: phone, insurance number, personal number, name."""


@dataclass(frozen=True)
class Invented:
    """One of them, by a number from 0 on."""

    nth: int

    @property
    def phone(self) -> str:
        """Theirs, in E.164."""
        return f"+849{self.nth * (_SHARING - 1) // _SHARING * _PHONE % 10**8:08}"

    @property
    def insurance_number(self) -> str:
        """The ten-digit one."""
        return f"{self.nth * _INSURANCE % 10**10:010}"

    @property
    def personal_number(self) -> str | None:
        """The twelve-digit one, if they have it."""
        return f"{self.nth * _PERSONAL % 10**12:012}" if self.nth % 10 < _WITH_PERSONAL_NUMBER else None
