"""What differs from one switchboard to another: the files of dialplan/site/, rendered from one `Site`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from hotline.pbx.errors import SiteError
from hotline.pbx.phones import sections

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hotline.pbx.phones import PhoneAccount

_PLAIN = re.compile(r"[A-Za-z0-9._+:/-]+")
PORTS_A_CALL: Final = 2
"""RTP and RTCP."""


@dataclass(frozen=True)
class Tls:
    """Encrypted SIP, and with it encrypted media for the trunk and all phones; nobody without a certificate gets in.

    Attributes:
        port: TCP port on the site's address.
        certificate: of this server, PEM.
        key: its private key, PEM.
        authority: certificate of who signs those of callers, PEM.
    """

    port: int
    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True)
class Ami:
    """The manager interface, switched on for a user who may only watch, and one who may also ask how things are.

    Attributes:
        port: TCP port, always on 127.0.0.1.
        password: of the user `watch`.
        read: classes of events it gets; `all` holds keys and file names, and is for tests only.
        status_password: of the user `status`, for `hotline status`; there is none when it is empty.
    """

    port: int
    password: str = field(repr=False)
    read: str = "system,security"
    status_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outbound:
    """Asterisk connects to the application, and not the application to it.

    Attributes:
        port: TCP port of the application on 127.0.0.1.
        password: what Asterisk says there as the user `asterisk`.
        per_call: open a socket for each call in place of one that is kept; HAND_OVER must be `stasis`.
    """

    port: int
    password: str = field(repr=False)
    per_call: bool = False


@dataclass(frozen=True)
class Canary:
    """The account of `hotline canary`.

    Attributes:
        match: address or network it rings from.
        password: its SIP password.
        number: the caller number it has whatever it claims: its sample member's, in E.164.
    """

    match: str
    password: str = field(repr=False)
    number: str


@dataclass(frozen=True)
class Site:
    """The values of one switchboard.

    Attributes:
        sip_port: UDP and TCP port of SIP on `address`.
        http_port: TCP port of ARI, always on 127.0.0.1.
        rtp_first: first media port, even.
        rtp_last: last media port.
        ari_password: password of `ari_user`.
        sounds: folder of the built prompts, with vi/fallback and vi/interrupted.
        secrets: folder of the nameless files of spoken secrets; Asterisk only reads there.
        phones: accounts of testers.
        canary: its account; nobody's when None.
        trunk_matches: addresses or networks the carrier calls from.
        peers: networks from which SIP is accepted at all.
        address: where SIP and media listen.
        ari_user: user of ARI.
        apps: names of the application's processes.
        queues: event queues of each process.
        hand_over: how a process gets a call; dialplan/site/globals.conf explains it.
        number: what callers dial.
        most_calls: calls at once, or fewer where the media ports carry fewer; one more gets SIP 503.
        tls: encrypted SIP beside UDP and TCP; then media is only accepted encrypted.
        ami: the manager interface; off when None.
        outbound: Asterisk connects to the application; off when None.
        fastagi: address, port and script of the FastAGI door of each process.
        agi: load the modules of FastAGI.
    """

    sip_port: int
    http_port: int
    rtp_first: int
    rtp_last: int
    ari_password: str = field(repr=False)
    sounds: Path
    secrets: Path
    phones: Sequence[PhoneAccount] = ()
    canary: Canary | None = None
    trunk_matches: Sequence[str] = ()
    peers: Sequence[str] = ("0.0.0.0/0",)
    address: str = "127.0.0.1"
    ari_user: str = "hotline"
    apps: Sequence[str] = ("hotline",)
    queues: int = 1
    hand_over: Literal["broadcast", "stasis", "agi"] = "broadcast"
    number: str = "19009068"
    most_calls: int = 300
    tls: Tls | None = None
    ami: Ami | None = None
    outbound: Outbound | None = None
    fastagi: Sequence[str] = field(default=("127.0.0.1:4573/hotline",), repr=False)
    agi: bool = False

    def files(self) -> Mapping[str, str]:
        """Return the text of each file of the folder, by name.

        Raises:
            SiteError: a value holds something other than letters, digits and `. _ + : / -`: it would change the meaning
                of the file.
        """
        self._check()
        calls = min(self.most_calls, most_calls(self.rtp_first, self.rtp_last))
        return {
            "globals.conf": f"HOTLINE_NUMBER = {self.number}\nMOST_CALLS = {calls}\n"
            f"HAND_OVER = {self.hand_over}\n"
            f"APPS = {'&'.join(self.apps)}\nQUEUES = {self.queues}\n"
            f"HOTLINE_AGI = {'&'.join(self.fastagi)}\nSOUNDS = {self.sounds}\n",
            "modules.conf": "require = res_speech.so\nrequire = res_agi.so\n" if self.agi else "",
            "http.conf": f"bindaddr = 127.0.0.1\nbindport = {self.http_port}\n",
            "rtp.conf": f"rtpstart = {self.rtp_first}\nrtpend = {self.rtp_last}\n",
            "ari.conf": f"[{self.ari_user}]\ntype = user\nread_only = no\n"
            f"password_format = plain\npassword = {self.ari_password}\n" + self._outbound_apps(),
            "websocket_client.conf": self._outbound_client(),
            "manager.conf": self._manager(),
            "pjsip-acl.conf": "[signalling]\ntype = acl\ndeny = 0.0.0.0/0.0.0.0\ndeny = ::/0\n"
            + "".join(f"permit = {network}\n" for network in self.peers),
            "pjsip-transport.conf": self._transports(),
            "pjsip-trunk.conf": self._trunk(),
            "pjsip-canary.conf": self._canary(),
            "pjsip-phones.conf": "\n".join(sections(phone, self._encryption) for phone in self.phones),
        }

    def write(self, folder: Path) -> None:
        """Write the files into `folder`, readable by their owner only, since passwords are among them.

        Raises:
            SiteError: see `files`.
        """
        texts = self.files()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in texts.items():
            path = folder / name
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)

    @property
    def _encryption(self) -> str:
        return "media_encryption = sdes\n" if self.tls else ""

    def _manager(self) -> str:
        if self.ami is None:
            return "enabled = no\n"
        return (
            f"enabled = yes\nwebenabled = no\nbindaddr = 127.0.0.1\nport = {self.ami.port}\n\n"
            f"[watch]\nsecret = {self.ami.password}\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255\n"
            f"read = {self.ami.read}\nwrite = none\n" + self._status_user(self.ami.status_password)
        )

    @staticmethod
    def _status_user(password: str) -> str:
        return password and (
            f"\n[status]\nsecret = {password}\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255\n"
            "read = security\nwrite = reporting\n"
        )

    def _transports(self) -> str:
        text = "".join(
            f"[transport-{protocol}]\ntype = transport\nprotocol = {protocol}\n"
            f"bind = {self.address}:{self.sip_port}\n\n"
            for protocol in ("udp", "tcp")
        )
        if self.tls is not None:
            text += (
                f"[transport-tls]\ntype = transport\nprotocol = tls\nbind = {self.address}:{self.tls.port}\n"
                f"method = tlsv1_2\ncert_file = {self.tls.certificate}\npriv_key_file = {self.tls.key}\n"
                f"ca_list_file = {self.tls.authority}\nverify_client = yes\nrequire_client_cert = yes\n\n"
            )
        return f"{text}[site-media](!)\nmedia_address = {self.address}\nbind_rtp_to_media_address = yes\n"

    def _trunk(self) -> str:
        text = ""
        if self.trunk_matches:
            matches = "".join(f"match = {match}\n" for match in self.trunk_matches)
            text += f"[trunk-identify]\ntype = identify\nendpoint = trunk\n{matches}"
        if self._encryption:
            text += f"\n[trunk](+)\n{self._encryption}"
        return text

    def _canary(self) -> str:
        if self.canary is None:
            return ""
        return (
            f'[canary](canary-call)\nauth = canary\ncallerid = "canary" <{self.canary.number}>\n\n'
            f"[canary](phone-auth)\nusername = canary\npassword = {self.canary.password}\n\n"
            f"[canary-identify]\ntype = identify\nendpoint = canary\nmatch = {self.canary.match}\n"
        )

    def _outbound_apps(self) -> str:
        if self.outbound is None:
            return ""
        numbers = range(1, self.queues + 1)
        names = [f"{app}.{number}" if self.queues > 1 else app for app in self.apps for number in numbers]
        return (
            "\n[application]\ntype = outbound_websocket\nwebsocket_client_id = application\n"
            f"apps = {','.join(names)}\nlocal_ari_user = {self.ari_user}\n"
        )

    def _outbound_client(self) -> str:
        if self.outbound is None:
            return ""
        kind = "per_call_config" if self.outbound.per_call else "persistent"
        return (
            f"[application]\ntype = websocket_client\nconnection_type = {kind}\n"
            f"uri = ws://127.0.0.1:{self.outbound.port}/ari\nprotocols = ari\nusername = asterisk\n"
            f"password = {self.outbound.password}\nreconnect_interval = 500\nreconnect_attempts = 4\n"
        )

    def _check(self) -> None:
        values = {
            "address": self.address,
            "ari_user": self.ari_user,
            "ari_password": self.ari_password,
            "number": self.number,
            "sounds": str(self.sounds),
        }
        for name, each in (
            ("trunk_matches", self.trunk_matches),
            ("peers", self.peers),
            ("apps", self.apps),
            ("fastagi", self.fastagi),
        ):
            values |= {f"{name}[{place}]": one for place, one in enumerate(each)}
        if self.tls is not None:
            values |= {f"tls.{name}": str(value) for name, value in vars(self.tls).items()}
        if self.canary is not None:
            values |= {f"canary.{name}": value for name, value in vars(self.canary).items()}
        if self.ami is not None:
            values |= {"ami.password": self.ami.password, "ami.read": self.ami.read.replace(",", "+")}
            if self.ami.status_password:
                values["ami.status_password"] = self.ami.status_password
        for place, phone in enumerate(self.phones):
            values |= {f"phones[{place}].{name}": value for name, value in vars(phone).items()}
        for name, value in values.items():
            if _PLAIN.fullmatch(value) is None:
                shown = "(hidden)" if name.endswith("password") or name.startswith("fastagi[") else repr(value)
                raise SiteError(f"{name}={shown}: only letters, digits and . _ + : / - can stand here")


def most_calls(rtp_first: int, rtp_last: int) -> int:
    """Return how many calls at once the media ports from `rtp_first` to `rtp_last` carry.

    One in twenty is kept free, one at least: a call has its media ports before the dialplan can refuse it, and without
    them it gets 488, as if its codec were wrong.
    """
    calls = (rtp_last - rtp_first + 1) // PORTS_A_CALL
    return calls - max(1, calls // 20)
