"""What a password looks like and how it is kept."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from hotline.settings.group import Group, crossed

GUESS_BITS = 19
"""What a password must leave to guess, as log2 of how many there are without equal neighbours: one in half a million.

NIST SP 800-63B (5.1.1.1) lets a secret that the service draws be six random digits, 20 bits, and (5.2.2) 100 wrong
tries in a row. Six of ten digits without equal neighbours are 19.2. The other rules of SPEC §4 cost less than 0.2 more.
"""

KeyId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,16}$")]


class PasswordSettings(Group):
    """What a new password looks like and how it is kept (SPEC §4)."""

    length: Annotated[
        int,
        Field(
            ge=6,
            le=12,
            description="digits; nine of eight symbols are 25 bits, and as many as are read twice within a paid minute",
        ),
    ] = 9
    digits: Annotated[
        str,
        Field(
            pattern=r"^[0-9]{6,10}$", description="digits used; 3 and 7, ba and bảy, are the ones misheard on the phone"
        ),
    ] = "01245689"
    valid_hours: Annotated[int, Field(ge=1, le=72, description="hours until a password not changed expires")] = 24
    sign_in_minutes: Annotated[
        int, Field(ge=1, le=60, description="minutes after a reading began in which a first sign-in makes it active")
    ] = 10
    pepper: Annotated[SecretStr, Field(description="secret key outside the database, at least 32 characters")] = (
        SecretStr("")
    )
    pepper_file: Annotated[
        Path | None, Field(description="file to read the pepper from, in place of `pepper`; closed to others")
    ] = None
    pepper_key_id: Annotated[KeyId, Field(description="name of this pepper, kept beside each hash made with it")] = "1"
    former_peppers: Annotated[
        dict[KeyId, SecretStr],
        Field(description="peppers of before a rotation, by name; they only verify"),
    ] = {}  # noqa: RUF012 - pydantic gives each its own
    former_pepper_files: Annotated[
        dict[KeyId, Path], Field(description="files to read former peppers from, by name of the pepper")
    ] = {}  # noqa: RUF012 - pydantic gives each its own
    trace_key: Annotated[
        SecretStr,
        Field(description="key under which numbers are counted; without it the pepper, until there is a second one"),
    ] = SecretStr("")
    trace_key_file: Annotated[Path | None, Field(description="file to read it from, in place of `trace_key`")] = None
    hash_threads: Annotated[int, Field(ge=1, le=16, description="hashes at once; each is 32 ms of one core")] = 2
    hash_queue: Annotated[
        int,
        Field(
            ge=4,
            le=1000,
            description="hashes that may wait for a thread; later callers are told that the hotline is busy. 64 behind "
            "two threads are 1 s, inside the 2 s of the check prompt",
        ),
    ] = 64

    @property
    def has_pepper(self) -> bool:
        """Whether a pepper is set, or a file that has one."""
        return self.pepper_file is not None or bool(self.pepper.get_secret_value())

    @field_validator("digits")
    @classmethod
    def _distinct(cls, digits: str) -> str:
        if len(set(digits)) != len(digits):
            raise ValueError("each digit once")
        return digits

    @model_validator(mode="after")
    def _hard_to_guess(self) -> Self:
        bits = guess_bits(len(self.digits), self.length)
        if bits < GUESS_BITS:
            raise crossed(
                self,
                "length",
                f"with {len(self.digits)} digits to choose from that is {bits:.1f} bits to guess, and {GUESS_BITS} are "
                "needed: make it longer, or allow more in HOTLINE_PASSWORD__DIGITS",
            )
        return self


def guess_bits(symbols: int, length: int) -> float:
    """Return log2 of how many passwords of `length` out of `symbols` digits have no equal neighbours."""
    return math.log2(symbols) + (length - 1) * math.log2(symbols - 1)
