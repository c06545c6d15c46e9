"""From which address, and through which network interface, a phone reaches its server."""

from __future__ import annotations

import fcntl
import socket
import struct
from typing import Final

from hotline.phone.errors import PhoneFailed

_SIOCGIFADDR: Final = 0x8915


def route(host: str, port: int) -> tuple[str, str]:
    """Return our address on the way to an IPv4 `host`, and the interface that the packets pass.

    Raises:
        PhoneFailed: there is no way there.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port))
        except OSError as error:
            raise PhoneFailed(f"{host} can't be reached: {error.strerror}") from None
        ours, theirs = probe.getsockname()[0], probe.getpeername()[0]
        # What this machine sends to an address of its own passes the loopback interface.
        return (ours, "lo") if ours == theirs or ours.startswith("127.") else (ours, _interface(probe, ours))


def _interface(asked: socket.socket, address: str) -> str:
    for _, name in socket.if_nameindex():
        try:
            found = fcntl.ioctl(asked, _SIOCGIFADDR, struct.pack("256s", name.encode()))
        except OSError:  # it has no address
            continue
        if socket.inet_ntoa(found[20:24]) == address:
            return name
    raise PhoneFailed(f"no network interface has the address {address}")
