"""Invented members, for demo, tests and test phones."""

from __future__ import annotations

import csv
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from hotline.desk.errors import DeskError, NumberMalformed
from hotline.desk.numbers import InsuranceNumber, stored_e164
from hotline.desk.secret import SecretDigits
from hotline.records import members, passwords
from hotline.settings import SHARE

if TYPE_CHECKING:
    from pathlib import Path

    from hotline.desk.vault import Vault
    from hotline.records import Database

UNKNOWN_DIGITS = 24
"""Of a password that nobody is to guess, and nobody has to key."""
SAMPLE = SHARE / "db" / "sample_members.csv"


class SampleMalformed(DeskError):
    """A row of the sample file is wrong; the message names file and line."""


@dataclass(frozen=True, repr=False)
class SampleMember:
    """A row of the file."""

    phone: str
    insurance_number: str
    personal_number: str | None
    full_name: str
    email: str | None


async def load_sample(database: Database, vault: Vault, password: SecretDigits, path: Path = SAMPLE) -> int:
    """Have the sample members, each with `password` as their own and no past; return how many were added.

    Sample members that are there already are removed first; other members are left alone.

    Raises:
        SampleMalformed: a row is wrong; none is added.
        RecordsUnavailable: the database is away; do it again for the rest.
    """
    samples = sample_members(path)
    async with database.transaction() as connection:
        await members.remove_samples(connection)
    return sum([await _add(database, vault, password, sample) for sample in samples])


async def enrol(database: Database, vault: Vault, phone: str, number: str) -> bool:
    """Add one sample member, whose password nobody knows; False when there is a member with this insurance number.

    Raises:
        NumberMalformed: of phone or insurance number.
        NotPermitted: not as this user of the database.
        RecordsUnavailable: the database is away.
    """
    unknown = SecretDigits("".join(secrets.choice("0123456789") for _ in range(UNKNOWN_DIGITS)))
    member = SampleMember(stored_e164(phone), InsuranceNumber.parse(number).digits, None, "Canary", None)
    return await _add(database, vault, unknown, member)


async def _add(database: Database, vault: Vault, password: SecretDigits, sample: SampleMember) -> bool:
    async with database.transaction() as connection:
        member_id = await members.add_sample(
            connection,
            phone=sample.phone,
            insurance_number=sample.insurance_number,
            personal_number=sample.personal_number,
            full_name=sample.full_name,
            email=sample.email,
        )
        if member_id is None:
            return False
        hashed = await vault.hash(password, member_id)
        await passwords.add_owned(connection, uuid4(), member_id=member_id, hashed=hashed, key_id=vault.key_id)
        return True


def sample_members(path: Path = SAMPLE) -> list[SampleMember]:
    """Return the sample members in `path`.

    Raises:
        SampleMalformed: a row is wrong.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        samples = []
        for row in rows:
            try:
                samples.append(
                    SampleMember(
                        phone=stored_e164(row["phone"]),
                        insurance_number=InsuranceNumber.parse(row["insurance_number"]).digits,
                        personal_number=row["personal_number"] or None,
                        full_name=row["full_name"],
                        email=row["email"] or None,
                    )
                )
            except NumberMalformed as error:
                raise SampleMalformed(f"{path}:{rows.line_num}: {error}") from None
            except KeyError as error:
                raise SampleMalformed(f"{path}:1: no column {error}") from None
        return samples
