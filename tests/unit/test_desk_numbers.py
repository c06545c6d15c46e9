"""Phone and insurance numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.desk import InsuranceNumber, NumberMalformed, vietnamese_e164
from hotline.desk.numbers import ForeignNumber


@pytest.mark.parametrize("text", ["0912345678", "84912345678", "+84912345678", "0084912345678"])
def test_a_phone_number_has_one_spelling(text):
    """The four ways to write a number are one number."""
    assert vietnamese_e164(text) == "+84912345678"


def test_a_fixed_line_is_a_phone_number():
    """A number of Hà Nội is as good as a mobile one."""
    assert vietnamese_e164("02438241234") == "+842438241234"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "113",
        "0912345678,,123",
        "0912 345 678",
        "\uff10\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
        "0912345678\n",
        "0912345678x1",
        "tel:0912345678",
        "01234567890",
        "٠٩١٢٣٤٥٦٧٨",
        "++84912345678",
        "9" * 16,
    ],
)
def test_what_is_no_phone_number_is_refused(text):
    """Nothing that the numbers library would take over and above plain numbers gets in."""
    with pytest.raises(NumberMalformed):
        vietnamese_e164(text)


@pytest.mark.parametrize("text", ["+14155550100", "0014155550100", "+85512345678"])
def test_a_foreign_number_is_told_apart(text):
    """A number of another country is refused as such."""
    with pytest.raises(ForeignNumber):
        vietnamese_e164(text)


@given(st.text())
def test_no_text_breaks_the_phone_numbers(text):
    """Any text is a number or refused by name."""
    try:
        number = vietnamese_e164(text)
    except NumberMalformed:
        return
    assert vietnamese_e164(number) == number


@pytest.mark.parametrize("digits", ["0123456789", "0000000000", "001085012345"])
def test_ten_or_twelve_digits_are_an_insurance_number(digits):
    """Leading zeros are kept."""
    assert InsuranceNumber.parse(digits).digits == digits


@pytest.mark.parametrize(
    "digits", ["", "123456789", "12345678901", "1234567890123", "012345678x", "٠١٢٣٤٥٦٧٨٩", "0123456789\n"]
)
def test_other_lengths_and_signs_are_no_insurance_number(digits):
    """Anything else is refused, and not quoted in the message."""
    with pytest.raises(NumberMalformed) as caught:
        InsuranceNumber.parse(digits)
    assert not digits or digits not in str(caught.value)


def test_an_insurance_number_is_shown_masked():
    """Its last three digits are all that logs and tracebacks see."""
    assert InsuranceNumber.parse("0123456789").masked() == "*******789"
    assert "123456" not in repr(InsuranceNumber.parse("0123456789"))
