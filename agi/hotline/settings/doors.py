"""How Asterisk and the application reach each other."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from hotline.settings.group import Group, crossed, networks_of
from hotline.settings.secret_file import read_secret

LISTEN_PASSWORD_MIN = 16

APP_NAME = r"^[A-Za-z0-9_-]{1,64}$"


class AriSettings(Group):
    """How the application reaches Asterisk."""

    enabled: Annotated[bool, Field(description="take calls from the dialplan's Stasis()")] = True
    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+$", description="address of Asterisk's HTTP server")] = (
        "http://127.0.0.1:8088"
    )
    user: Annotated[str, Field(min_length=1, description="ARI user of ari.conf")] = "hotline"
    password: Annotated[
        SecretStr, Field(description="its password, which opens every call; 16 characters, 8 of them different")
    ] = SecretStr("")
    password_file: Annotated[
        Path | None, Field(description="file to read it from, in place of `password`; closed to others")
    ] = None
    app: Annotated[str, Field(pattern=APP_NAME, description="Stasis application name, of this process alone")] = (
        "hotline"
    )
    queues: Annotated[
        int, Field(ge=1, le=16, description="event queues Asterisk keeps for us; more are quicker from 50 calls/s on")
    ] = 1

    connects: Annotated[
        Literal["hotline", "asterisk"],
        Field(
            description="who opens the events socket: we at `url`, or Asterisk at `listen_…` (websocket_client.conf)"
        ),
    ] = "hotline"
    listen_address: Annotated[str, Field(min_length=1, description="where Asterisk connects to us")] = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=1024, le=65535, description="TCP port there")] = 8765
    listen_user: Annotated[str, Field(min_length=1, description="username of websocket_client.conf")] = "asterisk"
    listen_password: Annotated[SecretStr, Field(description="password there, at least 16 characters")] = SecretStr("")
    requests: Annotated[
        Literal["http", "socket"],
        Field(
            description="where Asterisk connects: requests that wait go to `url`, or all over the socket, one by one"
        ),
    ] = "http"

    peers: Annotated[
        tuple[Annotated[str, Field(pattern=APP_NAME)], ...],
        NoDecode,
        Field(
            description="names of all processes of this hotline, by commas, as in APPS of globals.conf: callers of one "
            "that is gone for 10 s hear from another that the call can't go on; one's own name may be among them"
        ),
    ] = ()

    @field_validator("peers", mode="before")
    @classmethod
    def _by_commas(cls, peers: object) -> object:
        return tuple(peer.strip() for peer in peers.split(",")) if isinstance(peers, str) else peers

    @model_validator(mode="after")
    def _who_can_watch(self) -> Self:
        if self.peers and self.connects == "asterisk":
            raise crossed(
                self,
                "peers",
                "only where HOTLINE_ARI__CONNECTS=hotline: Asterisk does not give back a name it connects by",
            )
        return self

    @model_validator(mode="after")
    def _password_to_listen(self) -> Self:
        if (
            self.enabled
            and self.connects == "asterisk"
            and len(self.listen_password.get_secret_value()) < LISTEN_PASSWORD_MIN
        ):
            raise crossed(
                self,
                "listen_password",
                f"must have {LISTEN_PASSWORD_MIN} characters or more where HOTLINE_ARI__CONNECTS=asterisk: "
                "whoever knows it gets every call",
            )
        return self

    @property
    def by_http(self) -> bool:
        """Whether requests go to `url`."""
        return self.enabled and (self.connects == "hotline" or self.requests == "http")

    @property
    def names(self) -> list[str]:
        """The names under which Asterisk sends us events, one for each queue; QUEUES of globals.conf is as many."""
        return self._names_of(self.app)

    @property
    def names_of_peers(self) -> list[list[str]]:
        """The names of each other process."""
        return [self._names_of(peer) for peer in self.peers if peer != self.app]

    def _names_of(self, app: str) -> list[str]:
        return [app] if self.queues == 1 else [f"{app}.{queue}" for queue in range(1, self.queues + 1)]

    @field_validator("password")
    @classmethod
    def _strong(cls, password: SecretStr) -> SecretStr:
        given = password.get_secret_value()
        if len(given) < 16 or len(set(given)) < 8:
            raise ValueError("must have at least 16 characters, 8 of them different: try `openssl rand -hex 24`")
        return password

    @model_validator(mode="after")
    def _from_file(self) -> Self:
        if self.password_file is not None:
            if self.password.get_secret_value():
                raise crossed(self, "password_file", "HOTLINE_ARI__PASSWORD is set as well: keep one")
            try:
                self.password = self._strong(SecretStr(read_secret(self.password_file)))
            except ValueError as fault:
                raise crossed(self, "password_file", str(fault)) from None
        return self


class FastAgiSettings(Group):
    """Where the dialplan's AGI() reaches us; beside ARI, or without it."""

    enabled: Annotated[bool, Field(description="take calls from the dialplan's AGI(agi://…)")] = False
    address: Annotated[IPv4Address | IPv6Address, Field(description="address of this machine to listen on")] = (
        IPv4Address("127.0.0.1")
    )
    port: Annotated[int, Field(ge=1, le=65535, description="TCP port; 4573 is where Asterisk looks")] = 4573
    peers: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        NoDecode,
        Field(
            min_length=1,
            description="networks of the switchboards, by commas; whoever is in them is believed who is calling",
        ),
    ] = (IPv4Network("127.0.0.1"), IPv6Network("::1"))
    script: Annotated[
        SecretStr,
        Field(description="what the dialplan puts behind our address; long and random where others have accounts"),
    ] = SecretStr("hotline")
    head_seconds: Annotated[
        float, Field(ge=0.2, le=10, description="seconds to say whose call it is; Asterisk needs a few thousandths")
    ] = 2.0

    @field_validator("peers", mode="before")
    @classmethod
    def _networks(cls, networks: object) -> object:
        return networks_of(networks) if isinstance(networks, str) else networks

    @field_validator("script")
    @classmethod
    def _word(cls, script: SecretStr) -> SecretStr:
        if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", script.get_secret_value()) is None:
            raise ValueError("must be 1 to 64 letters, digits, - and _")
        return script
