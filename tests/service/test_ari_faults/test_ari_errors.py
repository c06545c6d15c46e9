"""What errors are called and what they show, and events nobody asked for, against the fake Asterisk."""

import asyncio
import re
import traceback

import pytest
import structlog

from hotline.ari import Client, ConnectionLost, NotFound, Refused, Rejected, TimedOut, Unavailable
from pupil import APP, PASSWORD, Pupil, reconnected


async def test_a_wrong_password_is_fatal(fake):
    """A wrong password ends the client at once, with a message that says what to check."""
    client = Client(fake.url, fake.user, "wrong", APP)
    with pytest.raises(Refused, match="check user and password"):
        await asyncio.wait_for(client.run(Pupil()), 2)


async def test_errors_are_named_by_meaning(fake):
    """What an operation could not do is told by an error of the tree."""
    async with Client(fake.url, fake.user, fake.password, APP, request_limit_seconds=0.2) as client:
        assert (await client.asterisk.ping()).ping == "pong"
        with pytest.raises(NotFound, match="Channel not found"):
            await client.channels.get("none")
        with pytest.raises(NotFound, match="Application not found"):
            await client.applications.get(APP)
        fake.status = 500
        with pytest.raises(Rejected):
            await client.channels.list()
        fake.status = 503
        with pytest.raises((Unavailable, TimedOut)):
            await client.channels.list()
        fake.status, fake.delay_seconds = None, 1.0
        with pytest.raises(TimedOut, match=r"no answer in 0\.2 s"):
            await client.asterisk.ping()
    await fake.stop()
    async with Client(fake.url, fake.user, fake.password, APP) as client:
        with pytest.raises(ConnectionLost):
            await client.asterisk.ping()


async def test_no_secret_is_shown(fake, client_of):
    """Neither the password nor the header made of it is in any error, traceback, repr or line of the log."""
    secrets = re.compile(f"{PASSWORD}|{fake._authorization.split()[1]}|Authorization|Basic ")
    shown = []
    with structlog.testing.capture_logs() as logs:
        async with client_of(Pupil(), request_limit_seconds=0.5) as client:
            shown += [repr(client), repr(client._requests), str(vars(client))]
            for status in (401, 404, 500, 503):
                fake.status = status
                with pytest.raises(Exception) as caught:
                    await client.asterisk.ping()
                shown += traceback.format_exception(caught.value)
                assert caught.value.__context__ is None
            fake.status, fake.cut_answers = None, 9
            with pytest.raises(ConnectionLost) as lost:
                await client.asterisk.ping()
            assert lost.value.__context__ is None
            shown += traceback.format_exception(lost.value)
            fake.cut_answers = 0
            await fake.lose_socket()
            await reconnected(client)
        refused = Client(fake.url, fake.user, fake.password, APP)
        fake.status = 401
        with pytest.raises(Refused) as caught:
            await refused.run(Pupil())
        assert caught.value.__context__ is None
        shown += traceback.format_exception(caught.value)
    assert not [text for text in [*shown, *map(str, logs)] if secrets.search(text)]


@pytest.mark.parametrize("url", ["ftp://host", "127.0.0.1:8088", "", f"http://u:{PASSWORD}@host"])
async def test_a_bad_address_is_refused_without_repeating_it(url):
    """An address of another kind, or with a password in it, is refused, and not repeated in the message."""
    with pytest.raises(ValueError, match="the address of Asterisk must") as caught:
        Client(url, "u", "p", APP)
    assert PASSWORD not in str(caught.value)


async def test_the_events_we_do_not_use_are_not_sent(fake, client_of):
    """After each connect Asterisk is told which events not to send."""
    async with client_of(Pupil()) as client:
        assert "ChannelVarset" in fake._disallowed[APP]
        await fake.lose_socket()
        await reconnected(client)
        assert fake.requests.count(f"PUT /applications/{APP}/eventFilter") == 2


async def test_strange_events_do_no_harm(fake, client_of):
    """An event of an unknown type, or about an unknown channel, is skipped."""
    pupil = Pupil()
    async with client_of(pupil) as client:
        fake.send(APP, {"type": "ChannelSang"})
        fake.send(APP, {"type": "StasisEnd", "channel": {"id": "none"}})
        fake.send(APP, {"type": "PlaybackFinished", "playback": {"id": "p", "target_uri": "bridge:b", "state": "done"}})
        await fake.incoming()
        await pupil.stay()
        assert client.connected.is_set()
