"""The signalling of one call, told from the messages that passed: who rang, answered and hung up, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hotline.phone.capture import Datagram

Address = tuple[str, int]
_AUDIO = re.compile(r"m=audio ([0-9]{1,5})[ /]")
_CONNECTION = re.compile(r"c=IN IP4 ([0-9.]+)")
_LAST_PORT = 65535
_SHORT = {
    "i": "call-id",
    "c": "content-type",
    "l": "content-length",
    "f": "from",
    "t": "to",
    "v": "via",
    "m": "contact",
}


@dataclass(frozen=True)
class Message:
    """One SIP message.

    Attributes:
        method: of the request, or of the request this is a response to.
        code: status of a response; None for a request.
        reason: of a response.
        headers: by lower-case long name; of a repeated header the first.
        body: as text.
    """

    method: str
    code: int | None
    reason: str
    headers: Mapping[str, str]
    body: str

    @property
    def call_id(self) -> str:
        """Its Call-ID."""
        return self.headers.get("call-id", "")

    @property
    def media(self) -> Address | None:
        """Where its SDP wants audio sent; None without SDP."""
        return read_sdp(self.body)


def read_message(payload: bytes) -> Message | None:
    """Return the SIP message in a datagram, or None when it is none (a keep-alive, RTP)."""
    text = payload.decode("utf-8", "replace")
    head, _, body = text.partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    words = start.split(" ", 2)
    if len(words) != 3 or "SIP/2.0" not in (words[0], words[2]):
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers.setdefault(_SHORT.get(key, key), value.strip())
    if words[0] != "SIP/2.0":
        return Message(words[0], None, "", headers, body)
    method = headers.get("cseq", "").rpartition(" ")[2]
    return Message(method, int(words[1]), words[2], headers, body) if words[1].isdecimal() else None


def read_sdp(body: str) -> Address | None:
    """Return address and port of the first audio stream of an SDP, or None where none is understood."""
    address, port = "", 0
    for line in body.splitlines():
        if line.startswith("m="):
            if port:  # the next stream
                break
            audio = _AUDIO.match(line)
            port = int(audio[1]) if audio and int(audio[1]) <= _LAST_PORT else 0
        elif connection := _CONNECTION.match(line):  # the stream's own comes after the session's
            address = connection[1] if _is_address(connection[1]) else ""
    return (address, port) if address and port else None


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


class Side(StrEnum):
    """Who did something."""

    CALLER = "caller"
    HOTLINE = "hotline"


@dataclass
class Signalling:
    """What happened in one call, as told by its SIP messages; times are Unix times in seconds, the first of each kind.

    Attributes:
        invited: of the INVITE.
        rang: of 180 Ringing.
        progressed: of 183 Session Progress, with early media.
        answered: of the 200 to the INVITE.
        ended: of BYE, CANCEL, or the final refusal.
        ended_by: who sent that.
        refused: the final status where the call was not answered, for example (486, "Busy Here").
        caller_media: where the caller listens.
        hotline_media: where the hotline listens.
    """

    invited: float | None = None
    rang: float | None = None
    progressed: float | None = None
    answered: float | None = None
    ended: float | None = None
    ended_by: Side | None = None
    refused: tuple[int, str] | None = None
    caller_media: Address | None = None
    hotline_media: Address | None = None
    _call_id: str = ""
    _caller: Address = field(default=("", 0), repr=False)

    def take(self, datagram: Datagram) -> bool:
        """Take note of a datagram; returns whether it was a SIP message of this call, which the first INVITE begins."""
        message = read_message(datagram.payload)
        if message is None:
            return False
        if self.invited is None and message.method == "INVITE" and message.code is None:
            self.invited, self._call_id, self._caller = datagram.at, message.call_id, datagram.source
        if message.call_id != self._call_id:
            return False
        side = Side.CALLER if datagram.source == self._caller else Side.HOTLINE
        if message.code is None:
            self._take_request(message, side, datagram.at)
        elif message.method == "INVITE":
            self._take_answer(message, side, datagram.at)
        return True

    def _take_request(self, message: Message, side: Side, at: float) -> None:
        if message.method == "INVITE":
            self._take_media(message, side)
            # An INVITE after 401 or 407 carries the credentials: the challenge was no refusal.
            if self.refused is not None and self.refused[0] in (401, 407):
                self.refused = self.ended = self.ended_by = None
        elif message.method in ("BYE", "CANCEL") and self.ended is None:
            self.ended, self.ended_by = at, side

    def _take_answer(self, message: Message, side: Side, at: float) -> None:
        self._take_media(message, side)
        match message.code:
            case 180:
                self.rang = self.rang or at
            case 183:
                self.progressed = self.progressed or at
            case 200:
                self.answered = self.answered or at
            case int(code) if code >= 300 and self.answered is None:
                self.refused = self.refused or (code, message.reason)
                if self.ended is None:
                    self.ended, self.ended_by = at, side

    def _take_media(self, message: Message, side: Side) -> None:
        media = message.media
        if media is None:
            return
        if side is Side.CALLER:
            self.caller_media = media
        else:
            self.hotline_media = media
