"""The testers' extension that reads back which keys arrived.

Keys pass through all that a citizen's do: phone, RFC 4733 or SIP INFO, Asterisk, door, keypad. They are read from a
nameless file, as a number is read back, so they stand in no log either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hotline.call import Entry, Reason
from hotline.records.outcomes import CallOutcome

if TYPE_CHECKING:
    from hotline.call import Call
    from hotline.dialogue.hotline import Hotline

KEY_CHECK: Final = "key-check"
"""What the dialplan says that such a caller dialled."""
MOST_DIGITS: Final = 20
"""Digits that are read back in one go; the pause of `between` seconds ends them as `#` does, a 21st at once."""
RUNS: Final = 20
"""Times that keys are read back in one call."""
ENTRY: Final = Entry(
    keys="0123456789",
    grace=dict.fromkeys(range(1, MOST_DIGITS + 1), 3.0),
    first=15.0,
    between=3.0,
    end="#",
    clear="*",
)


async def check_keys(call: Call, hotline: Hotline) -> None:
    """Answer, and read back what is keyed, run after run, until nothing is."""
    await call.answer()
    call.reached("key-check")
    call.outcome = CallOutcome.ENDED
    question = "key-check"
    for _ in range(RUNS):
        keyed = await call.ask(question, entry=ENTRY)
        match keyed.reason:
            case Reason.NO_INPUT:
                break
            case Reason.CLEARED | Reason.BACK:
                question = "key-star"
            case _:
                question = "key-check"
                with hotline.readings.of(keyed.digits, "read-back", hotline.menu.reading) as sound:
                    await call.read_out(sound)
    await call.say("goodbye", keys="")
