"""The secrets in the site folder: those of the shipped examples, which everybody knows, are refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hotline.pbx.errors import SiteError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLES: Final = frozenset({"change-me", "a-long-random-password"})
"""What stands for a secret in `dialplan/site/`."""
SHORTEST: Final = 12
"""Characters; Asterisk lets nobody wait who guesses. The application asks for more of ARI's."""

_SECTION = re.compile(r"\[([^\]]+)\]")
_SECRET = re.compile(r"(password|secret)\s*=>?\s*(.*)")


def require_own_secrets(folder: Path) -> None:
    """See that no secret in the files of `folder`, the site's, is an example's or easily guessed.

    Raises:
        SiteError: one is, or there are no such files; a line for each, with file and line, and without the secret.
    """
    files = sorted(folder.glob("*.conf"))
    if not files:
        raise SiteError(f"{folder}: there is no *.conf; name the site folder of your switchboard's configuration")
    faults = [fault for path in files for fault in _faults(path)]
    if faults:
        raise SiteError("\n".join(faults))


def _faults(path: Path) -> Iterator[str]:
    section = ""
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        # As Asterisk reads it: a semicolon begins a comment unless a backslash stands before it.
        line = re.split(r"(?<!\\);", text)[0].strip()
        if header := _SECTION.match(line):
            section = header[1]
        if (given := _SECRET.fullmatch(line)) and (why := _fault(given[2])):
            yield (
                f"{path}:{number}: the {given[1]} of [{section}] {why}: set a random one, as `openssl rand -hex 24` "
                "prints, or remove the account"
            )


def _fault(secret: str) -> str:
    if secret in EXAMPLES:
        return "is the one of the example, which everybody knows"
    if len(secret) < SHORTEST:
        return f"has less than {SHORTEST} characters"
    return ""
