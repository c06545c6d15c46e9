"""The FastAGI door against a switchboard made of a socket: who is let in, and what they cost."""

import asyncio
import contextlib

import pytest
import structlog
from structlog.testing import capture_logs

from agi_switchboard import HEAD, SECONDS, Switchboard, closed, descriptors, opened, words
from hotline.doors import DoorUnavailable
from hotline.doors.fastagi import line as fastagi_line
from hotline.doors.fastagi.door import MOST_WAITING


@pytest.fixture
async def door(unused_tcp_port):
    """An open door."""
    async with opened(unused_tcp_port, head_seconds=0.3) as side:
        yield side


async def test_what_is_logged_of_a_call_has_the_switchboards_name_for_it(door):
    """So what Asterisk's log says of a channel and what ours says of its call are found together."""

    async def named(call):
        return structlog.contextvars.get_contextvars()["channel"]

    await door.call(named, f"agi_uniqueid: 1795395815.7\n{HEAD}")
    assert await door.result() == "1795395815.7"


async def test_what_is_no_call_costs_nothing(door):
    """A connection tried, a slow sender, an endless one and a browser are shut out, and calls go on meanwhile."""
    tasks = len(asyncio.all_tasks())
    for _ in range(50):
        _, writer = await door.connect()
        writer.close()
        await writer.wait_closed()
    slow, endless, browser = [await door.connect() for _ in range(3)]
    browser[1].write(b"GET / HTTP/1.1\r\n\r\n")
    with capture_logs() as logs:
        endless[1].write(b"agi_x: " + b"9" * 1_000_000)
        slow[1].write(b"a")
        await door.call(words)
        assert await door.result() == "said"
        for reader, writer in (slow, endless, browser):
            await closed(reader)
            writer.close()
    assert {entry["why"] for entry in logs} <= {"TimeoutError", "a line is too long"}
    await door.over()
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == tasks


GARBAGE = bytes(range(256)) * 16
ENDLESS = {
    "nothing at all": b"",
    "half a line": b"agi_network",
    "a line without an end": b"agi_x: " + b"9" * 1_000_000,
    "lines without an end": b"agi_x: 9\n" * 100_000,
    "lines of garbage": GARBAGE * 200,
    "garbage and an end": GARBAGE + b"\n\n",
    "a head of one byte lines": b"\r\n\r\n",
    "commands": b"200 result=0\n" * 1000 + b"\n",
}


@pytest.mark.parametrize("sent", ENDLESS.values(), ids=ENDLESS)
async def test_what_is_no_head_is_shut_out_in_time(door, sent):
    """Whatever is sent in place of a head, the connection is closed soon, and a call beside it is served meanwhile."""
    reader, writer = await door.connect()
    began = asyncio.get_running_loop().time()
    writer.write(sent)
    await door.call(words)
    assert await door.result() == "said"
    await closed(reader)
    writer.close()
    assert asyncio.get_running_loop().time() - began < 2.0


async def test_a_thousand_that_say_nothing_keep_no_call_out(unused_tcp_port):
    """Who only holds connections holds the few that may wait; the oldest make room, and a call is taken at once."""
    async with opened(unused_tcp_port, calls_at_once=2, head_seconds=10.0) as side:
        before = descriptors()
        with capture_logs() as logs:
            held = []
            for _ in range(5):
                held += [await side.connect() for _ in range(100)]
                began = asyncio.get_running_loop().time()
                await side.call(words)
                assert await side.result() == "said"
                assert asyncio.get_running_loop().time() - began < SECONDS + 1.0
        await side.over()
        assert descriptors() - before <= len(held) + MOST_WAITING + 2
        assert [entry["event"] for entry in logs] == ["fastagi_crowded"]
        for _, writer in held:
            writer.transport.abort()


async def test_a_slow_sender_has_a_limit_for_the_whole_head(door):
    """One letter a moment does not keep a place for ever."""
    reader, writer = await door.connect()
    began = asyncio.get_running_loop().time()
    with contextlib.suppress(ConnectionError):
        for letter in HEAD.encode():
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.05)
    await closed(reader)
    writer.close()
    assert asyncio.get_running_loop().time() - began < 2.0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"peers": ["192.0.2.0/24"]}, "not in HOTLINE_FASTAGI__PEERS"),
        ({"script": "another"}, "not HOTLINE_FASTAGI__SCRIPT"),
    ],
)
async def test_a_stranger_is_refused(unused_tcp_port, changes, why):
    """From a network that is not ours, or without the word of our dialplan, nobody is heard."""
    async with opened(unused_tcp_port, **changes) as side:
        with capture_logs() as logs:
            switchboard = await side.call(words)
            await side.over()
        assert switchboard.commands == []
        assert [entry["why"] for entry in logs] == [why]
        assert "0912345678" not in str(logs)


