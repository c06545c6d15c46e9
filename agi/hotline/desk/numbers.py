"""Phone and insurance numbers: what they look like, and one spelling for each."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

from hotline.desk.errors import NumberMalformed

VIETNAM = 84

# The library takes more than numbers: full-width digits, ",,123" suffixes, letters (SPEC §3).
_PHONE = re.compile(r"\+?[0-9]{8,15}")
_INSURANCE_NUMBER = re.compile(r"[0-9]{10}(?:[0-9]{2})?")


class ForeignNumber(NumberMalformed):
    """A phone number of another country."""


def masked(number: str) -> str:
    """Return `number` as the records show it: seven stars and its last three digits."""
    return "*" * 7 + number[-3:]


@dataclass(frozen=True, repr=False)
class InsuranceNumber:
    """What the caller keyed: mã số BHXH (ten digits), or the personal number that replaces it (twelve)."""

    digits: str

    @classmethod
    def parse(cls, digits: str) -> InsuranceNumber:
        """Return the number written as `digits`; leading zeros count.

        Raises:
            NumberMalformed: not ten or twelve of the digits 0-9.
        """
        if not _INSURANCE_NUMBER.fullmatch(digits):
            raise NumberMalformed("an insurance number has 10 or 12 digits")
        return cls(digits)

    def masked(self) -> str:
        """Return it as the records show it."""
        return masked(self.digits)

    def __repr__(self) -> str:
        return f"InsuranceNumber({self.masked()})"


def vietnamese_e164(text: str) -> str:
    """Return a Vietnamese phone number in E.164 with plus.

    `0912345678`, `84912345678`, `+84912345678` and `0084912345678` all become `+84912345678`.

    Raises:
        ForeignNumber: a number of another country.
        NumberMalformed: no number in use in Vietnam.
    """
    if not _PHONE.fullmatch(text):
        raise NumberMalformed("a phone number has 8 to 15 digits, with or without a plus before them")
    try:
        number = phonenumbers.parse(text, "VN")
    except phonenumbers.NumberParseException:
        raise NumberMalformed("no phone number begins like this") from None
    if number.country_code != VIETNAM:
        raise ForeignNumber("a phone number of another country")
    if not phonenumbers.is_valid_number(number):
        raise NumberMalformed("no phone number in use in Vietnam")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
