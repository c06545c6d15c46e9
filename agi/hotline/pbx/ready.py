"""Whether an Asterisk takes calls: SIP answers, ARI answers, its modules run.

Each alone is not enough: ARI answers 200 even when the SIP channel driver declined to load.
"""

from __future__ import annotations

import asyncio
import re
import socket
import uuid
from base64 import b64encode

import aiohttp

_ANSWER_SECONDS = 0.3
_STATUS = re.compile(rb"SIP/2\.0 (\d{3}) ")
_RUNNING = re.compile(r"^(\S+\.so)\s.*\sRunning\s", re.MULTILINE)


async def sip(address: str, port: int) -> bool:
    """Return whether an OPTIONS request by UDP is answered; 503 is what Asterisk says until it is up."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.connect((address, port))
        try:
            await loop.sock_sendall(line, _options(address, port, line.getsockname()))
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await loop.sock_recv(line, 4096)
        except (OSError, TimeoutError):
            return False
    status = _STATUS.match(answer)
    return status is not None and status[1] != b"503"


async def ari(port: int, user: str, password: str) -> bool:
    """Return whether ARI on 127.0.0.1 takes this user's requests."""
    credential = b64encode(f"{user}:{password}".encode()).decode()
    limit = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers={"Authorization": f"Basic {credential}"}) as session,
            session.get(f"http://127.0.0.1:{port}/ari/applications") as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False


def running(module_show: str) -> set[str]:
    """Return the modules that `module show` says are running."""
    return set(_RUNNING.findall(module_show))


def _options(address: str, port: int, ours: tuple[str, int]) -> bytes:
    token = uuid.uuid4().hex
    lines = (
        f"OPTIONS sip:{address}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {ours[0]}:{ours[1]};branch=z9hG4bK{token};rport",
        "Max-Forwards: 1",
        f"From: <sip:ready@{ours[0]}>;tag={token}",
        f"To: <sip:{address}:{port}>",
        f"Call-ID: {token}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:ready@{ours[0]}:{ours[1]}>",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
