"""The ARI door: a channel in our Stasis application becomes a `Call`."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from typing import TYPE_CHECKING, TypeVar

import structlog

from hotline.ari import AriError, Gone, Outcome, Replaced
from hotline.call import (
    FIRST_WORD,
    TAIL,
    Call,
    CallerGone,
    Ended,
    Keypad,
    LineFailed,
    Played,
    SoundFailed,
    watched,
)
from hotline.doors.media import MEDIA, media_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from hotline.ari import Client, Listener, PeerWatch, Stay
    from hotline.call import Media, Sound, Sounds, Watch

T = TypeVar("T")

LEFT_OVER = 90.0
"""Seconds an apology may take, behind what another process had begun to play."""
QUIETS = 4
"""Ids for the silence of one call, in turn: by when one comes again, what had it is long over."""
ONE_EACH = (
    "all calls are left to that one, and this process ends. Stop one of the two, or give each its own HOTLINE_ARI__APP "
    "and name both in APPS of site/globals.conf"
)
"""What to do when another process has taken our name."""
OVERDUE = 5.0
"""Seconds a playback may take beyond its sounds before we stop believing that it will end."""


def quiet_ids(stay: Stay) -> list[str]:
    """Return the ids under which the silence of a call is played; whoever has the call later can stop it by them."""
    return [f"{stay.channel.id}-quiet-{number}" for number in range(QUIETS)]


class AriLine:
    """The line of a channel that is in Stasis.

    Args:
        stay: of the channel.
        silence: what is played while we wait for keys. A key that comes less than 45 ms after another, or that a busy
            line delivers so, Asterisk tells twice: as it comes, and as it leaves a queue. While something is played it
            does not (measured on 22.10.1; channel.c, AST_FLAG_END_DTMF_ONLY).
    """

    def __init__(self, stay: Stay, silence: Sound) -> None:
        self.keypad = Keypad()
        self._stay = stay
        self._silence = silence
        self._quiet = itertools.cycle(quiet_ids(stay))
        self._listening: asyncio.Task[object] | None = None
        self._now = asyncio.get_running_loop().time
        self._stop_keys = ""
        self._gone_at: float | None = None
        stay.listen(self._key, self._gone)

    @property
    def gone_at(self) -> float | None:
        """When the channel left us, by the event loop's clock."""
        return self._gone_at

    def now(self) -> float:
        """Return the event loop's clock, in seconds."""
        return self._now()

    async def progress(self) -> None:
        """Open the line before the answer (183 with early media); returns when the first word can be heard."""
        await self._ask(self._stay.progress())
        await asyncio.sleep(FIRST_WORD)

    async def answer(self) -> None:
        """Answer the channel."""
        await self._ask(self._stay.answer())

    async def play(self, sounds: Sequence[Sound], stop_keys: str, watch: Watch | None = None) -> Played:
        """Play `sounds`; see `Line.play`."""
        return await (self._play(sounds, stop_keys) if watch is None else watched(self._play(sounds, stop_keys), watch))

    async def _play(self, sounds: Sequence[Sound], stop_keys: str) -> Played:
        seconds = sum(sound.seconds for sound in sounds)
        self._stop_keys = stop_keys
        try:
            played = await self._stay.play([f"sound:{sound.path}" for sound in sounds], limit_seconds=seconds + OVERDUE)
        finally:
            self._stop_keys = ""
        missing = seconds - played.seconds
        match played.outcome:
            case Outcome.FINISHED if played.observed or missing <= TAIL:
                # If not observed, the seconds are the most it can have been: over before its time, it was not heard.
                return Played(Ended.FINISHED, played.seconds)
            case Outcome.GONE if abs(missing) <= TAIL:
                return Played(Ended.FINISHED, played.seconds)
            case Outcome.STOPPED:
                return Played(Ended.STOPPED, played.seconds)
            case Outcome.GONE:
                raise CallerGone
            case Outcome.NEVER_STARTED | Outcome.OVERDUE | Outcome.FINISHED as outcome:
                # A switchboard too busy or out of reach, or an end not seen: nothing says that a prompt is missing.
                raise LineFailed(f"{outcome.name}, and not known to be heard")
            case outcome:
                raise SoundFailed(f"{outcome.name} before its end")

    def listen(self) -> None:
        """Play silence until `hush`; when it is over before, keys are told as Asterisk tells them without."""
        if self._listening is None:
            media, limit = [f"sound:{self._silence.path}"], self._silence.seconds + OVERDUE
            playing = self._stay.play(media, limit_seconds=limit, playback_id=next(self._quiet))
            self._listening = asyncio.create_task(playing)

    async def hush(self) -> None:
        """Stop the silence; what became of it is of no interest."""
        if self._listening is not None:
            listening, self._listening = self._listening, None
            # What is played next waits at Asterisk until the silence is stopped.
            listening.cancel()
            await asyncio.wait({listening})

    async def media(self) -> Media:
        """Return where Asterisk sends our RTP, and how much it took as the caller's; see `media_of`."""
        return media_of(await self._ask(self._stay.variable(f"EVAL({MEDIA})")))

    async def hang_up(self) -> None:
        """Hang the channel up."""
        await self._ask(self._stay.hang_up())

    def _key(self, key: str) -> None:
        if self.keypad.press(key) and key in self._stop_keys:
            self._stay.stop_playback()

    def _gone(self) -> None:
        self._gone_at = self.now()
        self.keypad.close()

    async def _ask(self, request: Awaitable[T]) -> T:
        try:
            return await request
        except Gone:
            raise CallerGone from None
        except AriError as fault:
            raise LineFailed(str(fault)) from fault


