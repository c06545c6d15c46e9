"""The canary's calls: `hotline canary`."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from hotline.settings.group import Group


class CanarySettings(Group):
    """How `hotline canary` rings, and what is too slow for it."""

    server: Annotated[str, Field(pattern=r"^[^\s:]+:[0-9]{1,5}$", description="SIP address of the PBX, host:port")] = (
        "127.0.0.1:5060"
    )
    address: Annotated[
        IPv4Address,
        Field(description="address to ring from: the `match` of site/pjsip-canary.conf, and of nobody else"),
    ] = IPv4Address("127.0.0.3")
    dials: Annotated[str, Field(pattern=r"^\+?[0-9]{2,15}$", description="what it dials")] = "19009068"
    password: Annotated[SecretStr, Field(description="of the account `canary` in site/pjsip-canary.conf")] = SecretStr(
        ""
    )
    number: Annotated[
        SecretStr, Field(description="insurance number of its own sample member; `hotline canary enrol` makes that one")
    ] = SecretStr("")
    response_seconds: Annotated[
        float, Field(ge=0.05, le=10, description="seconds to the first response; it takes some thousandths")
    ] = 1.0
    reaction_seconds: Annotated[
        float, Field(ge=0.05, le=10, description="seconds from its last key to the first sound; 0.2 are usual")
    ] = 1.0
    call_seconds: Annotated[
        float,
        Field(ge=10, le=120, description="seconds from the answer to the end of the second reading; keyed ahead 35"),
    ] = 40.0
    textfile: Annotated[
        Path | None,
        Field(description="file for node_exporter's textfile collector, as …/hotline_canary.prom; none writes none"),
    ] = None
