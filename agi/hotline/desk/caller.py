"""Who is calling: only what the network itself asserts counts (SPEC §3).

The dialplan hands over ([hotline-origin] in hotline-agi.conf), as `key=value` with the value URL-encoded, where the
call came in and what its INVITE said:

    origin=trunk   pai-headers=, diversion-headers=, history-headers=, privacy-headers=: how many P-Asserted-Identity
                   (RFC 3325), Diversion (RFC 5806), History-Info (RFC 7044) and Privacy (RFC 3323) headers there are;
                   pai1=, pai2=: the values of the first two identities; privacy=: of the first Privacy; from=: the
                   user in From. What could not be read is empty, as is what is not there: only the counts tell.
                   complete=yes: stands last, so nothing was cut off.
    origin=phone   number=: the fixed number of an authenticated test phone; dialled=: the testers' extension that was
                   dialled, nothing for the hotline's own number.

Where a header was not understood in full the caller is not believed: nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_to_bytes

from hotline.desk.errors import CallerForeign, CallerUnasserted, CallerWithheld, NumberMalformed
from hotline.desk.identity import identities
from hotline.desk.numbers import VIETNAM, ForeignNumber, masked, vietnamese_e164

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hotline.desk.identity import Identity

LONGEST = 512
"""Bytes of a value; a longer one is no honest header. The dialplan hands over one more."""
LONGEST_PRIVACY = 64
"""Bytes of Privacy; likewise."""
MOST_IDENTITIES = 2
"""Of a caller: a `sip:` and a `tel:` one (RFC 3325, 9.1)."""

_KEY = re.compile(r"origin|(?:pai|diversion|history|privacy)-headers|pai[12]|privacy|from|complete|number|dialled")
_COUNT = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, repr=False)
class CallerNumber:
    """The number a call comes from, vouched for by the network.

    Attributes:
        e164: the number, with plus.
        sample_only: a test phone or the canary; it may ask for sample members only.
        canary: the canary, which rings day and night: how many passwords its account gets is not limited.
    """

    e164: str
    sample_only: bool = False
    canary: bool = False

    @property
    def national(self) -> str:
        """The number as people write it: `0912345678`."""
        return "0" + self.e164.removeprefix(f"+{VIETNAM}")

    def masked(self) -> str:
        """Return it as the records show it."""
        return masked(self.e164)

    def __repr__(self) -> str:
        return f"CallerNumber({self.masked()})"


def caller_number(arguments: Sequence[str], *, test_phones: bool = False, canary: bool = False) -> CallerNumber:
    """Return who is calling, from the arguments of the dialplan.

    Args:
        arguments: as above.
        test_phones: whether they are served (HOTLINE_CALL__TEST_PHONES); else their calls are nobody's.
        canary: whether it is served (HOTLINE_CALL__CANARY); likewise.

    Raises:
        CallerWithheld, CallerForeign, CallerUnasserted: nobody who can be served.
    """
    told = _told(arguments)
    match told.get("origin"):
        case "trunk":
            return CallerNumber(_asserted(told))
        case "phone" if not test_phones:
            raise CallerUnasserted("a test phone, and HOTLINE_CALL__TEST_PHONES is false")
        case "phone":
            return CallerNumber(_vietnamese(told.get("number", "")), sample_only=True)
        case "canary" if not canary:
            raise CallerUnasserted("the canary, and HOTLINE_CALL__CANARY is false")
        case "canary":
            return CallerNumber(_vietnamese(told.get("number", "")), sample_only=True, canary=True)
        case _:
            raise CallerUnasserted("the call came in neither by the trunk nor from a test phone")


def dialled(arguments: Sequence[str]) -> str:
    """Return which of the testers' extensions a test phone dialled; nothing for all other calls.

    Raises:
        CallerUnasserted: the arguments contradict themselves.
    """
    told = _told(arguments)
    return told.get("dialled", "") if told.get("origin") == "phone" else ""


def _told(arguments: Sequence[str]) -> Mapping[str, str]:
    """Return the values that are not empty; a key given twice contradicts itself."""
    told: dict[str, str] = {}
    for argument in arguments:
        key, _, value = argument.partition("=")
        if not _KEY.fullmatch(key):
            continue
        longest = LONGEST_PRIVACY if key == "privacy" else LONGEST
        if key in told or not value.isascii() or len(unquote_to_bytes(value)) > longest:
            raise CallerUnasserted(f"{key} is given twice, is not URL-encoded or is too long")
        told[key] = unquote(value)
    return {key: value for key, value in told.items() if value}


def _asserted(told: Mapping[str, str]) -> str:
    """Return the one number that the trunk's headers assert."""
    if told.get("complete") != "yes":
        raise CallerUnasserted("the dialplan's words were cut off, or it has another version's hotline-agi.conf")
    if set(re.split(r"[;,\s]+", told.get("privacy", "").lower())) - {"", "none", "critical"}:
        raise CallerWithheld("the caller asks for privacy")
    if _headers(told, "privacy") != int("privacy" in told):
        raise CallerUnasserted("Privacy is there more than once, empty, or too long to be read")
    if _headers(told, "diversion") or _headers(told, "history"):
        raise CallerUnasserted("the call was diverted, so its number is not of who speaks")
    numbers = [_vietnamese(identity.number) for identity in _identities(told)]
    if not numbers and told.get("from", "").lower() == "anonymous":
        # Withheld before it came into the network that could have asserted it. From proves nothing else.
        raise CallerWithheld("the caller is anonymous, and no identity is asserted")
    if len(numbers) > MOST_IDENTITIES or len(set(numbers)) != 1:
        raise CallerUnasserted(f"{len(numbers)} identities are asserted, of {len(set(numbers))} numbers")
    return numbers[0]


def _headers(told: Mapping[str, str], name: str) -> int:
    """Return how many headers of this name there are."""
    count = told.get(f"{name}-headers", "")
    if _COUNT.fullmatch(count) is None:
        raise CallerUnasserted(f"the dialplan does not say how many headers there are: {name}-headers")
    return int(count)


def _identities(told: Mapping[str, str]) -> Sequence[Identity]:
    """Return each identity in the P-Asserted-Identity headers."""
    there = [key for key in ("pai1", "pai2") if key in told]
    if there != [f"pai{number + 1}" for number in range(_headers(told, "pai"))]:
        raise CallerUnasserted("an asserted identity is empty or too long to be read, or there are more than two")
    return [identity for key in there for identity in identities(told[key])]


def _vietnamese(number: str) -> str:
    try:
        return vietnamese_e164(number)
    except ForeignNumber:
        raise CallerForeign("a number of another country") from None
    except NumberMalformed:
        raise CallerUnasserted("the number is malformed") from None
