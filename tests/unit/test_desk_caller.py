"""Who is calling: what is believed and what is not."""

from __future__ import annotations

import contextlib
import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.desk import (
    CallerForeign,
    CallerNumber,
    CallerRefused,
    CallerUnasserted,
    CallerWithheld,
    caller_number,
    dialled,
)
from hotline.desk.caller import LONGEST, MOST_IDENTITIES
from hotline.desk.identity import identities

PAI = '"Nguyen, Van A" <sip:+84912345678@carrier.vn;user=phone>'
TEL = "<tel:+84912345678>"


def arguments(**values):
    """What the dialplan hands over of a call from the trunk; as many headers as values, if it does not say."""
    counts = {
        "pai-headers": len({"pai1", "pai2"} & values.keys()),
        "diversion-headers": 0,
        "history-headers": 0,
        "privacy-headers": int("privacy" in values),
    }
    told = counts | {key.replace("_", "-"): value for key, value in values.items()}
    return ["origin=trunk", *(f"{key}={quote(str(value), safe='')}" for key, value in told.items()), "complete=yes"]


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
        "<tel:0912345678;phone-context=%2B84>",
        "<tel:0912345678>;phone-context=+84",
        "tel:0912345678;phone-context=+84",
        "<tel:84912345678;PHONE-Context=+84>",
        "<sip:0912345678;phone-context=ims.mnc004.mcc452.3gppnetwork.org@10.0.0.1;user=phone>",
        "<sip:+84912345678;npdi@10.0.0.1:5060;user=phone>",
        '"a \\" <sip:x@y> , b" <tel:+84912345678>',
        "Van A <tel:+84912345678>",
        "<sip:+84912345678;verstat=TN-Validation-Passed@10.0.0.1;user=phone>",
        "<tel:+84912345678;verstat=No-TN-Validation>",
        "<tel:+84912345678>;verstat=TN-Validation-Passed-A",
    ],
)
def test_one_asserted_identity_is_the_caller(pai):
    """A P-Asserted-Identity in any of its spellings, from the trunk, is the caller's number."""
    caller = caller_number(arguments(pai1=pai))
    assert caller == CallerNumber("+84912345678")
    assert caller.national == "0912345678"


def test_the_same_number_in_two_headers_is_one():
    """A sip and a tel identity of one number do not contradict each other."""
    assert caller_number(arguments(pai1=PAI, pai2=TEL)) == CallerNumber("+84912345678")


def test_privacy_none_is_no_privacy():
    """Who says that no privacy is wanted is served, and so is one whose From is anonymous but not the identity."""
    assert caller_number(arguments(pai1=PAI, privacy="none", **{"from": "anonymous"})) == CallerNumber("+84912345678")


def test_what_was_cut_off_is_not_believed():
    """Asterisk cuts long texts without a word: without the last of the arguments none counts."""
    with pytest.raises(CallerUnasserted):
        caller_number(arguments(pai1=PAI)[:-1])


@pytest.mark.parametrize("key", ["pai-headers", "diversion-headers", "history-headers", "privacy-headers"])
@pytest.mark.parametrize("count", [None, "", "x", "-1", "1.0", "10000", "\u0661"])
def test_a_count_that_is_not_told_is_not_nothing(key, count):
    """A dialplan that does not say how many headers there are, or could not count them, is not believed."""
    told = [argument for argument in arguments(pai1=PAI) if not argument.startswith(key)]
    with pytest.raises(CallerUnasserted):
        caller_number(told if count is None else [*told, f"{key}={quote(count)}"])


