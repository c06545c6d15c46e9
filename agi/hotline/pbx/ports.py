"""Free ports for a private Asterisk.

Ports come in blocks of `BLOCK`, below 32768: from there to 60999 the kernel gives ports to whoever asks for any, and a
call's media could find its port taken. A block is claimed by binding an abstract Unix socket named after it: such names
belong to the network namespace just as ports do, and the kernel frees them when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypedDict

from hotline.pbx.errors import PbxUnavailable

if TYPE_CHECKING:
    from types import TracebackType

FIRST = 10_000
LAST = 32_767
BLOCK = 300
_MEDIA = 10  # offset of the first media port; even, since RTP takes an even port and RTCP the next


class SitePorts(TypedDict):
    """The ports of a `Site`, named as there."""

    sip_port: int
    http_port: int
    rtp_first: int
    rtp_last: int


@dataclass(frozen=True)
class Ports:
    """A block of ports that nobody else uses until `close`; a context manager.

    Attributes:
        sip: UDP and TCP port of SIP.
        http: TCP port of the HTTP server (ARI).
        sips: TCP port of encrypted SIP.
        ami: TCP port of the manager interface.
        application: TCP port at which the application listens, where Asterisk connects to it.
        agi: TCP port for the application's FastAGI door.
        rtp_first: first UDP port for media, even.
        rtp_last: last UDP port for media.
    """

    sip: int
    http: int
    sips: int
    ami: int
    application: int
    agi: int
    rtp_first: int
    rtp_last: int
    _claim: socket.socket = field(repr=False, compare=False)

    @classmethod
    def claim(cls, address: str = "127.0.0.1") -> Ports:
        """Return a block whose ports are all free on `address`.

        Raises:
            PbxUnavailable: there is none, or `address` is not one of this machine.
        """
        _require_own(address)
        for base in range(FIRST, LAST + 2 - BLOCK, BLOCK):
            claim = _claim(base)
            if claim is None:
                continue
            ports = cls(base, base + 1, base + 2, base + 3, base + 4, base + 5, base + _MEDIA, base + BLOCK - 1, claim)
            if ports._free(address):
                return ports
            ports.close()
        raise PbxUnavailable(f"no block of {BLOCK} free ports on {address} between {FIRST} and {LAST}")

    def for_site(self) -> SitePorts:
        """Return those that every site needs: `Site(**ports.for_site(), …)`."""
        return SitePorts(sip_port=self.sip, http_port=self.http, rtp_first=self.rtp_first, rtp_last=self.rtp_last)

    def close(self) -> None:
        """Give the block back."""
        self._claim.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _free(self, address: str) -> bool:
        with contextlib.ExitStack() as probes:
            try:
                for port in (self.sip, self.http, self.sips, self.ami, self.application, self.agi):
                    _bind(probes, socket.SOCK_STREAM, address, port)
                for port in (self.sip, *range(self.rtp_first, self.rtp_last + 1)):
                    _bind(probes, socket.SOCK_DGRAM, address, port)
            except OSError:
                return False
        return True


def _require_own(address: str) -> None:
    try:
        if ipaddress.ip_address(address).is_unspecified:
            raise PbxUnavailable(f"{address} is no address to call: name one of this machine's own (`ip -br address`)")
        with contextlib.ExitStack() as probes:
            _bind(probes, socket.SOCK_DGRAM, address, 0)
    except (ValueError, OSError):
        raise PbxUnavailable(f"{address} is not an address of this machine: see `ip -br address`") from None


def _claim(base: int) -> socket.socket | None:
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0hotline-ports-{base}")
    except OSError:
        claim.close()
        return None
    return claim


def _bind(probes: contextlib.ExitStack, kind: socket.SocketKind, address: str, port: int) -> None:
    probe = probes.enter_context(socket.socket(socket.AF_INET, kind))
    if kind is socket.SOCK_STREAM:
        # As Asterisk does: a connection of an earlier run in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((address, port))
