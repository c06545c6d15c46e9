"""The manager interface, asked with a time to every wait: a server that is away, silent, half open or refuses."""

import asyncio
import contextlib

import pytest
from pydantic import SecretStr

from hotline.pbx import PbxUnavailable, manager
from hotline.settings import AmiSettings

ACCEPTED = "Response: Success\r\nActionID: {id}\r\nMessage: Authentication accepted\r\n\r\n"


@pytest.fixture
def hasty(monkeypatch):
    """Patience of tenths of a second."""
    monkeypatch.setattr(manager, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(manager, "PING_SECONDS", 0.1)


@contextlib.asynccontextmanager
async def server(*answers, then="silent"):
    """Give each action the next answer; afterwards be silent, or hang up. Yields the settings to reach it."""
    waiting = list(answers)
    serving = []

    async def serve(reader, writer):
        serving.append(asyncio.current_task())
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not reader.at_eof():
                action = (await reader.readuntil(b"\r\n\r\n")).decode()
                number = next(line.partition(": ")[2] for line in action.splitlines() if line.startswith("ActionID"))
                if waiting:
                    writer.write(waiting.pop(0).format(id=number).encode())
                elif then == "hang up":
                    break
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        port = listening.sockets[0].getsockname()[1]
        yield AmiSettings(port=port, password=SecretStr("a-long-password"))
    finally:
        listening.close()
        if serving:
            await asyncio.wait(serving, timeout=1)


async def test_one_that_is_not_there_or_silent_is_told_in_time(hasty):
    """No wait is for ever, and the password is in no message."""
    async with server() as settings:
        with pytest.raises(PbxUnavailable, match="did not answer Login"):
            async with manager.manager_session(settings):
                pass
    with pytest.raises(PbxUnavailable, match=r"site/manager\.conf") as away:
        async with manager.manager_session(settings):
            pass
    assert "a-long-password" not in str(away.value)


async def test_a_refused_login_names_the_setting(hasty):
    """Another password than the switchboard's."""
    no = "Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n"
    async with server(no) as settings:
        with pytest.raises(PbxUnavailable, match="HOTLINE_AMI__PASSWORD"):
            async with manager.manager_session(settings):
                pass


async def test_a_list_that_does_not_end_and_a_refused_action_are_told(hasty):
    """An action the user may not do, and an answer without its end."""
    refused = "Response: Error\r\nActionID: {id}\r\nMessage: Permission denied\r\n\r\n"
    begun = "Response: Success\r\nActionID: {id}\r\nEventList: start\r\nMessage: will follow\r\n\r\n"
    async with server(ACCEPTED, refused, refused, begun) as settings, manager.manager_session(settings) as session:
        with pytest.raises(PbxUnavailable, match="Permission denied"):
            await session.ask("CoreStatus")
        with pytest.raises(PbxUnavailable, match="Permission denied"):
            await session.items("CoreShowChannels")
        with pytest.raises(PbxUnavailable, match="did not answer"):
            await session.items("CoreShowChannels")


@pytest.mark.parametrize("then", ["silent", "hang up"])
async def test_who_only_listens_finds_a_connection_that_is_dead(hasty, then):
    """Closed, or half open: an event before that is heard."""
    heard = []
    event = ACCEPTED + "Event: InvalidPassword\r\nSeverity: Error\r\nService: PJSIP\r\n\r\n"
    async with server(event, then=then) as settings, manager.manager_session(settings) as session:
        with pytest.raises(PbxUnavailable):
            await asyncio.wait_for(session.listen("*", heard.append), 3)
