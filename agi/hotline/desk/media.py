"""Where a password may be said: only into the carrier's own network (SPEC §3).

Whoever forges an INVITE from the carrier's address has our voice sent to an address of their choice, named in its SDP,
and need not answer us once. So the trunk's media must go to the networks that the carrier's media gateways have, and
something must have come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from hotline.desk.errors import MediaUnproven

if TYPE_CHECKING:
    from ipaddress import IPv4Address

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class MediaRule:
    """What the media of a call from the trunk must be like.

    Attributes:
        networks: of the carrier's media gateways; none means that nowhere is safe.
        both_ways: something must have been received too.
    """

    networks: tuple[Network, ...]
    both_ways: bool = True

    def require(self, destination: str, received: int | None = None) -> None:
        """Let a call go on only if its media is the carrier's.

        Args:
            destination: where our voice goes, `192.0.2.1:4000` or `[2001:db8::1]:4000`, as Asterisk writes it; anything
                else, as on hold or before the SDP came, is nowhere.
            received: RTP packets received so far; None where it is too early to ask.

        Raises:
            MediaUnproven: it is not, or nothing shows that it is.
        """
        if not self.networks:
            todo = "set HOTLINE_CALL__MEDIA_NETWORKS to the networks of the carrier's media"
            raise MediaUnproven("unset", todo, destination)
        address = _address(destination)
        if address is None or not any(address in network for network in self.networks):
            raise MediaUnproven("elsewhere", "our voice would go outside HOTLINE_CALL__MEDIA_NETWORKS", destination)
        if self.both_ways and received == 0:
            raise MediaUnproven("silent", "no RTP has come from the caller's side", destination)

    def came_since(self, before: int, now: int) -> bool:
        """Return whether packets came between two counts of those received, or none need come."""
        return now > before or not self.both_ways


def _address(destination: str) -> IPv4Address | IPv6Address | None:
    host = destination.rpartition(":")[0].removeprefix("[").removesuffix("]")
    try:
        address = ip_address(host)
    except ValueError:
        return None
    # A socket for both kinds sends to ::ffff:192.0.2.1 as to 192.0.2.1.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
