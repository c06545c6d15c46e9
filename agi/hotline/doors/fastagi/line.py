"""The line of a channel in AGI().

Asterisk notices a key only while it carries out a command that looks for keys. Between two commands it reads on and
drops what it reads, but not a key that began or ended under a command: such a key is told after its whole length once
more, in the next one. So no key is lost as long as the pauses between commands are shorter than a key, 40 ms:

- a sound is stopped by *every* key; a key that is not to stop it lets it go on from where it was;
- a wait for a key is a command (`WAIT FOR DIGIT`);
- when the conversation has nothing to ask for a moment, the line listens for keys by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from enum import Enum, auto
from typing import TYPE_CHECKING

from hotline.call import FIRST_WORD, KEYS, TAIL, CallerGone, Ended, Keypad, LineFailed, Played, SoundFailed
from hotline.doors.fastagi.session import Disconnected, OutOfStep
from hotline.doors.media import MEDIA, media_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hotline.call import Media, Sound, Watch
    from hotline.doors.fastagi.session import Answer, Session

RATE = 8000
"""Samples a second of A-law and µ-law."""
FRAME = 160
"""Samples of the 20 ms that Asterisk plays at a time."""
OVERDUE = 5.0
"""Seconds a command may take beyond its own time before we stop believing in an answer."""
KEPT = 10.0
"""Seconds beyond a command's own time that the switchboard leaves us the call; then it takes us for frozen."""
KEPT_LEAST = 5.0
"""Seconds of these that must be left when a command begins; with fewer the time is set anew."""
FAREWELL = 0.5
"""Seconds after a failure in which Asterisk says that it was a hang-up."""
PAUSE = 0.005
"""Seconds without a command after which the line listens by itself; the usual pause is a tenth of it."""
LISTEN = 0.05
"""Seconds it listens at a time: what the conversation asks for next waits for the end of it."""


class Cut(Enum):
    """What cut a sound short."""

    BY_KEY = auto()
    BY_HANG_UP = auto()


class LineKeypad(Keypad):
    """A keypad whose waits are waits of the switchboard."""

    def __init__(self, line: FastAgiLine) -> None:
        super().__init__()
        self._line = line

    async def next(self, within: float) -> str | None:
        """Return the oldest key not taken yet; see `Keypad.next`."""
        until = self._line.now() + within
        while not self.has(KEYS) and (left := until - self._line.now()) > 0:
            await self._line.await_key(left)
        return await super().next(0)


