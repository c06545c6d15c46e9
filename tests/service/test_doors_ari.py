"""The ARI door against the fake Asterisk: what counts as heard."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from hotline.ari import Client, Replaced
from hotline.ari.fake import FakeAsterisk
from hotline.call import Call, CallerGone, Ended, Entry, Media
from hotline.doors.ari import AriDoor, AriLine, quiet_ids
from hotline.doors.media import MEDIA

SECONDS = 1.0


@dataclass(frozen=True)
class Sound:
    path: Path = Path("/reading")
    seconds: float = SECONDS


@pytest.fixture
async def listener():
    """Play one sound to a caller; return what came of it, and the call."""
    async with FakeAsterisk(sounds={"sound:/reading": SECONDS}) as fake, contextlib.AsyncExitStack() as stack:
        results = asyncio.Queue()

        async def handle(stay):
            line = AriLine(stay, Sound())
            try:
                results.put_nowait((await line.play([Sound()], "")).ended)
            except CallerGone:
                results.put_nowait(CallerGone)

        client = await stack.enter_async_context(Client(fake.url, fake.user, fake.password, "hotline"))
        running = asyncio.create_task(client.run(handle))
        await client.connected.wait()
        yield fake, results
        running.cancel()
        await asyncio.wait({running})


async def test_a_sound_played_out_was_heard(listener):
    """Played to its end it counts, also for a caller who hangs up right after."""
    fake, results = listener
    await fake.incoming()
    assert await asyncio.wait_for(results.get(), 3) is Ended.FINISHED


async def test_a_sound_cut_by_a_hang_up_was_not_heard(listener):
    """Half a reading is none."""
    fake, results = listener
    call = await fake.incoming()
    await asyncio.sleep(SECONDS / 2)
    await call.hang_up()
    assert await asyncio.wait_for(results.get(), 3) is CallerGone


async def test_silence_is_played_while_keys_are_waited_for():
    """From the question to the next prompt, so that Asterisk tells each key once; the prompt does not wait for it."""
    sounds = {"sound:/reading": SECONDS, "sound:/silence": 60.0}
    async with FakeAsterisk(sounds=sounds) as fake, contextlib.AsyncExitStack() as stack:
        heard = asyncio.Queue()

        async def handle(stay):
            call = Call("call", AriLine(stay, Sound(Path("/silence"), 60.0)), {"ask": Sound()})
            keyed = await call.ask("ask", entry=Entry(keys="12", grace={2: 0}, first=5.0, between=5.0))
            began = asyncio.get_running_loop().time()
            await call.say("ask", keys="")
            heard.put_nowait((keyed.digits, asyncio.get_running_loop().time() - began))

        client = await stack.enter_async_context(Client(fake.url, fake.user, fake.password, "hotline"))
        running = asyncio.create_task(client.run(handle))
        await client.connected.wait()
        call = await fake.incoming()
        await call.playing("sound:/silence", limit_seconds=SECONDS + 2.0)
        await call.press("12")
        digits, seconds = await asyncio.wait_for(heard.get(), 10)
        assert digits == "12"
        assert seconds < SECONDS + 2.0
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture
async def door():
    """Open a door for so many calls; return the fake before it. Callers are served until they hang up."""
    async with contextlib.AsyncExitStack() as stack:
        fake = await stack.enter_async_context(FakeAsterisk(sounds={"sound:/sorry": 0.02, "sound:/silence": 60.0}))

        async def serve(call):
            named.append(structlog.contextvars.get_contextvars()["channel"])
            await call.answer()
            await asyncio.Event().wait()

        async def open_door(calls_at_once, *calls):
            client = await stack.enter_async_context(Client(fake.url, fake.user, fake.password, "hotline"))
            sounds = {"interrupted": Sound(Path("/sorry"))}
            door = AriDoor(
                client,
                sounds,
                call_seconds=600,
                calls_at_once=calls_at_once,
                apology="interrupted",
                silence=Sound(Path("/silence")),
            )
            opened = asyncio.create_task(door.open(serve))

            async def close():
                opened.cancel()
                await asyncio.wait({opened})

            stack.push_async_callback(close)
            await client.connected.wait()
            return fake

        named = open_door.named = []
        yield fake, open_door


async def test_what_is_logged_of_a_call_has_the_switchboards_name_for_it(door):
    """Each call its own, so what Asterisk's log says of a channel and what ours says of its call are found together."""
    fake, open_door = door
    await open_door(2)
    channels = [(await fake.incoming()).id for _ in range(2)]
    async with asyncio.timeout(3):
        while len(open_door.named) < 2:
            await asyncio.sleep(0.01)
    assert open_door.named == channels


