"""Commands and answers over one connection.

Commands go out and answers are understood through panoramisk. Its reader is replaced: it waits for ever, spins when the
other end closes, and does not see a hang-up between two commands.

Asterisk answers every command once, in order, but for one case: a command that arrives while a file is streamed ends
the stream, *which then gets no answer*. So one command at a time, and whoever stops waiting for an answer is out of
step until `_fall_in` has brought both sides together again.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from panoramisk.fast_agi import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_UNREAD = 8
"""Answers nobody waits for, at most; more come from no Asterisk."""
NUDGE = 0.1
"""Seconds after which Asterisk is asked again whether it is in step."""
FALL_IN = 2.0
"""Seconds for that in all."""

_END = re.compile(r"endpos=(\d+)")


class SessionError(Exception):
    """What was asked was not done."""


class Disconnected(SessionError):
    """The caller hung up, or Asterisk closed the connection."""


class OutOfStep(SessionError):
    """No answer in time, or one that makes no sense: nothing more can be asked over this connection."""


@dataclass(frozen=True)
class Answer:
    """What Asterisk answered to a command.

    Attributes:
        result: -1 when it failed or the caller hung up; of a command that waits for keys, the key's ASCII code or 0.
        end: of a stream, the samples played, counted from the start of the file.
        data: what stands in brackets.
    """

    result: int
    end: int
    data: str


class Lines:
    """The lines that Asterisk sends, taken in as they come, so that a hang-up is known at once.

    Attributes:
        gone: set when no more will come.
        last: the line read last.
    """

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.last = ""

    async def take_in(self, on_gone: Callable[[], None]) -> None:
        """Take lines in until the connection ends or the caller hangs up, or what comes is not from an Asterisk.

        Then call `on_gone`.
        """
        try:
            while (line := await self._reader.readline()) and line != b"HANGUP\n":
                if self._waiting.qsize() >= MOST_UNREAD:
                    break
                self._waiting.put_nowait(line)
        except (ValueError, OSError):  # a line too long; a connection reset
            pass
        finally:
            self.gone.set()
            self._waiting.put_nowait(b"")
            on_gone()

    async def readline(self) -> bytes:
        """Return the next line.

        Raises:
            Disconnected: there will be none.
        """
        line = await self._waiting.get()
        if not line:
            self._waiting.put_nowait(line)
            raise Disconnected
        self.last = line.decode(errors="replace")
        return line

    def unread(self) -> bool:
        """Return whether a line waits."""
        return not self._waiting.empty() and not self.gone.is_set()


class Session:
    """One call's commands and answers.

    Attributes:
        lines: what Asterisk sends.
    """

    def __init__(self, lines: Lines, writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
        self.lines = lines
        self._request = Request(None, headers, lines, writer)
        self._writer = writer
        self._in_step = True

    async def begin(self, within: float) -> None:
        """See that what comes now are answers.

        A caller's own name can have line feeds in it, and so end the head early, with arguments of the caller's making.
        What is left of the head then comes before the first answer, which nobody else can know.

        Raises:
            Disconnected: there is no caller any more.
            OutOfStep: something else was said; the connection is closed.
        """
        echo = uuid.uuid4().hex
        answer = await self.ask(f"GET FULL VARIABLE {echo}", within)
        if answer.data != echo:
            raise self._lost("more was said than a head")

    async def ask(self, command: str, within: float) -> Answer:
        """Have `command` done, within so many seconds.

        Raises:
            Disconnected: there is no caller any more.
            OutOfStep: no answer in time, or an answer that makes no sense; the connection is closed.
        """
        if not self._in_step:
            await self._fall_in()
        if self.lines.unread():
            raise self._lost("something was said unasked")
        self._in_step = False
        try:
            async with asyncio.timeout(within):
                said = await self._request.send_command(command)
        except TimeoutError:
            raise self._lost(f"no answer in {within:.0f} s") from None
        except (OSError, RuntimeError):  # written to a connection that has just gone
            raise Disconnected from None
        except ValueError:
            raise self._lost("an answer without a code") from None
        self._in_step = True
        return self._understood(said)

    def _understood(self, said: Mapping[str, Any]) -> Answer:
        end = _END.search(self.lines.last)
        match said:
            case {"error": "AGIAppError"}:
                return Answer(-1, int(end[1]) if end else 0, "")
            case {"status_code": 200, "result": (result, data)} if re.fullmatch(r"-?\d+", result):
                return Answer(int(result), int(end[1]) if end else 0, data)
            case {"error": "AGIUnknownError"} if self.lines.last.startswith("511"):
                # The channel is dead: Asterisk says HANGUP as well, unless the dialplan forbids it (AGISIGHUP=no).
                raise Disconnected
            case _:
                raise self._lost(f"answered {self.lines.last[:3]}")

    async def _fall_in(self) -> None:
        """Bring both sides together after an answer was not waited for: ask for an echo until it comes.

        Asterisk takes in what has arrived as a whole and then looks at the connection only when *more* arrives, so the
        echo is asked for again, and every echo asked for is waited for.
        """
        echo = uuid.uuid4().hex
        asked = heard = 0
        try:
            async with asyncio.timeout(FALL_IN):
                while asked == 0 or heard < asked:
                    if heard == 0:
                        self._writer.write(f"GET FULL VARIABLE {echo}\n".encode())
                        asked += 1
                    try:
                        async with asyncio.timeout(None if heard else NUDGE):
                            while heard < asked:
                                heard += f"({echo})".encode() in await self.lines.readline()
                    except TimeoutError:
                        continue
        except TimeoutError:
            raise self._lost("no echo") from None
        self._in_step = True

    def _lost(self, why: str) -> OutOfStep:
        self.close()
        return OutOfStep(why)

    def close(self) -> None:
        """End the connection; Asterisk goes on in the dialplan if the caller is still there."""
        self._writer.transport.abort()
