"""The events socket that we open, against a server that does what Asterisk, or a proxy before it, may do."""

import asyncio
import contextlib
import logging

import aiohttp
import pytest
from aiohttp import web

from hotline.ari.errors import ConnectionLost, Refused
from hotline.ari.http import Requests
from hotline.ari.socket import dial

PASSWORD = "not-for-any-log"
LIMIT = 3.0


@contextlib.asynccontextmanager
async def server(handler):
    """Serve `/ari/events` by `handler`; yields what sends requests to it."""
    application = web.Application()
    application.router.add_get("/ari/events", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    requests = Requests(f"http://127.0.0.1:{runner.addresses[0][1]}", "user", PASSWORD, limit_seconds=LIMIT)
    try:
        yield requests
    finally:
        await requests.close()
        await runner.cleanup()


def accepted(then):
    """Return a handler that opens a WebSocket and does `then` with it."""

    async def handler(request):
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await then(socket)
        return socket

    return handler


async def read_all(socket):
    """Return what came until the socket ended, and why it did."""
    texts = []
    with pytest.raises(ConnectionLost) as ended:
        await asyncio.wait_for(socket.read(texts.append), LIMIT)
    await socket.close()
    return texts, str(ended.value)


async def test_fragments_are_put_together():
    """An event that a proxy cut into fragments comes whole, and in its place."""

    async def then(socket):
        await socket.send_str("first")
        for part, fin, kind in ((b"se", False, 1), (b"co", False, 0), (b"nd", True, 0)):
            head = bytes([fin << 7 | kind, len(part)])
            socket._writer.transport.write(head + part)
        await socket.send_str("third")
        await socket.close(code=1001)

    async with server(accepted(then)) as requests:
        socket = await dial(requests, ["app"], LIMIT, 5.0)
        texts, why = await read_all(socket)
    assert texts == [b"first", b"second", b"third"]
    assert "1001" in why


async def test_events_before_anybody_reads_are_kept():
    """What comes between the handshake and the first reader is handed over first."""
    sent = asyncio.Event()

    async def then(socket):
        for nth in range(3):
            await socket.send_str(str(nth))
        sent.set()
        await socket.receive()

    async with server(accepted(then)) as requests:
        socket = await dial(requests, ["app"], LIMIT, 5.0)
        await sent.wait()
        await asyncio.sleep(0.05)
        taken = []
        reading = asyncio.create_task(socket.read(taken.append))
        await asyncio.sleep(0.05)
        assert taken == [b"0", b"1", b"2"]
        await socket.close()
        with pytest.raises(ConnectionLost):
            await reading


async def test_what_the_reader_raises_ends_the_reading():
    """A fault of whoever takes the events reaches whoever reads, and nothing is handed over after it."""
    taken = []

    def take(text):
        taken.append(text)
        raise ValueError(text)

    async def then(socket):
        await socket.send_str("first")
        await socket.send_str("second")
        await socket.receive()

    async with server(accepted(then)) as requests:
        socket = await dial(requests, ["app"], LIMIT, 5.0)
        with pytest.raises(ValueError, match="first"):
            await asyncio.wait_for(socket.read(take), LIMIT)
        await socket.close()
    assert taken == [b"first"]


async def test_a_peer_that_says_nothing_is_found_dead():
    """A peer that answers no ping is given up after one and a half times the heartbeat."""
    over = asyncio.Event()

    async def then(_):
        await over.wait()

    async with server(accepted(then)) as requests:
        socket = await dial(requests, ["app"], LIMIT, 0.2)
        _, why = await read_all(socket)
        over.set()
    assert why == "the events socket broke"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_credential_is_named(status):
    """A wrong password is told apart from a connection that may come back."""

    async def refuse(_):
        return web.Response(status=status)

    async with server(refuse) as requests:
        assert isinstance(await dial(requests, ["app"], LIMIT, 5.0), Refused)


async def test_a_connection_cut_in_the_handshake_is_lost():
    """A server that hangs up before it has answered is a lost connection."""

    async def cut(request):
        request.transport.abort()
        return web.Response()

    async with server(cut) as requests:
        assert isinstance(await dial(requests, ["app"], LIMIT, 5.0), ConnectionLost)


async def test_no_redirect_is_followed_with_our_credential():
    """The password goes to nobody a redirect names."""
    asked = []

    async def elsewhere(request):
        asked.append(request.path_qs)
        return web.Response(status=302, headers={"Location": "/ari/events?else"})

    async with server(elsewhere) as requests:
        answer = await dial(requests, ["app"], LIMIT, 5.0)
    assert not isinstance(answer, aiohttp.ClientError)
    assert asked == ["/ari/events?app=app"]


async def test_the_password_is_in_no_log(caplog):
    """With every log at its lowest level the handshake leaves no credential in it."""
    caplog.set_level(1, logger="picows")
    caplog.set_level(1)

    async def then(socket):
        await socket.close()

    async with server(accepted(then)) as requests:
        await read_all(await dial(requests, ["app"], LIMIT, 5.0))
        credential = requests.headers["Authorization"].split()[1]
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert PASSWORD not in said
    assert credential not in said
    assert logging.getLogger("picows").level == 1