class FastAgiLine:
    """The line of a channel in AGI(). To be closed at the end."""

    def __init__(self, session: Session) -> None:
        self.keypad: Keypad = LineKeypad(self)
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._gone_at: float | None = None
        self._carries_keys = False
        self._ends = self._kept_until = math.inf
        self._pause: asyncio.TimerHandle | None = None
        self._listening: asyncio.Task[None] | None = None
        self._wanted = False

    @property
    def gone_at(self) -> float | None:
        """When the caller hung up or the connection ended, by the event loop's clock."""
        return self._gone_at

    def now(self) -> float:
        """Return the event loop's clock, in seconds."""
        return self._loop.time()

    def gone(self) -> None:
        """Take note that the caller has gone, or the connection."""
        if self._gone_at is None:
            self._gone_at = self.now()
            self.keypad.close()

    async def close(self) -> None:
        """Stop listening."""
        await self._quiet()

    async def begin(self, within: float) -> None:
        """See that there is an Asterisk that answers, within so many seconds."""
        with self._meant():
            await self._session.begin(within)

    async def limit(self, seconds: float) -> None:
        """Have the switchboard end the call, with a spoken word, after so many seconds, or soon if we say no more."""
        self._ends, self._kept_until = self.now() + seconds, -math.inf
        with self._meant():
            await self._keep(0)

    async def progress(self) -> None:
        """Open the line before the answer (183 with early media); returns when the first word can be heard."""
        self._carries_keys = True
        await self._have("EXEC Progress", "the line was not opened")
        until = self.now() + FIRST_WORD
        while (left := until - self.now()) > 0:
            await self.await_key(left)

    async def answer(self) -> None:
        """Answer the channel."""
        # Not ANSWER, which waits half a second for media. An Asterisk that does not know the option does so as well.
        self._carries_keys = True
        await self._have("EXEC Answer ,i", "the call was not answered")

    async def play(self, sounds: Sequence[Sound], stop_keys: str, watch: Watch | None = None) -> Played:
        """Play `sounds`; see `Line.play`. Nothing can be asked while they play, so `watch` is asked at the end only."""
        played = await self._play(sounds, stop_keys)
        if watch is not None:
            await watch()
        return played

    async def _play(self, sounds: Sequence[Sound], stop_keys: str) -> Played:
        began = self.now()
        seconds = sum(sound.seconds for sound in sounds)
        played = 0.0
        for sound in sounds:
            end, cut = await self._stream(sound, stop_keys)
            played += end
            match cut:
                case Cut.BY_KEY:
                    return Played(Ended.STOPPED, played)
                case Cut.BY_HANG_UP:
                    # Samples alone prove nothing: a switchboard that stood still sends the rest at once, to nobody.
                    if seconds - played > TAIL or self.now() - began - seconds > TAIL:
                        raise CallerGone
                    break
        return Played(Ended.FINISHED, played)

    async def await_key(self, seconds: float) -> None:
        """Wait up to so many seconds for a key, and put it into the keypad."""
        self._press(await self._do(_wait(seconds), seconds))

    async def media(self) -> Media:
        """Return where Asterisk sends our RTP, and how much it took as the caller's; see `media_of`."""
        return media_of((await self._do(f"GET FULL VARIABLE {MEDIA}")).data)

    def listen(self) -> None:
        """Do nothing: a key is told once, by the command that waits for it."""

    async def hush(self) -> None:
        """Do nothing."""

    async def hang_up(self) -> None:
        """Hang the channel up; returns when Asterisk says it is, or at once when it is already."""
        with contextlib.suppress(CallerGone):
            await self._do("HANGUP")
            await self._has_gone()

    async def _stream(self, sound: Sound, stop_keys: str) -> tuple[float, Cut | None]:
        """Play one sound; return the seconds played, and what cut it short.

        Raises:
            SoundFailed: it is not there, or shorter than it should be.
        """
        length = round(sound.seconds * RATE)
        file = _quoted(str(sound.path))
        end = 0
        while end < length:
            # Keys that are ignored are not looked for at all, so that they do not even interrupt.
            keys = "" if self.keypad.deaf else KEYS
            answer = await self._do(f'STREAM FILE {file} "{keys}" {end}', (length - end) / RATE)
            end = answer.end
            if answer.result < 0 and await self._has_gone():
                return end / RATE, Cut.BY_HANG_UP
            if answer.result < 0 or (answer.result == 0 and end + FRAME < length):
                raise SoundFailed("over before its end")
            if answer.result == 0:
                break
            key = self._press(answer)
            if key and key in stop_keys:
                return end / RATE, Cut.BY_KEY
        return end / RATE, None

    def _press(self, answer: Answer) -> str:
        """Take in the key of an answer; return it if it counts."""
        if answer.result <= 0:
            return ""
        key = chr(answer.result)
        return key if self.keypad.press(key) else ""

    async def _do(self, command: str, seconds: float = 0.0) -> Answer:
        """Have a command done that takes up to `seconds` by itself."""
        await self._quiet()
        with self._meant():
            await self._keep(seconds)
            answer = await self._session.ask(command, seconds + OVERDUE)
        if self._carries_keys:
            self._pause = self._loop.call_later(PAUSE, self._wait_meanwhile)
        return answer

    async def _keep(self, seconds: float) -> None:
        """Have the switchboard leave us the call for a command of so many seconds and a little longer."""
        now = self.now()
        if self._kept_until < min(now + seconds + KEPT_LEAST, self._ends):
            kept = min(seconds + KEPT, self._ends - now)
            # Zero would be for ever; below that the time is over in any case.
            await self._session.ask(f"SET VARIABLE TIMEOUT(absolute) {max(kept, 0.1):g}", OVERDUE)
            self._kept_until = now + kept

    @contextlib.contextmanager
    def _meant(self) -> Iterator[None]:
        """Say what the session's errors mean for the line."""
        try:
            yield
        except Disconnected:
            self.gone()
            raise CallerGone from None
        except OutOfStep as fault:
            raise LineFailed(str(fault)) from fault

    async def _quiet(self) -> None:
        """End the listening that nobody asked for, so that something can be asked."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._listening is not None:
            self._wanted = True
            await asyncio.wait({self._listening})
            self._listening = None
            self._wanted = False

    def _wait_meanwhile(self) -> None:
        self._pause = None
        if self._gone_at is None:
            self._listening = asyncio.create_task(self._take_keys(), name="fastagi listening")

    async def _take_keys(self) -> None:
        try:
            while not self._wanted:
                await self._keep(LISTEN)
                self._press(await self._session.ask(_wait(LISTEN), LISTEN + OVERDUE))
        except (Disconnected, OutOfStep):
            self.gone()  # in either case the connection is closed

    async def _has_gone(self) -> bool:
        """Return whether a failure was a hang-up, which Asterisk says right after it."""
        try:
            async with asyncio.timeout(FAREWELL):
                await self._session.lines.gone.wait()
        except TimeoutError:
            return False
        self.gone()
        return True

    async def _have(self, command: str, otherwise: str) -> None:
        """Have a command done that must succeed."""
        answer = await self._do(command)
        if answer.result != 0:
            if await self._has_gone():
                raise CallerGone
            raise LineFailed(otherwise)


def _wait(seconds: float) -> str:
    return f"WAIT FOR DIGIT {max(1, round(seconds * 1000))}"


def _quoted(text: str) -> str:
    """Return `text` as one word of a command."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
