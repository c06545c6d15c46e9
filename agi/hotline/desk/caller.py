"""Who is calling: only what the network itself asserts counts (SPEC §3).

The dialplan hands over, as `key=value` with the value URL-encoded, where the call came in and what its INVITE said:

    origin=trunk   pai=, pai2=, ...: each P-Asserted-Identity header (RFC 3325); diversion=, history=: Diversion and
                   History-Info; privacy=: Privacy (RFC 3323). An empty value is an absent header.
    origin=phone   number=: the fixed number of an authenticated test phone.

Where a header was not understood in full the caller is not believed: nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hotline.desk.errors import CallerForeign, CallerUnasserted, CallerWithheld, NumberMalformed
from hotline.desk.numbers import VIETNAM, ForeignNumber, masked, vietnamese_e164

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LONGEST = 1024
"""Characters of a value; a longer one is no honest header."""

_KEY = re.compile(r"origin|pai[0-9]*|diversion|history|privacy|number")

# One identity of a header, and the comma after it: a name and an address in angle brackets, or a bare address.
# Possessive quantifiers (*+) keep it linear, whatever is sent.
_IDENTITY = re.compile(
    r"""
    \s*+ (?: (?: "(?:[^"\\]|\\.)*+" \s*+ | [^"<>,;\\]*+ ) < (?P<angled> [^<>",\s]++ ) >
           | (?P<bare> [^"<>,;\s]++ ) )
    \s*+ (?: ;[^"<>,]*+ )? (?: (?P<more> , ) | \Z )
    """,
    re.VERBOSE,
)
_SEPARATORS = str.maketrans("", "", "-.()")
"""What a written phone number may have between its digits (RFC 3966); it means nothing."""


@dataclass(frozen=True, repr=False)
class CallerNumber:
    """The number a call comes from, vouched for by the network.

    Attributes:
        e164: the number, with plus.
        sample_only: a test phone; it may ask for sample members only.
    """

    e164: str
    sample_only: bool = False

    @property
    def national(self) -> str:
        """The number as people write it: `0912345678`."""
        return "0" + self.e164.removeprefix(f"+{VIETNAM}")

    def masked(self) -> str:
        """Return it as the records show it."""
        return masked(self.e164)

    def __repr__(self) -> str:
        return f"CallerNumber({self.masked()})"


def caller_number(arguments: Sequence[str]) -> CallerNumber:
    """Return who is calling, from the arguments of the dialplan.

    Raises:
        CallerWithheld, CallerForeign, CallerUnasserted: nobody who can be served.
    """
    told = _told(arguments)
    match told.get("origin"):
        case "trunk":
            return CallerNumber(_asserted(told))
        case "phone":
            return CallerNumber(_vietnamese(told.get("number", "")), sample_only=True)
        case _:
            raise CallerUnasserted("the call came in neither by the trunk nor from a test phone")


def _told(arguments: Sequence[str]) -> Mapping[str, str]:
    """Return the values that are there; a key given twice contradicts itself."""
    told: dict[str, str] = {}
    for argument in arguments:
        key, _, value = argument.partition("=")
        if not value or not _KEY.fullmatch(key):
            continue
        if key in told or len(value) > LONGEST:
            raise CallerUnasserted(f"{key} is given twice or is too long")
        told[key] = unquote(value)
    return told


def _asserted(told: Mapping[str, str]) -> str:
    """Return the one number that the trunk's headers assert."""
    if set(re.split(r"[;,\s]+", told.get("privacy", "").lower())) - {"", "none", "critical"}:
        raise CallerWithheld("the caller asks for privacy")
    if "diversion" in told or "history" in told:
        raise CallerUnasserted("the call was diverted, so its number is not of who speaks")
    if "pai3" in told:
        raise CallerUnasserted("more identities than RFC 3325 allows (two)")
    headers = [value for key, value in told.items() if key.startswith("pai")]
    numbers = {_number(address) for header in headers for address in _addresses(header)}
    if len(numbers) != 1:
        raise CallerUnasserted(f"{len(numbers)} numbers are asserted")
    return numbers.pop()


def _addresses(header: str) -> Iterator[str]:
    """Yield the address of each identity in a P-Asserted-Identity header."""
    position, more = 0, True
    while more:
        found = _IDENTITY.match(header, position)
        if found is None:
            raise CallerUnasserted("an asserted identity is malformed")
        yield found["angled"] or found["bare"]
        position, more = found.end(), found["more"] is not None


def _number(address: str) -> str:
    """Return the phone number of a `sip:`, `sips:` or `tel:` address."""
    scheme, _, rest = address.partition(":")
    match scheme.lower(), rest.split("@"):
        case "tel", [subscriber]:
            host = ""
        case "sip" | "sips", [subscriber, host]:
            if unquote(subscriber).lower() == "anonymous" or host.lower().startswith("anonymous.invalid"):
                raise CallerWithheld("the caller is anonymous")
        case _:
            raise CallerUnasserted("an asserted identity is no phone number")
    digits, *parameters = subscriber.split(";")
    for parameter in parameters + host.split(";")[1:]:
        match parameter.lower().split("=", 1):
            case ["phone-context", context] if context.startswith("+") and context != f"+{VIETNAM}":
                raise CallerForeign("a local number of another country")
            case ["verstat", "tn-validation-failed"]:
                raise CallerUnasserted("the network itself found the number to be false")
    return _vietnamese(unquote(digits).translate(_SEPARATORS))


def _vietnamese(number: str) -> str:
    try:
        return vietnamese_e164(number)
    except ForeignNumber:
        raise CallerForeign("a number of another country") from None
    except NumberMalformed:
        raise CallerUnasserted("the number is malformed") from None
