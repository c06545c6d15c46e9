"""The canary: a call from outside that tells whether the hotline does what it is for, before citizens find out.

It keys as soon as each question begins, hears a password read out twice, and judges words and times. The password is
compared with itself and forgotten; it stands in no result and in no message.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hotline.phone.errors import PhoneError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hotline.phone.handmade import HandmadePhone
    from hotline.phone.witness import Witness

WHOLE: Final = ("check", "new-password", "repeat-password")
"""Prompts that no key cuts."""
LONGEST_SILENCE: Final = 3.0
"""Seconds, but for waiting for keys (SPEC §2)."""


@dataclass(frozen=True)
class Limits:
    """How long what may take, in seconds.

    Attributes:
        response: from the INVITE to the first answer but 100.
        reaction: from the last key of the number to the first sound.
        call: from the answer to the end of the second reading.
    """

    response: float
    reaction: float
    call: float


@dataclass(frozen=True)
class Finding:
    """What came of a call.

    Attributes:
        faults: what was wrong, in words; empty when nothing was.
        response, reaction, call: as in `Limits`; None where it did not come to that.
    """

    faults: Sequence[str]
    response: float | None
    reaction: float | None
    call: float | None


async def ring(phone: HandmadePhone, number: str, insurance_number: str, *, digits: int, limits: Limits) -> Finding:
    """Ring `number` as the member with `insurance_number`, whose new passwords have so many `digits`, and judge."""
    faults = []
    try:
        await phone.dial(number)
        await phone.hears("menu")
        await phone.press("8")
        await phone.hears("ask-number")
        await phone.press(f"{insurance_number}#")
        await phone.hears("new-password")
        await phone.hears("repeat-password")
        await phone.hears("after-reading", within=25.0)
    except PhoneError as wrong:
        faults.append(str(wrong))
    return judge(phone.witness, digits=digits, limits=limits, faults=faults)


def judge(witness: Witness, *, digits: int, limits: Limits, faults: Sequence[str] = ()) -> Finding:
    """Judge a call by what was heard and when; `faults` are those known before."""
    signalling = witness.signalling
    first = next((at for at in (signalling.progressed, signalling.rang, signalling.answered) if at is not None), None)
    response = None if first is None or signalling.invited is None else first - signalling.invited
    said = witness.said()
    checked = next((one.starts for one in said if one.id == "check"), None)
    last_key = next((witness.seconds(key.at + key.seconds) for key in reversed(witness.keys) if key.key == "#"), None)
    reaction = None if checked is None or last_key is None else checked - last_key
    read = [one.ends for one in said if one.kind == "digit"]
    # From here on silence is waited in: for a key, or for the end.
    call = max(read) if len(witness.readings()) > 1 else None
    found = [*faults]
    if not faults:
        found += _wrong_words(witness, digits)
    found += [
        f"{what}: {seconds:.2f} s, and it may take {most:g} s"
        for what, seconds, most in (
            ("the first response", response, limits.response),
            ("the first sound after the number", reaction, limits.reaction),
            ("the call up to the end of the second reading", call, limits.call),
        )
        if seconds is not None and seconds > most
    ]
    return Finding(found, response, reaction, call)


def _wrong_words(witness: Witness, digits: int) -> Iterator[str]:
    said = witness.said()
    readings = witness.readings()
    if len(readings) != 2:
        yield f"the password was read {len(readings)} times, not twice"
    elif any(len(reading) != digits for reading in readings):
        yield f"not all readings had {digits} digits"
    elif readings[0] != readings[1]:
        yield "the two readings were not alike"
    heard_whole = {one.id for one in said if one.complete and not one.missing}
    yield from (f"the prompt {prompt} was not heard whole" for prompt in WHOLE if prompt not in heard_whole)
    if any(one.kind == "unknown" for one in said):
        yield "something was said that is no prompt"
    spoken = [one for one in said if one.kind == "digit" or one.id in WHOLE]
    if any(after.starts - before.ends > LONGEST_SILENCE for before, after in pairwise(spoken)):
        yield f"there was silence for more than {LONGEST_SILENCE:g} s"
