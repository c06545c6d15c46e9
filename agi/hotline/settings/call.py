"""A call as a whole."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from hotline.settings.group import Group, networks_of

EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class CallSettings(Group):
    """A call as a whole."""

    media_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        NoDecode,
        Field(
            description="networks of the carrier's media gateways, by commas (192.0.2.0/24,2001:db8::/64): a password "
            "is said only into them; `any` where nobody but the carrier can reach the trunk, as on a private "
            "interconnect or by mutual TLS; none: callers of the trunk get no password"
        ),
    ] = ()
    media_both_ways: Annotated[
        bool, Field(description="whether RTP must have come from the caller too, before a password is said")
    ] = True
    notice: Annotated[
        Literal["early", "answered", "off"], Field(description="price notice: before answer (free), after it, or none")
    ] = "early"
    test_phones: Annotated[
        bool,
        Field(
            description="whether calls of testers' phones are served; not in production (SPEC §3): whoever knows the "
            "password of such an account can have a sample member's read"
        ),
    ] = False
    canary: Annotated[
        bool,
        Field(
            description="whether calls of the canary (`hotline canary`) are served: it rings as one sample member, "
            "from an address and with a password of its own"
        ),
    ] = False
    longest_seconds: Annotated[
        int, Field(ge=120, le=3600, description="seconds after which the switchboard ends any call, with a spoken word")
    ] = 600
    at_once: Annotated[
        int,
        Field(ge=1, le=1000, description="calls one process serves at once; more go to another or hear the fallback"),
    ] = 300
    drain_seconds: Annotated[
        float, Field(ge=0, le=3600, description="seconds that calls have to end when stopped; most end within 60")
    ] = 90.0
    price_per_minute: Annotated[int, Field(ge=0, le=100_000, description="đồng for each started minute")] = 1000

    @field_validator("media_networks", mode="before")
    @classmethod
    def _networks(cls, networks: object) -> object:
        if not isinstance(networks, str):
            return networks
        if networks.strip().lower() == "any":
            return EVERYWHERE
        return networks_of(networks)
