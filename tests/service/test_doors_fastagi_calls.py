"""Calls by the FastAGI door from a switchboard made of a socket: keys, what was heard, and how they end."""

import asyncio
import itertools
import re
from pathlib import Path

import pytest

from agi_switchboard import HEAD, SECONDS, Clip, Switchboard, closed, descriptors, opened, words
from hotline.call import CallerGone, Ended, LineFailed, Media, SoundFailed
from hotline.doors.fastagi import line as fastagi_line
from hotline.doors.media import MEDIA


@pytest.fixture
async def door(unused_tcp_port):
    """An open door."""
    async with opened(unused_tcp_port, head_seconds=0.3) as side:
        yield side


async def test_a_key_stops_what_it_is_to_stop(door):
    """A stop key cuts the words; the others are kept, in order, and the words go on where they were."""

    async def conversation(call):
        played = await call._line.play([Clip(Path("/sounds/words"), SECONDS)], "8")
        return played.ended, [await call._line.keypad.next(0.1) for _ in range(4)]

    switchboard = await door.call(conversation)
    for key in ("1", "2", "8"):
        await asyncio.sleep(0.08)
        switchboard.press(key)
    assert await door.result() == (Ended.STOPPED, ["1", "2", "8", None])
    offsets = [int(command.split()[-1]) for command in switchboard.commands if command.startswith("STREAM")]
    assert offsets == sorted(set(offsets))
    assert len(offsets) == 3


async def test_keys_are_not_even_looked_for_in_a_reading(door):
    """What must be heard in full is one command, without keys to stop it."""

    async def conversation(call):
        await call.read_out(Clip(Path("/sounds/reading"), SECONDS))
        return "read"

    switchboard = await door.call(conversation)
    await asyncio.sleep(0.1)
    switchboard.press("12345678")
    assert await door.result() == "read"
    assert [command for command in switchboard.commands if command.startswith("STREAM")] == [
        'STREAM FILE "/sounds/reading" "" 0'
    ]


@pytest.mark.parametrize(
    ("told", "comes_to"),
    [
        ("result=0 endpos=80000", Ended.FINISHED),
        ("result=0 endpos=79900", Ended.FINISHED),
        ("result=0 endpos=40000", SoundFailed),
        ("result=0 endpos=0", SoundFailed),
        ("result=-1 endpos=0", SoundFailed),
        ("result=-1 endpos=79600\nHANGUP", Ended.FINISHED),
        ("result=-1 endpos=80000\nHANGUP", Ended.FINISHED),
        ("result=-1 endpos=78400\nHANGUP", CallerGone),
        ("result=-1 endpos=40000\nHANGUP", CallerGone),
        ("stood still", CallerGone),
    ],
)
async def test_only_what_is_proven_was_heard(monkeypatch, unused_tcp_port, told, comes_to):
    """Heard is what was played to its end, or up to its last silence; a line that stood still proves nothing."""
    monkeypatch.setattr(fastagi_line, "FAREWELL", 0.1)
    took = 15.0 if told == "stood still" else 10.0
    told = told if told != "stood still" else "result=-1 endpos=80000\nHANGUP"
    clock = itertools.chain([0.0], itertools.repeat(took))

    async def do(self, command):
        if command.startswith("STREAM"):
            self._say("200 " + told)
        else:
            await usually(self, command)

    usually = Switchboard._do
    monkeypatch.setattr(Switchboard, "_do", do)

    async def conversation(call):
        call._line.now = lambda: next(clock)
        return (await call._line.play([Clip(Path("/reading"), 10.0)], "")).ended

    async with opened(unused_tcp_port) as side:
        await side.call(conversation)
        assert await side.result() is comes_to


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3, 0.5, 0.8])
async def test_a_hang_up_at_any_moment_unwinds_the_call(door, moment):
    """In a command, between two, in other work: the conversation ends at once, and nothing of it is left."""
    tasks, files = len(asyncio.all_tasks()), descriptors()

    async def conversation(call):
        await call.open_early()
        await call.say("words", keys="")
        await call.answer()
        await asyncio.sleep(0.2)
        await call._line.keypad.next(5.0)
        return "keyed"

    switchboard = await door.call(conversation)
    while not any(command.startswith("EXEC") for command in switchboard.commands):
        await asyncio.sleep(0.001)
    await asyncio.sleep(moment)
    switchboard.hang_up()
    assert await door.result() is CallerGone
    await door.over()
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == tasks
    assert descriptors() == files


