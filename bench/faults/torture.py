"""SIP messages that a server must outlive: some of RFC 4475's kinds, some of floods."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Message = Callable[[str, int, str, int], bytes]


def _request(method: str, *headers: str, body: str = "", line: str = "", length: int | None = None) -> Message:
    """Return what makes a request from the server's address and port, the sender's address, and a number."""

    def made(server: str, port: int, sender: str, nth: int) -> bytes:
        first = line or f"{method} sip:19009068@{server}:{port} SIP/2.0"
        lines = [
            first,
            f"Via: SIP/2.0/UDP {sender}:5060;branch=z9hG4bK{nth:08x};rport",
            "Max-Forwards: 70",
            f"From: <sip:x@{sender}>;tag={nth:x}",
            f"To: <sip:19009068@{server}>",
            f"Call-ID: torture-{nth}@{sender}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:x@{sender}:5060>",
            *headers,
            f"Content-Length: {len(body) if length is None else length}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("utf-8", "surrogateescape")

    return made


def _bytes(data: bytes) -> Message:
    return lambda _server, _port, _sender, _nth: data


_SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"

MESSAGES: tuple[Message, ...] = (
    _request("OPTIONS"),
    _request("INVITE", "Content-Type: application/sdp", body=_SDP),
    _request("REGISTER", "Expires: 0"),
    _request("NEWMETHOD"),  # a method nobody knows
    _request("INVITE", "Content-Type: application/sdp", body=_SDP, length=99999),  # 3.1.2.2: length beyond the body
    _request("INVITE", "Content-Type: application/sdp", body=_SDP, length=-999),  # 3.1.2.3: negative length
    _request("OPTIONS", "CSeq: 36893488147419103232 OPTIONS"),  # 3.1.2.4: numbers beyond their range
    _request("OPTIONS", "Expires: 1000000000000000000000000000000", "Retry-After: 949302838503028349304023988"),
    _request("OPTIONS", 'Contact: "Unterminated <sip:x@192.0.2.1>'),  # 3.1.2.6: quote not closed
    _request("INVITE", line="INVITE <sip:user@example.com> SIP/2.0"),  # 3.1.2.7: brackets around the URI
    _request("INVITE", line="INVITE sip:user@example.com;  lr SIP/2.0"),  # 3.1.2.8: spaces inside it
    _request("INVITE", line="INVITE  sip:user@example.com  SIP/2.0"),  # 3.1.2.9: more than one space
    _request("INVITE", line="INVITE sip:user@example.com SIP/7.0"),  # 3.1.2.16: a version of tomorrow
    _request("OPTIONS", "Date: Fri, 01 Jan 2010 16:00:00 EST"),  # 3.1.2.12: a date not in GMT
    _request("OPTIONS", "CSeq: 8 INVITE"),  # 3.1.2.17: methods that differ
    _request("INVITE", line="INVITE nobodyKnowsThisScheme:totallyopaque SIP/2.0"),  # 3.3.2
    _request("OPTIONS", "Max-Forwards: 300"),  # beyond its range
    _request("OPTIONS", "Require: nothingSupportsThis, nothingSupportsThisEither"),  # 3.3.5: extensions nobody has
    _request("INVITE", "Content-Type: application/unknownformat", body="<audio><pcmu port='443'/></audio>"),  # 3.3.6
    _request("INVITE", *(f"X-{nth}: {'a' * 40}" for nth in range(200))),
    _request("OPTIONS", f"X-Long: {'a' * 8000}"),
    _request("OPTIONS", "X-Bytes: \udcff\udcfe\x00\x01"),
    _bytes(b""),
    _bytes(b"\r\n\r\n"),
    _bytes(b"\x00" * 300),
    _bytes(b"SIP/2.0 200 OK\r\n\r\n"),
    _bytes(b"INVITE"),
    _bytes(b"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP " + b"a" * 4000 + b"\r\n\r\n"),
)
