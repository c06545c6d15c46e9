"""Digits that must not be seen."""

from __future__ import annotations

from typing import Final, NoReturn


class SecretDigits:
    """A password in the clear. It shows itself to `reveal` alone: no text, log, traceback or pickle has it."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits: Final = digits

    def reveal(self) -> str:
        """Return the digits."""
        return self._digits

    def __repr__(self) -> str:
        return "SecretDigits(hidden)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is neither copied nor stored")
