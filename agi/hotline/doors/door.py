"""What all doors have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from hotline.call import Call


class DoorUnavailable(Exception):
    """Calls can't come this way; the message says why and what to do."""


class Door(Protocol):
    """A way for calls to come in.

    Attributes:
        name: in a word.
        held: no more calls are taken, until it is false again; those there are go on.
    """

    name: str
    held: bool

    @property
    def opened(self) -> asyncio.Event:
        """Set while calls can come."""

    @property
    def calls(self) -> int:
        """How many calls are here, or are about to come."""

    async def open(self, receive: Callable[[Call], Awaitable[None]]) -> None:
        """Hand every call that comes in to `receive`, each in a task of its own, until cancelled.

        Cancelled, it cancels the calls, each of which may still tell its caller, and returns when all have ended.
        """

    async def drain(self) -> None:
        """Take no more calls; return when those there are have ended."""