async def left(call):
    """Wait until a call has left the application."""
    await asyncio.wait_for(call.ended.wait(), 3)


async def test_a_call_too_many_is_given_back(door):
    """A full process gives a call back to the dialplan, and says so there."""
    fake, open_door = door
    await open_door(1)
    await fake.incoming()
    call = await fake.incoming()
    await left(call)
    assert (call.variables, call.continued) == ({"GIVEN_BACK": "yes"}, ("", "", 1))


async def test_who_still_waits_for_a_process_that_is_gone_is_given_back(door):
    """A call of the process before us that was not answered goes back to the dialplan; nobody hears an apology."""
    fake, open_door = door
    before = Client(fake.url, fake.user, fake.password, "hotline")
    running = asyncio.create_task(before.run(lambda stay: asyncio.Event().wait()))
    await fake.connected()
    waiting, talking = await fake.incoming(), await fake.incoming()
    await talking.answer()
    await open_door(1)
    await asyncio.wait({running})
    assert isinstance(running.exception(), Replaced)
    await left(waiting)
    await left(talking)
    assert (waiting.heard, waiting.variables, waiting.continued) == ([], {"GIVEN_BACK": "again"}, ("", "", 1))
    assert (talking.heard[-1].media, talking.continued) == (("sound:/sorry",), None)


async def test_the_silence_of_a_process_that_is_gone_is_cut(door):
    """What a process before us played while it waited for keys does not keep its caller from the apology."""
    fake, open_door = door

    async def wait_for_keys(stay):
        await stay.answer()
        await stay.play(["sound:/silence"], limit_seconds=70, playback_id=quiet_ids(stay)[-1])

    before = Client(fake.url, fake.user, fake.password, "hotline")
    running = asyncio.create_task(before.run(wait_for_keys))
    await fake.connected()
    call = await fake.incoming()
    await call.playing("sound:/silence")
    await open_door(1)
    await asyncio.wait({running})
    await left(call)
    assert [(heard.media, heard.stopped) for heard in call.heard] == [
        (("sound:/silence",), True),
        (("sound:/sorry",), False),
    ]


@pytest.fixture
async def media():
    """Ask where a call's media goes; return what came of it, for a call with these dialplan functions."""
    async with FakeAsterisk() as fake, contextlib.AsyncExitStack() as stack:
        results = asyncio.Queue()

        async def handle(stay):
            line = AriLine(stay, Sound())
            await line.keypad.next(3)
            results.put_nowait(await line.media())

        client = await stack.enter_async_context(Client(fake.url, fake.user, fake.password, "hotline"))
        running = asyncio.create_task(client.run(handle))
        await client.connected.wait()

        async def ask(functions):
            call = await fake.incoming()
            call.variables |= functions
            await call.press("1")
            return await asyncio.wait_for(results.get(), 3)

        yield ask
        running.cancel()
        await asyncio.wait({running})


@pytest.mark.parametrize(
    ("told", "meant"), [("192.0.2.1:4000/7", ("192.0.2.1:4000", 7)), ("(null)/7", ("(null)", 7)), ("/", ("", 0))]
)
async def test_the_media_is_what_asterisk_says_of_it(media, told, meant):
    """Where RTP goes and how many packets came, in one request; on hold nowhere, and nothing before the SDP came."""
    assert await media({f"EVAL({MEDIA})": told}) == Media(*meant)


async def test_media_that_asterisk_will_not_tell_of_goes_nowhere(media):
    """An Asterisk that does not know the function has a call without media, and not the end of it."""
    assert await media({}) == Media("", 0)
