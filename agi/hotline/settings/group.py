"""What all groups of settings have in common."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

CROSSED = "crossed"


class Group(BaseModel):
    """A group of settings; a misspelt name is an error."""

    model_config = ConfigDict(extra="forbid")


def crossed(group: Group, name: str, allowed: str) -> PydanticCustomError:
    """Return the error of setting `name`, whose value is `allowed` only by another one."""
    return PydanticCustomError(
        CROSSED, "{name}={value}: {allowed}", {"name": name, "value": getattr(group, name), "allowed": allowed}
    )


def networks_of(networks: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return networks that are written one after another with commas."""
    return tuple(ip_network(part.strip()) for part in networks.split(",") if part.strip())
