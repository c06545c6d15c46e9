"""One member as a row of text: what each column may hold."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from hotline.desk import InsuranceNumber, NumberMalformed, stored_e164
from hotline.members.errors import RowMalformed

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_NAME: Final = 200
LONGEST_EMAIL: Final = 254
"""Characters (RFC 5321: 256 with the brackets)."""

_EMAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]+\.[^\s@<>,;\".]{2,}")
_FORMULA = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet would execute."""


class MemberRow(NamedTuple):
    """A member, every value checked and in its one spelling.

    Attributes:
        phone: E.164 with plus.
        insurance_number: ten digits.
        personal_number: twelve digits; None if not known.
        full_name: in Unicode's composed form.
        email: None if there is none.
    """

    phone: str
    insurance_number: str
    personal_number: str | None
    full_name: str
    email: str | None

    def __repr__(self) -> str:
        return "MemberRow(hidden)"


COLUMNS: Final = MemberRow._fields
REQUIRED: Final = frozenset({"phone", "insurance_number", "full_name"})


def parsed(values: Mapping[str, str]) -> MemberRow:
    """Return the member whose columns are `values`; an optional column may be missing or empty.

    Phone numbers of eleven digits, from before September 2018, become those that replaced them (SPEC §3).

    Raises:
        RowMalformed: a value is not as it must be.
    """
    return MemberRow(
        phone=phone(values.get("phone", "")),
        insurance_number=insurance_number(values.get("insurance_number", "")),
        personal_number=personal_number(text) if (text := values.get("personal_number", "").strip()) else None,
        full_name=full_name(values.get("full_name", "")),
        email=email(text) if (text := values.get("email", "").strip()) else None,
    )


def phone(text: str) -> str:
    """Return a Vietnamese phone number in E.164.

    Raises:
        RowMalformed: it is none.
    """
    try:
        return stored_e164(text.strip())
    except NumberMalformed as fault:
        raise RowMalformed(f"phone: {fault}") from None


def insurance_number(text: str) -> str:
    """Return a mã số BHXH.

    Raises:
        RowMalformed: it does not have ten digits.
    """
    return _digits(text, 10, "insurance_number")


def personal_number(text: str) -> str:
    """Return a personal number (số định danh cá nhân).

    Raises:
        RowMalformed: it does not have twelve digits.
    """
    return _digits(text, 12, "personal_number")


def full_name(text: str) -> str:
    """Return a name in composed form, with single spaces.

    Raises:
        RowMalformed: it is empty, longer than 200 characters, holds what can't be printed or would be a formula.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > LONGEST_NAME:
        raise RowMalformed(f"full_name: must have 1 to {LONGEST_NAME} characters")
    if not name.isprintable() or name.startswith(_FORMULA):
        raise RowMalformed("full_name: has a character that no name has")
    return name


def email(text: str) -> str:
    """Return an e-mail address; only its form is looked at, nothing is ever sent to it.

    Raises:
        RowMalformed: it is none.
    """
    address = text.strip()
    if len(address) > LONGEST_EMAIL or not _EMAIL.fullmatch(address) or address.startswith(_FORMULA):
        raise RowMalformed("email: is no address")
    return address


def _digits(text: str, count: int, column: str) -> str:
    digits = text.strip()
    try:
        number = InsuranceNumber.parse(digits)
    except NumberMalformed:
        number = None
    if number is None or len(digits) != count:
        # Excel shows 0123456789 as 123456789, the most frequent fault of all.
        lost = digits.isdecimal() and len(digits) == count - 1
        hint = "; a spreadsheet may have dropped its leading zero: format the column as text" if lost else ""
        raise RowMalformed(f"{column}: must have {count} digits{hint}")
    return digits