async def test_more_calls_than_allowed_are_refused_at_once(unused_tcp_port):
    """Refused, they hear the dialplan's own words; the others are not disturbed, and there is room again afterwards."""
    async with opened(unused_tcp_port, calls_at_once=1) as side:
        await side.call(words)
        await asyncio.sleep(0.05)
        with capture_logs() as logs:
            refused = await side.call(words)
            await refused.over.wait()
        assert [entry["why"] for entry in logs] == ["HOTLINE_CALL__AT_ONCE are there"]
        assert len(refused.commands) == 1  # an echo, to see that it is a call
        assert await side.result() == "said"
        await asyncio.sleep(0.05)
        await side.call(words)
        assert await side.result() == "said"


async def test_an_address_in_use_is_named(unused_tcp_port):
    """The message has the settings to change."""
    async with opened(unused_tcp_port):
        with pytest.raises(DoorUnavailable, match=f"HOTLINE_FASTAGI__PORT={unused_tcp_port}"):
            async with opened(unused_tcp_port):
                pass


async def test_the_first_act_is_to_take_the_time_over(door):
    """The dialplan's few seconds become ours; the arguments are the dialplan's."""

    async def conversation(call):
        await call.say("words")
        return call.arguments

    switchboard = await door.call(conversation)
    assert await door.result() == ("origin=trunk",)
    assert switchboard.commands[1] == "SET VARIABLE TIMEOUT(absolute) 10"


async def test_the_time_is_ours_for_some_seconds_only(monkeypatch, unused_tcp_port):
    """It is set anew again and again, also while we are busy elsewhere, and never beyond the longest call."""
    monkeypatch.setattr(fastagi_line, "KEPT", 0.3)
    monkeypatch.setattr(fastagi_line, "KEPT_LEAST", 0.15)

    async def conversation(call):
        await call.answer()
        await asyncio.sleep(0.8)
        await call.say("words", keys="")
        await asyncio.sleep(1.5)

    async with opened(unused_tcp_port, call_seconds=2) as side:
        switchboard = await side.call(conversation)
        await side.result()
    times = [float(command.split()[-1]) for command in switchboard.commands if "TIMEOUT" in command]
    assert len(times) >= 6
    assert times[0] == pytest.approx(0.3)
    assert max(times) == pytest.approx(0.3 + SECONDS)
    assert times[-1] < 0.35
    assert all("TIMEOUT" not in command for command in switchboard.commands[-5:])


@pytest.mark.parametrize("more", ["agi_accountcode: \n", "200 result=1\n", "200 result=1 (words)\n" * 3])
async def test_a_head_that_a_caller_ended_early_is_refused(door, more):
    """Whatever a caller's name smuggles in, what is left of the head gives it away, however late it comes."""
    with capture_logs() as logs:
        for moment in (0.0, 0.02):
            door.conversation = words
            reader, writer = await door.connect()
            writer.write(HEAD.encode())
            await asyncio.sleep(moment)
            writer.write(more.encode())
            await closed(reader)
            writer.close()
    assert [entry["event"] for entry in logs] == ["fastagi_refused"] * 2
    assert door.results.empty()


async def test_who_is_no_call_yet_when_it_is_drained_becomes_none(door):
    """A connection that had not said whose call it is goes back to the dialplan, which tries the next address."""
    door.conversation = words
    reader, writer = await door.connect()
    await asyncio.sleep(0.05)
    draining = asyncio.create_task(door.door.drain())
    await asyncio.sleep(0.05)
    writer.write(HEAD.encode())
    switchboard = Switchboard(reader, writer)
    await asyncio.wait_for(switchboard.run(), 3)
    await asyncio.wait_for(draining, 1)
    assert len(switchboard.commands) == 1
    assert door.results.empty()


async def test_drained_it_lets_nobody_in_and_waits_for_those_within(door):
    """The call there is goes on to its end; the next one finds nobody, and so the dialplan's fallback."""
    await door.call(words)
    await asyncio.sleep(0.1)
    draining = asyncio.create_task(door.door.drain())
    await asyncio.sleep(0.05)
    with pytest.raises(ConnectionRefusedError):
        await door.connect()
    assert not draining.done()
    assert await door.result() == "said"
    await asyncio.wait_for(draining, 1)
