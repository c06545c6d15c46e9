"""What a tester sets in a softphone for an account, app by app.

What each app reads: Linphone a provisioning file by HTTP, whose address it takes from a QR code (an http or https
address; others, also sip: and linphone-config:, it calls invalid); baresip a line of its `accounts` file; Zoiper fields
typed in, for its QR codes are made by its vendor's server, which would learn the password.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hotline.pbx.phones import PhoneAccount

REALM = "hotline"
"""As in pjsip.conf."""


@dataclass(frozen=True)
class Softphone:
    """An account at a server.

    Attributes:
        account: the account.
        host: address of the SIP server.
        port: its port, UDP and TCP.
    """

    account: PhoneAccount
    host: str
    port: int

    def fields(self) -> dict[str, str]:
        """Return what is typed in, in Zoiper and any other app."""
        return {
            "user name": self.account.name,
            "password": self.account.password,
            "server (domain, host)": f"{self.host}:{self.port}",
            "transport": "UDP or TCP",
            "codec": "PCMA (G.711 A-law)",
            "keys (DTMF)": "RFC 4733 (RFC 2833) or SIP INFO",
        }

    def baresip(self) -> str:
        """Return the line for baresip's `~/.baresip/accounts`."""
        account = self.account
        address = f"<sip:{account.name}@{self.host}:{self.port};transport=udp>"
        return f"{address};auth_user={account.name};auth_pass={account.password};audio_codecs=PCMA;regint=0"

    def linphone(self) -> bytes:
        """Return the provisioning file for Linphone (lpconfig XML): the account, made its default one."""
        account, server = self.account, f"<sip:{self.host}:{self.port};transport=udp>"
        sections = {
            "sip": {"default_proxy": "0"},
            "proxy_0": {
                "reg_proxy": server,
                "reg_route": server,
                "reg_identity": f"sip:{account.name}@{self.host}",
                "reg_expires": "600",
                "reg_sendregister": "1",
            },
            "auth_info_0": {
                "username": account.name,
                "passwd": account.password,
                "realm": REALM,
                "domain": self.host,
            },
        }
        config = ET.Element("config", xmlns="http://www.linphone.org/xsds/lpconfig.xsd")
        for name, entries in sections.items():
            section = ET.SubElement(config, "section", name=name)
            for key, value in entries.items():
                ET.SubElement(section, "entry", name=key, overwrite="true").text = value
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(config, encoding="unicode").encode()


@dataclass(frozen=True)
class HandOut:
    """A file that can be fetched once.

    Attributes:
        url: where, a secret while it is there.
        fetched: set when somebody has it.
    """

    url: str
    fetched: asyncio.Event


@contextlib.asynccontextmanager
async def handed_out(content: bytes, address: str) -> AsyncIterator[HandOut]:
    """Serve `content` as XML on a free port of `address`, to the first who asks for its random path, within the block.

    It travels unencrypted: for a network that is the testers' own.

    Raises:
        OSError: `address` is not one of this machine.
    """
    path, fetched = secrets.token_urlsafe(12), asyncio.Event()

    async def give(_: web.Request) -> web.Response:
        if fetched.is_set():
            raise web.HTTPGone
        fetched.set()
        return web.Response(body=content, content_type="application/xml")

    server = web.Application()
    server.router.add_get(f"/{path}", give, allow_head=False)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address, 0)
        await site.start()
        port = runner.addresses[0][1]
        yield HandOut(f"http://{address}:{port}/{path}", fetched)
    finally:
        await runner.cleanup()