@pytest.mark.parametrize(
    "told",
    [
        {"pai1": PAI, "pai_headers": 0},
        {"pai1": PAI, "pai_headers": 2},
        {"pai1": PAI, "pai2": TEL, "pai_headers": 1},
        {"pai1": PAI, "pai2": TEL, "pai_headers": 4},
        {"pai1": "", "pai2": TEL, "pai_headers": 2},
        {"pai2": TEL, "pai_headers": 1, "pai1": ""},
        {"pai1": PAI, "privacy_headers": 1},
        {"pai1": PAI, "privacy": "none", "privacy_headers": 2},
        {"pai1": PAI, "privacy": "none" + " " * 61},
        {"pai1": PAI + " " * 512},
        {"pai1": PAI, "privacy": "none", "privacy_headers": 0},
        {"pai1": PAI, "diversion_headers": 1},
        {"pai1": PAI, "history_headers": 1},
    ],
    ids=str,
)
def test_a_header_that_could_not_be_read_is_not_absent(told):
    """What is counted and what was read must be the same: an empty or overlong header hides nothing."""
    with pytest.raises(CallerUnasserted):
        caller_number(arguments(**told))


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({}, CallerUnasserted),
        ({"pai1": ""}, CallerUnasserted),
        ({"number": "0912345678"}, CallerUnasserted),
        ({"pai1": PAI, "pai2": "<tel:+84912345679>"}, CallerUnasserted),
        ({"pai1": f"{PAI}, <tel:+84912345679>"}, CallerUnasserted),
        ({"pai1": PAI, "privacy": "id"}, CallerWithheld),
        ({"pai1": PAI, "privacy": "critical; ID"}, CallerWithheld),
        ({"pai1": PAI, "privacy": "something-new"}, CallerWithheld),
        ({"privacy": "id"}, CallerWithheld),
        ({"pai1": '"Anonymous" <sip:anonymous@carrier.vn>'}, CallerWithheld),
        ({"pai1": "<sip:+84912345678@anonymous.invalid>"}, CallerWithheld),
        ({"pai1": "<tel:+14155550100>"}, CallerForeign),
        ({"pai1": "<sip:0014155550100@carrier.vn>"}, CallerForeign),
        ({"pai1": "<tel:0912345678;phone-context=+1>"}, CallerForeign),
        ({"pai1": "<sip:0912345678@10.0.0.1;phone-context=+1>"}, CallerForeign),
        ({"pai1": "<tel:+84912345678;verstat=TN-Validation-Failed>"}, CallerUnasserted),
        ({"pai1": "<sip:+84912345678@10.0.0.1;user=phone;VERSTAT=tn-validation-failed>"}, CallerUnasserted),
        ({"pai1": "<tel:+84912345678;verstat=TN-Validation-Failed-C>"}, CallerUnasserted),
        ({"pai1": "<tel:+84912345678>;verstat=TN-Validation-Failed"}, CallerUnasserted),
        ({"pai1": "<tel:+84912345678>;a=b ; verstat = TN-Validation-Failed-B"}, CallerUnasserted),
        ({"pai1": "sip:+84912345678@10.0.0.1;verstat=TN-Validation-Failed"}, CallerUnasserted),
        ({"pai1": "<tel:+84912345678;ver%73tat=%54N-Validation-Failed>"}, CallerUnasserted),
        ({"pai1": "<tel:0912345678;phone-context=%2B1>"}, CallerForeign),
        ({"pai1": "<tel:0912345678>;phone-context=+855"}, CallerForeign),
        ({"pai1": "<tel:0912345678;phone-context=+84;phone-context=+1>"}, CallerForeign),
        ({"pai1": "<tel:0912345678;phone-context=84>"}, CallerUnasserted),
        ({"pai1": "<tel:0912345678;phone-context=1>"}, CallerUnasserted),
        ({"pai1": "<tel:0912345678;phone-context=855@x>"}, CallerUnasserted),
        ({"pai1": "<tel:0912345678;phone-context=+8424>"}, CallerUnasserted),
        ({"pai1": "<tel:0912345678;phone-context=>"}, CallerUnasserted),
        ({"pai1": "<tel:0912345678;phone-context>"}, CallerUnasserted),
        ({"pai1": "<tel:0912345678>"}, CallerUnasserted),
        ({"pai1": "<sip:0912345678@>"}, CallerUnasserted),
        ({"pai1": "<sip:912345678@carrier.vn>"}, CallerUnasserted),
        ({"pai1": "<sip:376312345@carrier.vn>"}, CallerUnasserted),
        ({"pai1": "<sip:+840912345678@carrier.vn>"}, CallerUnasserted),
        ({"pai1": f"{TEL}, {TEL}, {TEL}"}, CallerUnasserted),
        ({"pai1": f"{TEL}, {TEL}", "pai2": TEL}, CallerUnasserted),
        ({"from": "Anonymous"}, CallerWithheld),
        ({"from": "+84912345678"}, CallerUnasserted),
        ({"pai1": "<tel:\uff10\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18>"}, CallerUnasserted),
        ({"pai1": "<tel:0912345678,,123>"}, CallerUnasserted),
        ({"pai1": "<tel:0912345678>,"}, CallerUnasserted),
        ({"pai1": ",<tel:0912345678>"}, CallerUnasserted),
        ({"pai1": " "}, CallerUnasserted),
        ({"pai1": "<sip:alice@carrier.vn>"}, CallerUnasserted),
        ({"pai1": "<sip:carrier.vn>"}, CallerUnasserted),
        ({"pai1": "<sip:+84912345678@a@b>"}, CallerUnasserted),
        ({"pai1": "<sip:+84912345678:secret@carrier.vn>"}, CallerUnasserted),
        ({"pai1": "<mailto:+84912345678@carrier.vn>"}, CallerUnasserted),
        ({"pai1": "+84912345678"}, CallerUnasserted),
        ({"pai1": "<tel:+84912345678> <tel:+84912345678>"}, CallerUnasserted),
        ({"pai1": '"open <tel:+84912345678>'}, CallerUnasserted),
        ({"pai1": "<tel:+84912345678"}, CallerUnasserted),
        ({"pai1": "<tel:+84912345678>\r\nX: <tel:+84912345678>"}, CallerUnasserted),
        ({"pai1": "<tel:01234567890>"}, CallerUnasserted),
        ({"pai1": "<tel:113>"}, CallerUnasserted),
        ({"pai1": " " * 5000 + TEL}, CallerUnasserted),
    ],
)
def test_everything_else_from_the_trunk_is_refused(values, refusal):
    """Withheld, foreign, diverted, contradictory and malformed identities are each refused by their name."""
    with pytest.raises(refusal):
        caller_number(arguments(**values))


