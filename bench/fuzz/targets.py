"""What is fuzzed: everything that reads bytes somebody else has made.

A target takes bytes and returns; any exception is a find. What it may raise by its own docstring is no find.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

from hotline.ari.models import decode_event
from hotline.desk.caller import caller_number, dialled
from hotline.desk.errors import CallerForeign, CallerUnasserted, CallerWithheld
from hotline.doors.fastagi.head import LINE_BYTES, HeadRefused, read_head
from hotline.doors.media import media_of
from hotline.members.csv_file import MembersFile
from hotline.members.errors import FileMalformed
from hotline.menu import MenuError
from hotline.menu.load import read
from hotline.phone.capture import read_frame
from hotline.phone.sip import read_message
from hotline.prompts import Script
from hotline.settings import SHARE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Target:
    """One of them.

    Attributes:
        what: is read, and who made it.
        take: reads it.
        seeds: honest ones, to begin with.
        longest: bytes that are tried, at most.
    """

    what: str
    take: Callable[[bytes], None]
    seeds: Sequence[bytes]
    longest: int = 1024


def _event(data: bytes) -> None:
    if decode_event(data) is None:
        raise AssertionError("neither an event nor an unknown one")


def _media(data: bytes) -> None:
    media_of(data.decode("utf-8", "replace"))


def _caller(data: bytes) -> None:
    arguments = data.decode("utf-8", "replace").split("\n")
    for served in (False, True):
        with contextlib.suppress(CallerForeign, CallerUnasserted, CallerWithheld):
            if not caller_number(arguments, test_phones=served, canary=served).e164.startswith("+84"):
                raise AssertionError("not a Vietnamese number")
    with contextlib.suppress(CallerUnasserted):
        dialled(arguments)


def _head(data: bytes) -> None:
    async def take() -> None:
        reader = asyncio.StreamReader(limit=LINE_BYTES)
        reader.feed_data(data)
        reader.feed_eof()
        with contextlib.suppress(HeadRefused):
            await read_head(reader)

    asyncio.run(take())


def _sip(data: bytes) -> None:
    message = read_message(data)
    if message is not None:
        _ = message.call_id
        if message.media is not None:
            address, port = message.media
            IPv4Address(address)
            if not 0 < port < 65536:
                raise AssertionError("a port that is none")


def _frame(data: bytes) -> None:
    read_frame(data, 0.0)


_PROMPTS = Script.load(SHARE / "sounds" / "vi.toml").prompts
_MENU = (SHARE / "dialplan" / "menu.toml").read_bytes()


def _menu(data: bytes) -> None:
    with contextlib.suppress(MenuError):
        read(data.decode("utf-8", "replace"), "menu.toml", _PROMPTS)


def _members(data: bytes) -> None:
    # A file that is nowhere: the same bytes by the same name each time.
    descriptor = os.memfd_create("members")
    try:
        os.write(descriptor, data)
        with contextlib.suppress(FileMalformed), MembersFile(Path(f"/proc/self/fd/{descriptor}")) as file:
            list(file.rows())
    finally:
        os.close(descriptor)


def _origin(*more: str, pai: int) -> bytes:
    """Return an honest call's arguments, a line each."""
    counts = [f"{name}-headers=0" for name in ("diversion", "history", "privacy")]
    return "\n".join(["origin=trunk", f"pai-headers={pai}", *counts, *more, "complete=yes"]).encode()


TARGETS = {
    "events": Target(
        "events of ARI, from Asterisk",
        _event,
        (
            b'{"type":"ChannelDtmfReceived","digit":"8","channel":{"id":"1"},"application":"hotline"}',
            b'{"type":"StasisStart","args":["origin=trunk"],"channel":{"id":"1","state":"Ring","caller":{"number":""}}}',
            b'{"type":"PlaybackFinished","playback":{"id":"p","target_uri":"channel:1","state":"done"}}',
            b'{"type":"RESTResponse","request_id":"1","status_code":200,"message_body":"{}"}',
        ),
    ),
    "media": Target("where media goes, from Asterisk", _media, (b"203.0.113.5:20002/17", b"/", b""), 64),
    "callers": Target(
        "who calls, from the dialplan, with headers the caller's network made",
        _caller,
        (
            _origin("pai1=%3Csip%3A%2B84912345678%40carrier.example%3E", "from=0912345678", pai=1),
            _origin("pai1=%22A%22%20%3Csip%3A0912345678%40h%3E", "pai2=%3Ctel%3A%2B84912345678%3E", pai=2),
            b"origin=phone\nnumber=0912345678\ndialled=draft",
        ),
    ),
    "heads": Target(
        "the head of a FastAGI connection, from whoever connects",
        _head,
        (b"agi_network: yes\nagi_network_script: hotline\nagi_arg_1: origin=trunk\nagi_arg_2: complete=yes\n\n",),
    ),
    "messages": Target(
        "SIP messages, as softphone and canary read them",
        _sip,
        (
            b"SIP/2.0 200 OK\r\nCall-ID: a@b\r\nCSeq: 1 INVITE\r\n\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 8",
            b"BYE sip:a@b SIP/2.0\r\ni: a@b\r\nCSeq: 2 BYE\r\n\r\n",
        ),
    ),
    "frames": Target(
        "packets, as the ear captures them",
        _frame,
        (
            b"\0" * 12
            + b"\x08\0\x45\0\0\x20"
            + b"\0" * 5
            + b"\x11\0\0\x7f\0\0\x01\x7f\0\0\x01\x13\xc4\x13\xc4\0\x0cabcd",
        ),
        256,
    ),
    "menu": Target("a menu, from an admin", _menu, (_MENU,), 2 * len(_MENU)),
    "members": Target(
        "a file of members, from an office",
        _members,
        (
            "phone,insurance_number,personal_number,full_name,email\n0912345678,0123456789,,Nguyễn A,\n".encode(),
            '\ufeffphone;insurance_number\r\n"0912345678";0123456789\r\n'.encode(),
        ),
    ),
}
