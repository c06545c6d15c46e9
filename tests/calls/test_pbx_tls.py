"""Encrypted SIP and media, with certificates made for the test."""

import asyncio
import contextlib
import re
import ssl
import subprocess
import uuid
from dataclasses import replace

import pytest
import pytest_asyncio

from hotline.pbx import Ports, PrivateAsterisk, Tls
from hotline.phone import PhoneFailed, Softphone
from hotline.service import serving

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pbx-tls")]

NUMBER = "19009068"
TRUNK = "127.0.0.2"


def openssl(*arguments):
    """Run openssl."""
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def keys(house):
    """A folder with the certificate of an authority, and certificates by it of the hotline and of a caller."""
    folder = house.folder / "tls" / "keys"
    folder.mkdir(parents=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"]
    root = folder / "root.crt"
    openssl("req", "-x509", *key, "-keyout", folder / "root.key", "-out", root, "-subj", "/CN=authority")
    for name in ("hotline", "carrier"):
        signed = ["-CA", root, "-CAkey", folder / "root.key", "-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.0.2"]
        mine = ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt", "-subj", f"/CN={name}"]
        openssl("req", "-x509", *key, *signed, "-addext", "basicConstraints=critical,CA:FALSE", *mine)
    both = (folder / "carrier.crt").read_text() + (folder / "carrier.key").read_text()
    (folder / "carrier.pem").write_text(both)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def safe_house(house, keys):
    """The house with an Asterisk beside its own that takes encrypted SIP, and media encrypted only."""
    with Ports.claim() as ports:
        site = replace(
            house.asterisk.site,
            sip_port=ports.sip,
            http_port=ports.http,
            rtp_first=ports.rtp_first,
            rtp_last=ports.rtp_last,
            tls=Tls(ports.sips, keys / "hotline.crt", keys / "hotline.key", keys / "root.crt"),
        )
        settings = house.settings.model_copy(deep=True)
        settings.ari.url = f"http://127.0.0.1:{ports.http}"
        async with PrivateAsterisk(house.asterisk.root, house.folder / "tls", site) as pbx:
            yield replace(house, settings=settings, asterisk=pbx)


def digits(phone, ear):
    """The digits that a phone decoded in its only call; baresip begins a new file when the media is negotiated anew."""
    return "".join(one.id for dump in phone.dumps for one in ear.listen_wav(dump) if one.kind == "digit")


async def test_a_password_is_heard_over_encrypted_sip_and_media(safe_house, keys, ear, tmp_path):
    """A softphone with a certificate rings over TLS, keys over SRTP, and hears the password twice."""
    site, member = safe_house.asterisk.site, safe_house.members[2]
    account = next(one for one in safe_house.phones if one.number == member.phone)
    async with serving(safe_house.settings):
        phone = Softphone(
            account.name,
            account.password,
            f"{site.address}:{site.tls.port}",
            run_dir=tmp_path / "phone",
            sip_port=site.rtp_last - 11,
            rtp_ports=(site.rtp_last - 9, site.rtp_last),
            tls=(keys / "carrier.pem", keys / "root.crt"),
        )
        async with phone:
            await phone.dial(NUMBER)
            await phone.answered(within=15)
            await phone.press(f"8{member.insurance_number}#", pace=0.6)  # blindly: nobody hears the prompts
            await asyncio.sleep(5)
            with contextlib.suppress(PhoneFailed):  # the call is over
                while phone.in_call:  # in the readings a key counts for nothing, and the first after them ends the call
                    await phone.press("9")
                    await asyncio.sleep(1)
            assert not (await phone.closed(within=60)).by_us
        heard = digits(phone, ear)
    assert len(heard) == 18
    assert heard[:9] == heard[9:]


OFFER = """\
v=0
o=- 1 1 IN IP4 127.0.0.2
s=-
c=IN IP4 127.0.0.2
t=0 0
m=audio 9 {profile} 8
a=rtpmap:8 PCMA/8000
"""
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40 + "\n"


@contextlib.asynccontextmanager
async def carrier(site, keys, *, certificate=True):
    """A TLS connection from the carrier's address."""
    trust = ssl.create_default_context(cafile=keys / "root.crt")
    if certificate:
        trust.load_cert_chain(keys / "carrier.pem")
    reader, writer = await asyncio.open_connection(
        site.address, site.tls.port, ssl=trust, local_addr=(TRUNK, 0), server_hostname=site.address
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()  # closing politely may take half a minute


async def invited(site, reader, writer, offer):
    """Send an INVITE with an asserted caller; return the text up to the first answer that is more than Trying."""
    call, body = uuid.uuid4().hex, offer.replace("\n", "\r\n")
    lines = [
        f"INVITE sip:{NUMBER}@{site.address}:{site.tls.port};transport=tls SIP/2.0",
        f"Via: SIP/2.0/TLS {TRUNK}:5061;branch=z9hG4bK{call};rport",
        "Max-Forwards: 70",
        f"From: <sip:carrier@{TRUNK}>;tag={call}",
        f"To: <sip:{NUMBER}@{site.address}>",
        f"Call-ID: {call}",
        "CSeq: 1 INVITE",
        f"Contact: <sip:carrier@{TRUNK}:5061;transport=tls>",
        "P-Asserted-Identity: <sip:+84912345678@carrier.example>",
        "Content-Type: application/sdp",
        f"Content-Length: {len(body)}",
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
    text = ""
    async with asyncio.timeout(8):
        while not re.search(
            r"^SIP/2.0 (?!100)\d.*?Content-Length:\s+(0|\d+\r\n\r\n.+)", text, re.MULTILINE | re.DOTALL
        ):
            data = await reader.read(8192)
            if not data:
                raise ConnectionResetError("closed")
            text += data.decode()
    return text


async def test_the_carrier_gets_encrypted_media_and_never_any_other(safe_house, keys):
    """An INVITE over TLS that offers SRTP is taken with SRTP; one that offers plain RTP is refused (488)."""
    site = safe_house.asterisk.site
    async with carrier(site, keys) as (reader, writer):
        text = await invited(site, reader, writer, OFFER.format(profile="RTP/SAVP") + CRYPTO)
        assert re.search(r"^m=audio \d+ RTP/SAVP 8\b", text, re.MULTILINE)
        assert "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in text
    async with carrier(site, keys) as (reader, writer):
        assert "SIP/2.0 488" in await invited(site, reader, writer, OFFER.format(profile="RTP/AVP"))


async def test_who_has_no_certificate_gets_no_connection(safe_house, keys):
    """Even from the carrier's address, without a certificate by the authority nothing is answered."""
    site = safe_house.asterisk.site
    with pytest.raises((ssl.SSLError, ConnectionError)):
        async with carrier(site, keys, certificate=False) as (reader, writer):
            await invited(site, reader, writer, OFFER.format(profile="RTP/SAVP") + CRYPTO)
