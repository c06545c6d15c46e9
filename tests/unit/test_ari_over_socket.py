"""Requests that are on their way over the events socket."""

import asyncio
import gc

import aiohttp
import pytest

from hotline.ari.over_socket import OverSocket


class Socket:
    """An events socket that swallows what is sent."""

    async def send(self, text):
        """Send into the void."""


@pytest.fixture
def over_socket():
    """One with a socket."""
    over = OverSocket()
    over.open(Socket())
    return over


async def test_a_lost_socket_ends_what_waits(over_socket):
    """Who waits for an answer when the socket is lost is told that the connection broke, and nothing is kept."""
    sending = asyncio.create_task(over_socket.send("POST", "/x", None, None, within=3.0))
    await asyncio.sleep(0)
    over_socket.close()
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await sending
    assert not over_socket._waiting
    assert not over_socket.ready


async def test_given_up_as_the_socket_is_lost(over_socket):
    """Who gives up in the moment in which the socket is lost leaves no error behind that nobody takes."""
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    sending = asyncio.create_task(over_socket.send("POST", "/x", None, None, within=3.0))
    await asyncio.sleep(0)
    over_socket.close()
    sending.cancel()
    await asyncio.wait([sending])
    del sending
    gc.collect()
    assert not complaints
