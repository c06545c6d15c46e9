"""The manager interface of Asterisk (AMI): only asked how the switchboard is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from hotline.settings.group import Group


class AmiSettings(Group):
    """How `hotline status` and the counting of refused logins reach the manager interface, on loopback alone."""

    port: Annotated[int, Field(ge=1, le=65535, description="TCP port of site/manager.conf, on 127.0.0.1")] = 5038
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="its user for this alone")] = "status"
    password: Annotated[
        SecretStr, Field(description="its secret; none: the manager interface, off as shipped, is not asked")
    ] = SecretStr("")