@pytest.mark.parametrize("given_twice", ["origin=trunk", "pai1=x", "privacy=none", "pai-headers=1"])
def test_a_key_given_twice_is_not_believed(given_twice):
    """Arguments that contradict themselves assert nothing."""
    with pytest.raises(CallerUnasserted):
        caller_number([*arguments(pai1=PAI, privacy="none"), given_twice])


def test_a_test_phone_may_ask_for_sample_members_only():
    """An authenticated phone has the number of its account, marked as one for sample members."""
    caller = caller_number(["origin=phone", "number=0912345678"], test_phones=True)
    assert caller == CallerNumber("+84912345678", sample_only=True)


def test_no_test_phone_is_served_unless_the_setting_says_so():
    """In production the dialplan may still have an account of a tester: the application does not take its word."""
    with pytest.raises(CallerUnasserted, match="HOTLINE_CALL__TEST_PHONES"):
        caller_number(["origin=phone", "number=0912345678"])


def test_the_canary_is_served_only_where_the_setting_says_so():
    """It asks for sample members alone, and a setting for testers' phones is none for it."""
    canary = ["origin=canary", "number=0912345678"]
    with pytest.raises(CallerUnasserted, match="HOTLINE_CALL__CANARY"):
        caller_number(canary, test_phones=True)
    assert caller_number(canary, canary=True) == CallerNumber("+84912345678", sample_only=True, canary=True)


def test_only_a_test_phone_reaches_the_testers_extensions():
    """What the trunk's arguments say of an extension is of no account."""
    assert dialled(["origin=phone", "number=0912345678", "dialled=key-check"]) == "key-check"
    assert dialled(["origin=phone", "number=0912345678"]) == ""
    assert dialled([*arguments(pai1=PAI), "dialled=key-check"]) == ""


@pytest.mark.parametrize(
    ("given_arguments", "refusal"),
    [
        (["origin=phone"], CallerUnasserted),
        (["origin=phone", "pai1=%3Ctel:+84912345678%3E"], CallerUnasserted),
        (["origin=phone", "number=0912345678%2C%2C123"], CallerUnasserted),
        (["origin=phone", "number=+14155550100"], CallerForeign),
        (["origin=elsewhere", "pai1=%3Ctel:+84912345678%3E"], CallerUnasserted),
        (["pai1=%3Ctel:+84912345678%3E"], CallerUnasserted),
        ([], CallerUnasserted),
    ],
)
def test_only_the_trunk_and_test_phones_assert_a_number(given_arguments, refusal):
    """Provenance is where the call came in; without it no header counts."""
    with pytest.raises(refusal):
        caller_number(given_arguments, test_phones=True)


def test_a_caller_is_shown_masked():
    """The number is not seen in logs or tracebacks."""
    assert repr(CallerNumber("+84912345678")) == "CallerNumber(*******678)"


_BITS = (
    r"origin=trunk|origin=phone|pai1=|pai2=|pai-headers=|1|privacy=id|number=|from="
    r'|<|>|"|\|,|sip:|tel:|@|;|%|%2B|%FF| |user=phone'
)

_bits = st.sampled_from([*_BITS.split("|"), "+84912345678", "0912345678", "phone-context=+1", "\ud800"])


@given(st.lists(st.lists(_bits | st.text(max_size=8), max_size=12).map("".join), max_size=6))
def test_nothing_that_a_network_sends_breaks_it(received):
    """Whatever arrives, the answer is a Vietnamese number or a refusal."""
    try:
        caller = caller_number([*arguments(pai_headers=1), *received])
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
def test_only_one_number_is_ever_believed(identified):
    """Whatever the names in quotes hold, several identities are believed only where all are one Vietnamese number."""
    header = ", ".join(name + address % number for name, address, number in identified)
    numbers = {number.removeprefix("+").removeprefix("84").removeprefix("0") for _, _, number in identified}
    try:
        caller = caller_number(arguments(pai1=header))
    except CallerRefused:
        assert (
            len(numbers) != 1
            or len(identified) > MOST_IDENTITIES
            or "14155552671" in numbers
            or len(header.encode()) > LONGEST
            or any("tel:" in address and not number.startswith("+") for _, address, number in identified)
        )
    else:
        assert numbers == {caller.e164.removeprefix("+84")}


@given(st.text(alphabet=' \t"\\<>,;@:sipte+849', max_size=1000))
def test_a_header_of_any_shape_is_a_number_or_a_refusal(header):
    """No pattern of the characters that matter breaks the reading."""
    with contextlib.suppress(CallerRefused):
        caller_number(arguments(pai1=header))


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
                list(identities(header))
            took.append(time.thread_time() - began)
        return min(took)

    assert seconds(20_000) < 60 * max(seconds(2_000), 0.0002)
