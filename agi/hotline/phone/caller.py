"""One caller: softphone, capture and ear joined, so that a test or a demo reads like the call it makes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from hotline.phone.baresip import KEY_PACE
from hotline.phone.capture import Capture
from hotline.phone.errors import NotInTime
from hotline.phone.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from hotline.phone.baresip import Closing, Softphone
    from hotline.phone.ear import Ear, Utterance
    from hotline.phone.rtp import Heard
    from hotline.phone.witness import TimelineEntry

POLL = 0.05
"""Seconds between looks at what was heard; one look costs well under a millisecond."""
CUT = 0.3
"""Seconds without more of a prompt, beyond the pauses it has itself, after which it was cut off."""
OVER = 0.05
"""Seconds without more of a complete prompt after which it is over."""
LAST_PACKETS = 0.1
"""Seconds after the end of a call in which its last packets pass."""


class Caller:
    """Makes calls with a running softphone, one after another; an asynchronous context manager.

    `hears`, `hears_end` and `hears_digits` follow the call as a listener does: each looks on from where the one before
    it stopped. They raise NotInTime, with what was heard instead, when the time is over or the call.

    Args:
        phone: a running softphone, over UDP.
        ear: which knows the prompts.
        interface: network interface the call passes.

    Attributes:
        witness: of the call under way, or the last one.
        capture: its packets.
    """

    def __init__(self, phone: Softphone, ear: Ear, interface: str = "lo") -> None:
        self.phone = phone
        self._ear = ear
        self._interface = interface
        self._stack = AsyncExitStack()
        self._begin()

    def _begin(self) -> None:
        self.witness = Witness(self._ear)
        self.capture = Capture([(self.phone.sip_port, self.phone.sip_port), self.phone.rtp_ports], self._interface)
        self._taken = 0
        self._listened = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.hang_up()
        finally:
            await self._stack.aclose()

    async def dial(self, number: str) -> None:
        """Begin a call; returns when the INVITE is on its way.

        Raises:
            CannotListen: packets cannot be captured here.
            PhoneFailed: the softphone refused.
        """
        await self._stack.aclose()
        self._begin()
        await self._stack.enter_async_context(self.capture)
        await self.phone.dial(number)

    async def answered(self, within: float = 10.0) -> None:
        """Wait for the answer. Raises: NotInTime, CallClosed."""
        await self.phone.answered(within)

    async def press(self, keys: str, pace: float = KEY_PACE) -> None:
        """Key `keys`, one every `pace` seconds. Raises: ValueError, PhoneFailed."""
        await self.phone.press(keys, pace)

    async def hang_up(self) -> None:
        """End the call; does nothing when there is none."""
        if self.phone.in_call:
            await self.phone.hang_up()
            await self.closed()

    async def closed(self, within: float = 10.0) -> Closing:
        """Wait for the end of the call, whoever ends it, and for its last packets. Raises: NotInTime."""
        closing = await self.phone.closed(within)
        await asyncio.sleep(LAST_PACKETS)
        return closing

    async def hears(self, prompt: str, within: float = 10.0) -> Utterance:
        """Wait until `prompt` has begun. Raises: NotInTime, KeyError (no such prompt)."""
        wanted = self._ear.same(prompt)

        def begun(said: list[Utterance]) -> int | None:
            places = range(self._listened, len(said))
            return next((place for place in places if said[place].id == wanted), None)

        place = await self._await(begun, f"{prompt!r}", within)
        self._listened = place + 1
        return self._recognised()[place]

    async def hears_end(self, prompt: str, within: float = 15.0) -> Utterance:
        """Wait until `prompt`, begun already or not, has ended or was cut off. Raises: NotInTime, KeyError."""
        wanted = self._ear.same(prompt)
        said = self._recognised()
        if not (0 < self._listened <= len(said) and said[self._listened - 1].id == wanted):
            await self.hears(prompt, within)
        place = self._listened - 1

        def ended(said: list[Utterance]) -> int | None:
            words = said[place]
            silent = self.witness.now - words.ends
            over = silent > (OVER if words.complete else words.pause + CUT)
            return place if over or not self.phone.in_call else None

        await self._await(ended, f"the end of {prompt!r}", within)
        return self._recognised()[place]

    async def hears_digits(self, count: int, within: float = 20.0) -> str:
        """Wait until `count` digits were read with no prompt between them, and return them. Raises: NotInTime."""

        def read(said: list[Utterance]) -> int | None:
            run = 0
            for place in range(self._listened, len(said)):
                run = run + 1 if said[place].kind == "digit" else 0
                if run == count:
                    return place if said[place].complete else None
            return None

        place = await self._await(read, f"{count} digits", within)
        self._listened = place + 1
        return "".join(digit.id for digit in self._recognised()[place + 1 - count : place + 1])

    async def _await(self, found: Callable[[list[Utterance]], int | None], what: str, within: float) -> int:
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while True:
            in_call = self.phone.in_call
            if not in_call:
                await asyncio.sleep(LAST_PACKETS)
            place = found(self._recognised())
            if place is not None:
                return place
            if not in_call or loop.time() >= until:
                why = f"within {within:g} s" if in_call else "until the call ended"
                raise NotInTime(f"not heard {why}: {what}; heard: {self._summary()}")
            await asyncio.sleep(POLL)

    def _recognised(self) -> list[Utterance]:
        self._catch_up()
        return self.witness.recognised()

    def _catch_up(self) -> None:
        self.capture.read()
        fresh = self.capture.datagrams[self._taken :]
        self._taken += len(fresh)
        self.witness.take(fresh)

    def _summary(self) -> str:
        """What was heard, for a message; which digits is nobody's business."""
        said = (("digit" if one.kind == "digit" else f"{one.id} at {one.starts:.1f}") for one in self.said())
        return ", ".join(said) or "nothing"

    def said(self) -> list[Utterance]:
        """Return all that was said so far, times in seconds from the answer."""
        self._catch_up()
        return self.witness.said()

    def digits(self) -> list[str]:
        """Return the digits that were read so far, a string for each reading."""
        self._catch_up()
        return self.witness.readings()

    def heard(self) -> Heard:
        """Return what reached the phone so far, in real time."""
        self._catch_up()
        return self.witness.heard

    def timeline(self) -> list[TimelineEntry]:
        """Return the story of the call so far."""
        self._catch_up()
        return self.witness.timeline()
