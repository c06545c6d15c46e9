"""The steps of a call through the menu, as the records have them (SPEC §5); those of the re-issue name themselves.

What is written down is where a key led, never the key.
"""

from __future__ import annotations

from typing import Final

DOOR: Final = "door"
"""The call came in."""
ANSWER: Final = "answer"
HELP: Final = "help"
"""The menu again, in its longer form."""
END: Final = "end"
"""The caller chose the end."""
SWITCHED_OFF: Final = "branch8-off"
"""The re-issue was wanted while its switch was off."""
GIVEN_UP: Final = "given-up"
"""Too often no key, or one that leads nowhere."""
REISSUE: Final = "number"
"""The re-issue begins with asking for a number."""


def menu(name: str) -> str:
    """Return the step of hearing a menu."""
    return f"menu:{name}"


def said(prompt: str) -> str:
    """Return the step of hearing a piece of information."""
    return f"say:{prompt}"
