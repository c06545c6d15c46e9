"""The site of a switchboard that needs more media ports than a block of ports has: hundreds of calls at once."""

from __future__ import annotations

import secrets
from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from hotline.pbx import Site
from hotline.pbx.ports import BLOCK, FIRST, LAST

if TYPE_CHECKING:
    from pathlib import Path

    from hotline.pbx import Ports

NETWORK: Final = ip_network("127.9.0.0/16")
"""Where such switchboards and their carriers are."""


def roomy(site: Site) -> Site:
    """Return `site` with every media port, on loopback addresses of its own, as its block of ports is its own.

    Its carrier has the only address of `trunk_matches`.
    """
    addresses = f"127.9.{(site.sip_port - FIRST) // BLOCK}"
    return replace(site, address=f"{addresses}.1", trunk_matches=[f"{addresses}.2"], rtp_first=FIRST, rtp_last=LAST)


def roomy_site(ports: Ports, sounds: Path, spoken: Path, *, agi: bool = False) -> Site:
    """Return such a site, with a new password for ARI.

    Args:
        ports: the block for SIP and ARI.
        sounds: folder of the prompts.
        spoken: folder of the spoken secrets.
        agi: load the modules of FastAGI.
    """
    return roomy(
        Site(
            **ports.for_site(),
            ari_password=secrets.token_urlsafe(24),
            sounds=sounds,
            secrets=spoken,
            agi=agi,
        )
    )
