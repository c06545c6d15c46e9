"""Phone and insurance numbers: what they look like, and one spelling for each."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

from hotline.desk.errors import NumberMalformed

VIETNAM = 84

# The forms of a number (SPEC §3), and no others. The library takes more: full-width digits, ",,123" suffixes, letters,
# and nine bare digits, which may be a number of Andorra just as well.
_PHONE = re.compile(r"(?:\+|00|(?=84))(?P<international>[1-9][0-9]{7,14})|0(?P<national>[1-9][0-9]{7,13})")
# A mobile number by the numbering plan. The library knows the blocks given out, and learns of a new one months later.
_MOBILE = re.compile(r"\+84[35789][0-9]{8}")
_BEFORE_2018 = re.compile(r"(?:0|\+?84|0084)(?P<prefix>12[0-9]|16[2-9]|186|188|199)(?P<rest>[0-9]{7})")
_SINCE_2018 = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "186": "56", "188": "58",
    "199": "59",
}  # fmt: skip
"""Mobile prefixes of 11-digit numbers and what replaced them from 15 September 2018 on, all without the 0."""
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
        NumberMalformed: no number of Vietnam's numbering plan.
    """
    written = _PHONE.fullmatch(text)
    if written is None:
        raise NumberMalformed("a phone number has 8 to 15 digits and begins with 0, 84, +84 or 0084")
    international = "+" + (written["international"] or f"{VIETNAM}{written['national']}")
    try:
        number = phonenumbers.parse(international)
    except phonenumbers.NumberParseException:
        raise NumberMalformed("no phone number begins like this") from None
    if number.country_code != VIETNAM:
        raise ForeignNumber("a phone number of another country")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if e164 != international:
        raise NumberMalformed("a number of Vietnam has no 0 after 84")
    if not (_MOBILE.fullmatch(e164) or phonenumbers.is_valid_number(number)):
        raise NumberMalformed("no phone number of Vietnam")
    return e164


def stored_e164(text: str) -> str:
    """Return a Vietnamese phone number out of old data in E.164 with plus.

    As `vietnamese_e164`, and the 11-digit mobile numbers from before September 2018 become those that replaced them:
    `01201234567` is `+84701234567` (SPEC §3). Only for what was stored: no network has asserted such a number since.

    Raises:
        ForeignNumber: a number of another country.
        NumberMalformed: no number of Vietnam's numbering plan.
    """
    old = _BEFORE_2018.fullmatch(text)
    return vietnamese_e164(text if old is None else f"+{VIETNAM}{_SINCE_2018[old['prefix']]}{old['rest']}")
