"""What each caller heard, and when, told from what passed on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from bench.wire import Wire
from hotline.phone import Witness
from hotline.phone.rtp import read_packet
from hotline.phone.sip import read_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hotline.phone import Datagram, Ear, Key, Utterance

GAP_SECONDS = 0.04
"""From packet to packet of one sound: more is a gap."""


@dataclass(frozen=True)
class Hearing:
    """One call.

    Attributes:
        id: Call-ID.
        witness: who saw and heard it.
        said: all that was said.
        readings: the digits read, a string for each reading.
        packets: of media that came while something was said.
        gaps: how many of them came more than 40 ms after the one before.
        datagrams: of the call.
        port: where the caller listened.
    """

    id: str
    witness: Witness
    said: Sequence[Utterance]
    readings: Sequence[str]
    packets: int
    gaps: int
    datagrams: Sequence[Datagram]
    port: int

    @property
    def wire(self) -> Wire:
        """The media, to be timed by arrival to the packet."""
        return Wire(self.datagrams, self.port)

    @property
    def progressed_ms(self) -> float | None:
        """Milliseconds from INVITE to 183."""
        return self._after_invite(self.witness.signalling.progressed)

    @property
    def answered_ms(self) -> float | None:
        """Milliseconds from INVITE to 200."""
        return self._after_invite(self.witness.signalling.answered)

    def _after_invite(self, at: float | None) -> float | None:
        invited = self.witness.signalling.invited
        return None if at is None or invited is None else 1000 * (at - invited)

    @property
    def keyed(self) -> str:
        """What the caller keyed, as it passed on the wire."""
        return "".join(key.key for key in self.witness.keys)

    def released(self, key: Key) -> float:
        """Return when a key was let go, in the seconds of `said`."""
        return self.witness.seconds(key.at + key.seconds)

    def first(self, prompt: str) -> Utterance | None:
        """Return the first time `prompt` was said."""
        return next((one for one in self.said if one.id == prompt), None)


def hearings(
    datagrams: Iterable[Datagram], ear: Ear, carrier: str, done: Callable[[int], None] = lambda _count: None
) -> dict[str, Hearing]:
    """Return what was heard in each call that passed, by Call-ID; a tenth of a second of work for each.

    Args:
        datagrams: of all calls, in order.
        ear: which knows the prompts.
        carrier: address of the callers.
        done: told how many calls are done.
    """
    by_port: dict[int, list[Datagram]] = {}
    ids: dict[int, str] = {}
    ports: dict[str, int] = {}
    for datagram in datagrams:
        # Nothing of signalling begins as RTP does, with two bits that say version 2.
        if datagram.payload[:1] >= b"\x80":
            port = next((port for address, port in (datagram.target, datagram.source) if address == carrier), 0)
            if port in by_port:
                by_port[port].append(datagram)
            continue
        message = read_message(datagram.payload)
        if message is None:
            continue
        if message.method == "INVITE" and message.code is None and message.media is not None:
            ports[message.call_id] = message.media[1]
            ids.setdefault(message.media[1], message.call_id)
        port = ports.get(message.call_id, 0)
        if port:
            by_port.setdefault(port, []).append(datagram)
    heard = {}
    for port, its in by_port.items():
        heard[ids[port]] = _heard(ids[port], its, ear, (carrier, port))
        done(len(heard))
    return heard


def _heard(call: str, datagrams: Sequence[Datagram], ear: Ear, media: tuple[str, int]) -> Hearing:
    witness = Witness(ear)
    witness.take(datagrams)
    said = witness.said()
    spans = _spans(said)
    packets = gaps = 0
    arrivals = [witness.seconds(one.at) for one in datagrams if one.target == media and read_packet(one.payload)]
    for before, at in pairwise(arrivals):
        if any(starts <= before and at <= ends for starts, ends in spans):
            packets += 1
            gaps += at - before > GAP_SECONDS
    return Hearing(call, witness, said, witness.readings(), packets, gaps, datagrams, media[1])


def _spans(said: Sequence[Utterance]) -> list[tuple[float, float]]:
    """Return when one sound was playing from its beginning to its end: a prompt, or a reading with its pauses."""
    spans: list[tuple[float, float]] = []
    for kind, run in groupby(said, key=lambda one: one.kind):
        if kind == "digit" and spans:
            # The digits follow their lead-in in the same file.
            spans[-1] = (spans[-1][0], max(one.ends for one in run))
        elif kind == "prompt":
            spans += [(one.starts, one.ends) for one in run]
    return spans
