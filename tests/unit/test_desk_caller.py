"""Who is calling: what is believed and what is not."""

from __future__ import annotations

import contextlib
import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.desk import CallerForeign, CallerNumber, CallerRefused, CallerUnasserted, CallerWithheld, caller_number
from hotline.desk.caller import LONGEST, _addresses

PAI = '"Nguyen, Van A" <sip:+84912345678@carrier.vn;user=phone>'
TEL = "<tel:+84912345678>"


def arguments(origin="trunk", **values):
    """What the dialplan hands over."""
    return [f"origin={origin}", *(f"{key}={quote(value, safe='')}" for key, value in values.items())]


@pytest.mark.parametrize(
    "pai",
    [
        PAI,
        TEL,
        f"{PAI}, {TEL}",
        "sip:0912345678@10.0.0.1",
        "sip:84912345678@10.0.0.1;tag=1",
        "<sips:0084912345678@10.0.0.1>",
        "<SIP:%2B84912345678@10.0.0.1>",
        "<tel:+84-91-234-5678>",
        "<tel:0912345678;phone-context=+84>",
        "<tel:0912345678;phone-context=carrier.vn>",
        "<sip:+84912345678;npdi@10.0.0.1:5060;user=phone>",
        '"a \\" <sip:x@y> , b" <tel:+84912345678>',
        "Van A <tel:+84912345678>",
        "<sip:+84912345678;verstat=TN-Validation-Passed@10.0.0.1;user=phone>",
        "<tel:+84912345678;verstat=No-TN-Validation>",
    ],
)
def test_one_asserted_identity_is_the_caller(pai):
    """A P-Asserted-Identity in any of its spellings, from the trunk, is the caller's number."""
    caller = caller_number(arguments(pai=pai))
    assert caller == CallerNumber("+84912345678")
    assert caller.national == "0912345678"


def test_the_same_number_in_two_headers_is_one():
    """A sip and a tel identity of one number do not contradict each other."""
    assert caller_number(arguments(pai=PAI, pai2=TEL)) == CallerNumber("+84912345678")


def test_privacy_none_is_no_privacy():
    """Who says that no privacy is wanted is served; so is who sends empty headers."""
    caller_number(arguments(pai=PAI, privacy="none", diversion="", history=""))


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({}, CallerUnasserted),
        ({"pai": ""}, CallerUnasserted),
        ({"number": "0912345678"}, CallerUnasserted),
        ({"pai": PAI, "pai2": "<tel:+84912345679>"}, CallerUnasserted),
        ({"pai": f"{PAI}, <tel:+84912345679>"}, CallerUnasserted),
        ({"pai": PAI, "diversion": "<sip:+84987654321@carrier.vn>"}, CallerUnasserted),
        ({"pai": PAI, "history": "<sip:+84987654321@carrier.vn>;index=1"}, CallerUnasserted),
        ({"pai": PAI, "privacy": "id"}, CallerWithheld),
        ({"pai": PAI, "privacy": "critical; ID"}, CallerWithheld),
        ({"pai": PAI, "privacy": "something-new"}, CallerWithheld),
        ({"privacy": "id"}, CallerWithheld),
        ({"pai": '"Anonymous" <sip:anonymous@carrier.vn>'}, CallerWithheld),
        ({"pai": "<sip:+84912345678@anonymous.invalid>"}, CallerWithheld),
        ({"pai": "<tel:+14155550100>"}, CallerForeign),
        ({"pai": "<sip:0014155550100@carrier.vn>"}, CallerForeign),
        ({"pai": "<tel:0912345678;phone-context=+1>"}, CallerForeign),
        ({"pai": "<sip:0912345678@10.0.0.1;phone-context=+1>"}, CallerForeign),
        ({"pai": "<tel:+84912345678;verstat=TN-Validation-Failed>"}, CallerUnasserted),
        ({"pai": "<sip:+84912345678@10.0.0.1;user=phone;VERSTAT=tn-validation-failed>"}, CallerUnasserted),
        ({"pai": PAI, "pai2": TEL, "pai3": TEL}, CallerUnasserted),
        ({"pai": "<tel:\uff10\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18>"}, CallerUnasserted),
        ({"pai": "<tel:0912345678,,123>"}, CallerUnasserted),
        ({"pai": "<tel:0912345678>,"}, CallerUnasserted),
        ({"pai": ",<tel:0912345678>"}, CallerUnasserted),
        ({"pai": " "}, CallerUnasserted),
        ({"pai": "<sip:alice@carrier.vn>"}, CallerUnasserted),
        ({"pai": "<sip:carrier.vn>"}, CallerUnasserted),
        ({"pai": "<sip:+84912345678@a@b>"}, CallerUnasserted),
        ({"pai": "<sip:+84912345678:secret@carrier.vn>"}, CallerUnasserted),
        ({"pai": "<mailto:+84912345678@carrier.vn>"}, CallerUnasserted),
        ({"pai": "+84912345678"}, CallerUnasserted),
        ({"pai": "<tel:+84912345678> <tel:+84912345678>"}, CallerUnasserted),
        ({"pai": '"open <tel:+84912345678>'}, CallerUnasserted),
        ({"pai": "<tel:+84912345678"}, CallerUnasserted),
        ({"pai": "<tel:+84912345678>\r\nX: <tel:+84912345678>"}, CallerUnasserted),
        ({"pai": "<tel:01234567890>"}, CallerUnasserted),
        ({"pai": "<tel:113>"}, CallerUnasserted),
        ({"pai": " " * 5000 + TEL}, CallerUnasserted),
    ],
)
def test_everything_else_from_the_trunk_is_refused(values, refusal):
    """Withheld, foreign, diverted, contradictory and malformed identities are each refused by their name."""
    with pytest.raises(refusal):
        caller_number(arguments(**values))