async def give_back(stay: Stay, then: str = "yes") -> None:
    """Give a call that we may not take back to the dialplan, which offers it to another process.

    Args:
        stay: its channel's.
        then: `again` has it offered to us as well, once everybody else had their turn.
    """
    await stay.set_variable("GIVEN_BACK", then)
    await stay.continue_in_dialplan()


class AriDoor:
    """Lets calls in from Asterisk.

    Args:
        client: not running yet; or a listener, where Asterisk connects to us.
        sounds: the prompts.
        call_seconds: the longest a call may last.
        calls_at_once: how many calls are taken at a time; more are left to another process or to the dialplan.
        apology: the prompt for callers whose conversation was lost with the process that held it.
        silence: what is played while we wait for keys.
        peers: watches over the other processes; their callers are helped as those of a process before us.

    Attributes:
        held: no call is claimed, and one that is given to us all the same is given back.
    """

    name = "ari"

    def __init__(
        self,
        client: Client | Listener,
        sounds: Sounds,
        *,
        peers: PeerWatch | None = None,
        call_seconds: float,
        calls_at_once: int,
        apology: str,
        silence: Sound,
    ) -> None:
        self.held = False
        self._silence = silence
        self._client = client
        self._peers = peers
        self._calls_at_once = calls_at_once
        self._apology = apology
        self._sounds = sounds
        self._call_seconds = call_seconds

    @property
    def opened(self) -> asyncio.Event:
        """Set while Asterisk has us as its application."""
        return self._client.connected

    @property
    def calls(self) -> int:
        """How many calls are here, or were claimed and are about to come."""
        return self._client.load

    async def open(self, receive: Callable[[Call], Awaitable[None]]) -> None:
        """Hand every call that comes in to `receive`, each in a task of its own, until cancelled.

        Raises:
            AriError: the connection can't be had or kept, for a reason that waiting does not mend.
        """

        async def handle(stay: Stay) -> None:
            line = AriLine(stay, self._silence)
            # What is logged of this call is found by the switchboard's name for it, too.
            structlog.contextvars.bind_contextvars(channel=stay.channel.id)
            # The dialplan gives us a few seconds to take a call over; longer life is the taking over.
            await stay.set_variable("TIMEOUT(absolute)", f"{self._call_seconds:g}")
            await receive(Call(str(uuid.uuid4()), line, self._sounds, stay.args))

        watching = self._peers and asyncio.create_task(
            self._peers.run(on_orphan=self._help, on_refused=give_back), name="ari peers"
        )
        try:
            await self._client.run(
                handle,
                on_orphan=self._help,
                accept=lambda: not self.held and self._client.load < self._calls_at_once,
                on_refused=give_back,
            )
        except Replaced as replaced:
            raise Replaced(f"{replaced}: {ONE_EACH}") from None
        finally:
            if watching:
                watching.cancel()
                await asyncio.wait({watching})

    async def drain(self) -> None:
        """Take no more calls; return when those there are have ended."""
        await self._client.drain()

    async def _help(self, stay: Stay) -> None:
        """Help the caller of a process that died before us, or lost its name to us; who still waits gets a new try."""
        if stay.channel.state == "Up":
            await self._apologise(stay)
        else:
            await give_back(stay, "again")

    async def _apologise(self, stay: Stay) -> None:
        """Tell the caller that the call can't go on; it is hung up afterwards."""
        # What the dead process was saying ends first; its silence, up to a minute of it, need not.
        await stay.stop_left_over(quiet_ids(stay))
        await stay.play([f"sound:{self._sounds[self._apology].path}"], limit_seconds=LEFT_OVER)