async def test_keys_are_taken_while_nothing_is_asked(door):
    """While other work is done the line listens by itself, and what is said next does not wait long for it."""

    async def conversation(call):
        await call.answer()
        await asyncio.sleep(0.4)
        began = call.seconds()
        await call.say("words", keys="")
        assert call.seconds() - began < SECONDS + 0.3
        return [await call._line.keypad.next(0.05) for _ in range(3)]

    switchboard = await door.call(conversation)
    for key in "12":
        await asyncio.sleep(0.12)
        switchboard.press(key)
    assert await door.result() == ["1", "2", None]


@pytest.mark.parametrize("moment", [0.0, 0.15, 0.6])
async def test_when_we_stop_the_caller_is_told_first(unused_tcp_port, moment):
    """Cancelled in any command, the conversation still has its last word, in step with the switchboard."""

    async def conversation(call):
        try:
            await call.answer()
            await call.say("words", keys="")
            await call._line.keypad.next(10.0)
        except asyncio.CancelledError:
            await call.say("sorry", keys="")
            await call.hang_up()
            raise

    async with opened(unused_tcp_port) as side:
        switchboard = await side.call(conversation)
        await asyncio.sleep(0.1 + moment)
    spoken = [found[1] for command in switchboard.commands if (found := re.match(r'STREAM FILE "(\S+)"', command))]
    assert spoken == ["/sounds/words", "/sounds/sorry"]
    assert switchboard.commands[-1] == "HANGUP"


@pytest.mark.parametrize(
    "said",
    [
        "510 Invalid or unknown command",
        "520-Invalid command syntax.\nUsage: STREAM FILE\n520 End of proper usage.",
        "what?",
        "9" * 9000,
    ],
)
async def test_an_answer_that_makes_no_sense_ends_the_call(monkeypatch, door, said):
    """Nothing more is asked over that connection; the dialplan has the last word."""

    async def do(self, command):
        if command.startswith("STREAM"):
            self._say(said)
        else:
            await usually(self, command)

    usually = Switchboard._do
    monkeypatch.setattr(Switchboard, "_do", do)
    await door.call(words)
    assert await door.result() in {LineFailed, CallerGone}
    await door.over()


async def test_a_switchboard_that_falls_silent_holds_up_nobody(monkeypatch, unused_tcp_port):
    """No answer in time ends that call alone."""
    monkeypatch.setattr(fastagi_line, "OVERDUE", 0.2)

    async def conversation(call):
        await call.answer()
        return "answered"

    async with opened(unused_tcp_port) as side:
        side.conversation = conversation
        reader, writer = await side.connect()
        writer.write(HEAD.encode())
        assert await reader.readline()
        await side.call(conversation)
        assert await side.result() == "answered"
        await closed(reader)
        writer.close()


async def test_who_talks_without_being_asked_is_cut_off(door):
    """A flood of answers nobody waits for fills no memory."""

    async def conversation(call):
        await asyncio.sleep(5)

    switchboard = await door.call(conversation)
    await asyncio.sleep(0.1)
    switchboard._writer.write(b"200 result=0\n" * 100_000)

    async def gone(call):
        await call.answer()

    door.conversation = gone
    await door.call(gone)
    assert await door.result() is None


async def test_a_dead_channel_is_a_caller_who_has_gone(monkeypatch, door):
    """Where the dialplan forbids the word HANGUP (AGISIGHUP=no), Asterisk says so to the next command."""

    async def do(self, command):
        if command.startswith("STREAM"):
            self._say("511 Command Not Permitted on a dead channel or intercept routine")
        else:
            await usually(self, command)

    usually = Switchboard._do
    monkeypatch.setattr(Switchboard, "_do", do)
    await door.call(words)
    assert await door.result() is CallerGone


@pytest.mark.parametrize(
    ("told", "media"),
    [
        ("192.0.2.1:4000/17", Media("192.0.2.1:4000", 17)),
        ("(null)/17", Media("(null)", 17)),
        ("/", Media("", 0)),
        ("", Media("", 0)),
    ],
)
async def test_where_the_media_goes_is_asked_for_when_it_is_wanted(door, told, media):
    """The destination and the packets that came, as the switchboard has them at this moment."""

    async def conversation(call):
        await asyncio.sleep(0.05)
        return await call.media()

    switchboard = await door.call(conversation)
    switchboard.variables = {MEDIA: told}
    assert await door.result() == media
