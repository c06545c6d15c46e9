"""All that can be told of one call from the packets that passed: what was said, keyed and signalled, and when."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal

from hotline.phone.g711 import A_LAW, RATE
from hotline.phone.rtp import Heard, Key, Keypad, Line, read_packet
from hotline.phone.sip import Side, Signalling

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hotline.phone.capture import Datagram
    from hotline.phone.ear import Ear, Listening, Silence, Utterance

READING_PAUSE = 3.0
"""Seconds between two digits from which on they are two readings; between groups there are at most 2."""
GROUP_PAUSE = 0.6
"""Seconds between two digits from which on they are shown as two groups."""
KEYING_PAUSE = 3.0
"""Seconds between two keys from which on they are shown on two lines."""

Who = Literal["caller", "hotline", "line"]


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a call's story.

    Attributes:
        at: seconds from the answer, negative before it; from the INVITE where there was no answer.
        who: who spoke or keyed; "line" for what the signalling tells.
        text: the words, the keys, or what happened.
    """

    at: float
    who: Who
    text: str


class Witness:
    """Sees and hears one call, packet by packet.

    Times it tells are seconds from the answer, or from the INVITE as long as there is none.

    Attributes:
        signalling: what the SIP messages told.
    """

    def __init__(self, ear: Ear) -> None:
        self.signalling = Signalling()
        self._ear = ear
        self._line: Line | None = None
        self._keypad = Keypad()
        self._listening: Listening | None = None
        self._latest = 0.0

    def take(self, datagrams: Iterable[Datagram]) -> None:
        """Take in what passed, in order."""
        for datagram in datagrams:
            self._latest = datagram.at
            if not self.signalling.take(datagram) and self.signalling.invited is not None:
                self._take_media(datagram, self.signalling.invited)
        if self._line is not None and self._line.packets:
            if self._listening is None:
                self._listening = self._ear.listening(self._line.law)
            self._listening.take(self._line.audio)

    def _take_media(self, datagram: Datagram, invited: float) -> None:
        packet = read_packet(datagram.payload)
        if packet is None:
            return
        if self._line is None:
            self._line = Line(invited)
        # By port alone: a phone on a second loopback address still sends from the first.
        port = self.signalling.caller_media[1] if self.signalling.caller_media is not None else 0
        if datagram.target[1] == port:
            self._line.take(packet, datagram.at)
        elif datagram.source[1] == port:
            self._keypad.take(packet, datagram.at)

    def seconds(self, at: float) -> float:
        """Return a Unix time as seconds from the answer, or from the INVITE."""
        return at - (self.signalling.answered or self.signalling.invited or at)

    @property
    def now(self) -> float:
        """The time of the last packet."""
        return self.seconds(self._latest)

    @property
    def lost(self) -> int:
        """Packets on their way to the caller that never passed."""
        return self._line.lost if self._line is not None else 0

    @property
    def heard(self) -> Heard:
        """What reached the caller, up to the end of the call or the last packet."""
        invited = self.signalling.invited or 0.0
        answered = self.signalling.answered
        law = self._line.law if self._line is not None else A_LAW
        audio = bytes(self._line.audio) if self._line is not None else b""
        length = round(((self.signalling.ended or self._latest) - invited) * RATE)
        audio += bytes([law.silence]) * (length - len(audio))
        return Heard(audio, law, answered - invited if answered is not None else None)

    def recognised(self) -> list[Utterance]:
        """Return the prompts and digits heard so far; cheap, for use while the call goes on."""
        return self._listening.recognised(self._zero) if self._listening is not None else []

    def said(self) -> list[Utterance]:
        """Return all that was said, with sounds in no known clip."""
        return self._listening.utterances(self.heard) if self._listening is not None else []

    def silences(self, longer_than: float) -> list[Silence]:
        """Return the times of more than `longer_than` seconds in which nothing was audible."""
        return self._ear.silences(self.heard, longer_than)

    @property
    def keys(self) -> list[Key]:
        """The keys the caller pressed, by RFC 4733 events, with Unix times."""
        return list(self._keypad.keys)

    @property
    def _zero(self) -> float:
        signalling = self.signalling
        return signalling.answered - signalling.invited if signalling.answered and signalling.invited else 0.0

    def timeline(self) -> list[TimelineEntry]:
        """Return the story of the call, in order."""
        speech = self._speech()
        entries = [*self._moments(), *speech, *self._keying(speech)]
        return sorted(entries, key=lambda entry: entry.at)

    def _moments(self) -> list[TimelineEntry]:
        signalling = self.signalling
        moments = [
            (signalling.invited, "calls"),
            (signalling.rang, "rings"),
            (signalling.progressed, "early media"),
            (signalling.answered, "answered"),
        ]
        if signalling.refused is not None and signalling.ended_by is Side.HOTLINE:
            moments.append((signalling.ended, f"refused: {signalling.refused[0]} {signalling.refused[1]}"))
        elif signalling.ended_by is not None:
            moments.append((signalling.ended, f"ended by the {signalling.ended_by}"))
        return [TimelineEntry(self.seconds(at), "line", text) for at, text in moments if at is not None]

    def _speech(self) -> list[TimelineEntry]:
        entries = []
        for kind, run in groupby(self.said(), key=lambda utterance: utterance.kind):
            if kind == "digit":
                entries += [TimelineEntry(one[0].starts, "hotline", _in_groups(one)) for one in _readings(list(run))]
            else:
                entries += [TimelineEntry(one.starts, "hotline", _words(one)) for one in run]
        return entries

    def _keying(self, speech: Sequence[TimelineEntry]) -> list[TimelineEntry]:
        """Return the keys, those keyed in one go together: until the hotline speaks, or a pause."""
        entries: list[TimelineEntry] = []
        before = 0.0
        for key in self.keys:
            at = self.seconds(key.at)
            if entries and at - before < KEYING_PAUSE and not any(before < said.at <= at for said in speech):
                entries[-1] = TimelineEntry(entries[-1].at, "caller", entries[-1].text + key.key)
            else:
                entries.append(TimelineEntry(at, "caller", key.key))
            before = at
        return entries

    def readings(self) -> list[str]:
        """Return the digits that were read, a string for each reading."""
        runs = (list(run) for kind, run in groupby(self.said(), key=lambda one: one.kind) if kind == "digit")
        return ["".join(digit.id for digit in reading) for run in runs for reading in _readings(run)]


def _readings(digits: Sequence[Utterance]) -> list[list[Utterance]]:
    """Split digits heard one after another where a long pause is between them."""
    readings = [[digits[0]]]
    for before, digit in pairwise(digits):
        if digit.starts - before.ends > READING_PAUSE:
            readings.append([])
        readings[-1].append(digit)
    return readings


def _in_groups(digits: Sequence[Utterance]) -> str:
    text = digits[0].id
    for before, digit in pairwise(digits):
        text += (" " if digit.starts - before.ends >= GROUP_PAUSE else "") + digit.id
    return text


def _words(utterance: Utterance) -> str:
    if utterance.kind == "unknown":
        return f"(sound in no known prompt, {utterance.ends - utterance.starts:.1f} s)"
    return utterance.written + ("" if utterance.complete else f" (cut at {utterance.ends - utterance.starts:.1f} s)")
