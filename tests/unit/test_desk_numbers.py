"""Phone and insurance numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.desk import InsuranceNumber, NumberMalformed, vietnamese_e164
from hotline.desk.numbers import ForeignNumber, stored_e164


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
        "912345678",
        "376312345",
        "849123456",
        "+840912345678",
        "00840912345678",
        "+0912345678",
        "000084912345678",
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


PREFIXES = ["0", "84", "+84", "0084"]
"""Before a number without its leading zero: all mean the same."""
SINCE_2018 = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078", "0123": "083", "0124": "084",
    "0125": "085", "0127": "081", "0129": "082", "0162": "032", "0163": "033", "0164": "034", "0165": "035",
    "0166": "036", "0167": "037", "0168": "038", "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
"""SPEC §3."""


@given(st.from_regex(r"[35789][0-9]{8}", fullmatch=True))
def test_every_spelling_of_a_mobile_number_is_one_number(number):
    """Any mobile number of the numbering plan, in any block, is the same however it is prefixed."""
    assert {vietnamese_e164(prefix + number) for prefix in PREFIXES} == {f"+84{number}"}
    assert {stored_e164(prefix + number) for prefix in PREFIXES} == {f"+84{number}"}


@given(st.sampled_from(sorted(SINCE_2018)), st.from_regex(r"[0-9]{7}", fullmatch=True))
def test_a_stored_11_digit_number_becomes_the_one_that_replaced_it(old, rest):
    """Data from before September 2018 leads to the number the citizen calls from today, however it was written."""
    now = vietnamese_e164(SINCE_2018[old] + rest)
    assert now == f"+84{SINCE_2018[old][1:]}{rest}"
    assert {stored_e164(prefix + old[1:] + rest) for prefix in PREFIXES} == {now}


@given(st.sampled_from(sorted(SINCE_2018)), st.from_regex(r"[0-9]{7}", fullmatch=True), st.sampled_from(PREFIXES))
def test_nobody_calls_from_an_11_digit_number(old, rest, prefix):
    """They were withdrawn, so one that is asserted is refused, not guessed."""
    with pytest.raises(NumberMalformed):
        vietnamese_e164(prefix + old[1:] + rest)


@pytest.mark.parametrize(
    "text", ["01301234567", "01611234567", "01871234567", "0120123456", "012012345678", "+11201", "1201234567"]
)
def test_other_old_looking_numbers_are_refused(text):
    """Only the prefixes that were replaced are, at their length."""
    with pytest.raises(NumberMalformed):
        stored_e164(text)


@given(st.text() | st.from_regex(r"\+?[0-9]{6,16}", fullmatch=True))
def test_what_is_stored_once_stays_what_it_is(text):
    """Migrating is done in one step, and any text is a number or refused by name."""
    try:
        number = stored_e164(text)
    except NumberMalformed:
        return
    assert stored_e164(number) == vietnamese_e164(number) == number


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
