"""What others see of the running application: its health and its figures, and its log."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Literal

from pydantic import Field

from hotline.settings.group import Group


class ConsoleSettings(Group):
    """Health and figures over HTTP: `/healthz`, `/readyz`, and `/metrics` for Prometheus."""

    enabled: Annotated[
        bool,
        Field(
            description="answer over HTTP; off as shipped, for each process of a machine needs a port of its own, and "
            "two with the same would not start"
        ),
    ] = False
    address: Annotated[
        IPv4Address | IPv6Address,
        Field(description="address of this machine to listen on; who reaches it needs no password, so never the world"),
    ] = IPv4Address("127.0.0.1")
    port: Annotated[int, Field(ge=1024, le=65535, description="TCP port; no exporter known to Prometheus has 9108")] = (
        9108
    )


class LogSettings(Group):
    """What the log of `hotline serve` looks like, on standard error."""

    form: Annotated[
        Literal["text", "json"], Field(description="lines for people, or a JSON object a line for a log collector")
    ] = "text"
