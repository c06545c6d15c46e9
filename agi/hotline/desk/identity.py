"""The identities in a P-Asserted-Identity header, and the phone numbers they are (RFC 3325, 3261, 3966)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hotline.desk.errors import CallerForeign, CallerUnasserted, CallerWithheld
from hotline.desk.numbers import VIETNAM

if TYPE_CHECKING:
    from collections.abc import Iterator

# One identity of a header, and the comma after it: a name and an address in angle brackets, or a bare address, and the
# parameters behind it. Possessive quantifiers (*+) keep it linear, whatever is sent.
_IDENTITY = re.compile(
    r"""
    \s*+ (?: (?: "(?:[^"\\]|\\.)*+" \s*+ | [^"<>,;\\]*+ ) < (?P<angled> [^<>",\s]++ ) >
           | (?P<bare> [^"<>,;\s]++ ) )
    \s*+ (?P<parameters> (?: ;[^"<>,]*+ )? ) (?: (?P<more> , ) | \Z )
    """,
    re.VERBOSE,
)
_SEPARATORS = str.maketrans("", "", "-.()")
"""What a written phone number may have between its digits (RFC 3966); it means nothing. The dialplan makes dashes of
brackets."""
_DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*\.?")
"""Of a phone-context (RFC 3966, 3): what is last begins with a letter."""


@dataclass(frozen=True)
class Identity:
    """One identity, as it was written.

    Attributes:
        address: a URI.
        parameters: what follows it, from the first semicolon on; empty when there is nothing.
    """

    address: str
    parameters: str

    @property
    def number(self) -> str:
        """The number of a `sip:`, `sips:` or `tel:` address, without what may stand between its digits.

        Raises:
            CallerWithheld: the address is an anonymous one.
            CallerForeign: the number is a local one of another country.
            CallerUnasserted: it is no number, a local one of nobody knows where, or one found to be false.
        """
        scheme, _, rest = self.address.partition(":")
        match scheme.lower(), rest.split("@"):
            case "tel", [subscriber]:
                host = ""
            case "sip" | "sips", [subscriber, host]:
                if unquote(subscriber).lower() == "anonymous" or host.lower().startswith("anonymous.invalid"):
                    raise CallerWithheld("the caller is anonymous")
            case _:
                raise CallerUnasserted("an asserted identity is no phone number")
        written, *of_number = subscriber.split(";")
        number = unquote(written).translate(_SEPARATORS)
        named = [_named(one) for one in (*of_number, *host.split(";")[1:], *self.parameters.split(";")[1:])]
        contexts = [value for name, value in named if name == "phone-context"]
        for context in contexts:
            _require_ours(context)
        if not (host or contexts or number.startswith("+")):
            raise CallerUnasserted("a local number that does not say of where (RFC 3966, 5.1.5)")
        if any(name == "verstat" and value.startswith("tn-validation-failed") for name, value in named):
            raise CallerUnasserted("the network itself found the number to be false")
        return number


def identities(header: str) -> Iterator[Identity]:
    """Yield each identity of a P-Asserted-Identity header.

    Raises:
        CallerUnasserted: the header is malformed.
    """
    position, more = 0, True
    while more:
        found = _IDENTITY.match(header, position)
        if found is None:
            raise CallerUnasserted("an asserted identity is malformed")
        yield Identity(found["angled"] or found["bare"], found["parameters"])
        position, more = found.end(), found["more"] is not None


def _named(parameter: str) -> tuple[str, str]:
    """Return name and value of a parameter, in lower case."""
    name, _, value = unquote(parameter).lower().partition("=")
    return name.strip(), value.strip(' \t"')


def _require_ours(context: str) -> None:
    """Refuse a local number whose phone-context is neither this country nor the domain of a network.

    Raises:
        CallerForeign, CallerUnasserted: it is another country, or nothing that can be understood.
    """
    country = context.translate(_SEPARATORS)
    if country == f"+{VIETNAM}" or _DOMAIN.fullmatch(context):
        return
    if re.fullmatch(r"\+[0-9]+", country) and not country.startswith(f"+{VIETNAM}"):
        raise CallerForeign("a local number of another country")
    raise CallerUnasserted("a local number of a place that is not understood (RFC 3966, 5.1.5)")