@pytest.mark.parametrize("given_twice", ["origin=trunk", "pai=x", "privacy=none"])
def test_a_key_given_twice_is_not_believed(given_twice):
    """Arguments that contradict themselves assert nothing."""
    with pytest.raises(CallerUnasserted):
        caller_number([*arguments(pai=PAI, privacy="none"), given_twice])


def test_a_test_phone_may_ask_for_sample_members_only():
    """An authenticated phone has the number of its account, marked as one for sample members."""
    assert caller_number(arguments("phone", number="0912345678")) == CallerNumber("+84912345678", sample_only=True)


@pytest.mark.parametrize(
    ("given_arguments", "refusal"),
    [
        (["origin=phone"], CallerUnasserted),
        (["origin=phone", "pai=%3Ctel:+84912345678%3E"], CallerUnasserted),
        (["origin=phone", "number=0912345678%2C%2C123"], CallerUnasserted),
        (["origin=phone", "number=+14155550100"], CallerForeign),
        (["origin=elsewhere", "pai=%3Ctel:+84912345678%3E"], CallerUnasserted),
        (["pai=%3Ctel:+84912345678%3E"], CallerUnasserted),
        ([], CallerUnasserted),
    ],
)
def test_only_the_trunk_and_test_phones_assert_a_number(given_arguments, refusal):
    """Provenance is where the call came in; without it no header counts."""
    with pytest.raises(refusal):
        caller_number(given_arguments)


def test_a_caller_is_shown_masked():
    """The number is not seen in logs or tracebacks."""
    assert repr(CallerNumber("+84912345678")) == "CallerNumber(*******678)"


_BITS = (
    r'origin=trunk|origin=phone|pai=|pai2=|privacy=id|number=|diversion=|<|>|"|\|,|sip:|tel:|@|;|%|%2B|%FF| |user=phone'
)
_bits = st.sampled_from([*_BITS.split("|"), "+84912345678", "0912345678", "phone-context=+1", "\ud800"])


@given(st.lists(st.lists(_bits | st.text(max_size=8), max_size=12).map("".join), max_size=6))
def test_nothing_that_a_network_sends_breaks_it(received):
    """Whatever arrives, the answer is a Vietnamese number or a refusal."""
    try:
        caller = caller_number(["origin=trunk", *received])
    except CallerRefused:
        return
    assert caller.e164.startswith("+84")
    assert caller.e164[1:].isascii()
    assert caller.e164[1:].isdigit()


_numbers = st.sampled_from(["+84912345678", "84912345678", "0912345678", "+84387654321", "0387654321", "+14155552671"])
_names = st.one_of(
    st.just(""),
    st.text(max_size=30).map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '" '),
    st.text(alphabet=',<>@;:+84 \\"', max_size=30).map(lambda text: '"' + re.sub(r'(["\\])', r"\\\1", text) + '" '),
)


@given(st.lists(st.tuples(_names, st.sampled_from(["<sip:%s@x>", "<tel:%s>", "<sip:%s@x;user=phone>;a=b"]), _numbers)))
def test_only_one_number_is_ever_believed(identities):
    """Whatever the names in quotes hold, several identities are believed only where all are one Vietnamese number."""
    header = ", ".join(name + address % number for name, address, number in identities)
    numbers = {number.removeprefix("+").removeprefix("84").removeprefix("0") for _, _, number in identities}
    try:
        caller = caller_number(arguments(pai=header))
    except CallerRefused:
        assert len(numbers) != 1 or "14155552671" in numbers or len(quote(header, safe="")) > LONGEST
    else:
        assert numbers == {caller.e164.removeprefix("+84")}


@given(st.text(alphabet=' \t"\\<>,;@:sipte+849', max_size=1000))
def test_a_header_of_any_shape_is_a_number_or_a_refusal(header):
    """No pattern of the characters that matter breaks the reading."""
    with contextlib.suppress(CallerRefused):
        caller_number(arguments(pai=header))


@pytest.mark.parametrize(
    "unit",
    [
        '"',
        '\\"',
        '"\\',
        '"a" ',
        '"<"',
        "<",
        ">",
        "<>",
        "<tel:1>,",
        ",",
        ", ,",
        ";",
        ";a=",
        " ",
        "a ",
        "@",
        "%",
        "sip:",
        "é",
    ],
)
@pytest.mark.parametrize("frame", ["%s", '"%s', "<sip:%s", "<tel:+84912345678>%s", '"a" %s <tel:+84912345678>', "%s,"])
def test_a_hostile_header_is_read_in_linear_time(unit, frame):
    """Ten times as much takes about ten times as long, whatever is repeated: nothing makes the reader go back."""

    def seconds(times):
        header = frame % (unit * times)
        took = []
        for _ in range(3):
            began = time.thread_time()
            with contextlib.suppress(CallerRefused):
                list(_addresses(header))
            took.append(time.thread_time() - began)
        return min(took)

    assert seconds(20_000) < 60 * max(seconds(2_000), 0.0002)
