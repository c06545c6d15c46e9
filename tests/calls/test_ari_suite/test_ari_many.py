"""Many calls at once: none waits for another, and none leaves anything behind; over the fake and a real Asterisk."""

import asyncio
import gc
import weakref

import msgspec
import pytest

from hotline.ari import Gone, Outcome, connection, models

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOUND = 4.0
"""Seconds in which a call is answered, however busy the machine: behind what blocks it would be never, or after 20.
Alone it takes 3 ms; figures are for benchmarks."""


async def so_many(things, count):
    """Wait until there are so many; a call may be seen to be over before it has come to us."""
    async with asyncio.timeout(5):
        while len(things) < count:
            await asyncio.sleep(0.01)
    assert len(things) == count


async def test_a_slow_handler_delays_no_other_call(serve, incoming, pbx):
    """While one handler takes its time, twenty other calls are answered and ended as if it were not there."""
    loop = asyncio.get_running_loop()
    finish, waits = asyncio.Event(), []

    async def handler(stay):
        came = loop.time()
        if stay.args == ["slow"]:
            await finish.wait()
            return
        await stay.answer()
        waits.append(loop.time() - came)

    client = await serve(handler)
    slow = await incoming("slow")
    for call in [await incoming("quick") for _ in range(20)]:
        await call.over()
    await so_many(waits, 20)
    assert max(waits) < BOUND
    assert slow.id in client.stays
    finish.set()
    await slow.over()


async def test_what_blocks_stands_in_front_of_nobody(serve, incoming, pbx):
    """Sixty answers that wait for a sound to end hold up no other call's answer, variable, sound, stop or end."""
    loop = asyncio.get_running_loop()
    stuck, waits, sounding, free = [], [], asyncio.Event(), asyncio.Event()

    async def handler(stay):
        if stay.args == ["stuck"]:
            playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
            await sounding.wait()
            answering = asyncio.create_task(stay.answer())
            stuck.append(answering)
            await free.wait()
            stay.stop_playback()
            await asyncio.gather(playing, answering)
            return
        came = loop.time()
        await stay.answer()
        await client.channels.set_channel_var(stay.channel.id, "x", "y")
        assert await client.channels.get_channel_var(stay.channel.id, "x") == "y"
        assert (await stay.play([pbx.sound("short")], limit_seconds=5)).outcome is Outcome.FINISHED
        playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
        await asyncio.sleep(0.05)
        stay.stop_playback()
        assert (await playing).outcome is Outcome.STOPPED
        waits.append(loop.time() - came)

    client = await serve(handler, request_limit_seconds=20.0)
    blocked = [await incoming("stuck") for _ in range(60)]
    for call in blocked:
        await call.playing(pbx.sound("long"))
    sounding.set()
    for call in [await incoming("quick") for _ in range(10)]:
        await call.over()
    await so_many(waits, 10)
    assert len(stuck) == 60
    assert not any(answer.done() for answer in stuck)
    assert max(waits) < BOUND
    free.set()
    for call in blocked:
        await call.over()


async def hear(stay, *media, seconds=5.0):
    """Play something."""
    await stay.play(media, limit_seconds=seconds)


async def fail(stay):
    """Break."""
    raise RuntimeError("not today")


async def listen(stay):
    """Wait for the caller with a listener of our own."""
    keys = asyncio.Queue()
    stay.listen(keys.put_nowait, lambda: keys.put_nowait(None))
    await keys.get()


async def test_a_call_that_ended_is_freed(serve, incoming, pbx):
    """However calls end, of their stays, keys, listeners, requests and tasks nothing is left in the client."""
    loop = asyncio.get_running_loop()
    short, long, none = pbx.sound("short"), pbx.sound("long"), pbx.sound("none")
    by_themselves = {
        "played": lambda stay: hear(stay, short),
        "missing": lambda stay: hear(stay, none, short),
        "overdue": lambda stay: hear(stay, long, seconds=0.05),
        "went on": lambda stay: stay.continue_in_dialplan("after", "x", 3),
        "failed": fail,
    }
    by_the_caller = {
        "heard": lambda stay: hear(stay, long),
        "listened": listen,
        "asked": lambda stay: stay.key(within=60),
    }
    stays = weakref.WeakSet()

    async def handler(stay):
        stays.add(stay)
        await stay.answer()
        await (by_themselves | by_the_caller)[stay.args[0]](stay)

    client = await serve(handler)
    calls = [(way, await incoming(way)) for way in [*by_themselves, *by_the_caller] * 3]
    await asyncio.sleep(0.5)
    for way, call in calls:
        if way in by_the_caller:
            await call.hang_up()
    for way, call in calls:
        await call.over()
        if way == "went on":
            await call.hang_up()
    until = loop.time() + 2
    while stays and loop.time() < until:
        await asyncio.sleep(0.02)
        gc.collect()
    assert not stays
    assert not client.stays
    assert client.load == 0
    assert not client._work
    assert not client._requests.over_socket._waiting
    ours = [task for task in asyncio.all_tasks() if "/ari/" in str(task.get_coro()) and "/fake/" not in str(task)]
    assert not [task for task in ours if task.get_name().startswith("call ")]


async def test_asterisk_sends_only_what_is_used(serve, incoming, pbx, monkeypatch):
    """Of all that happens in a call, only events that the client uses are sent to it."""
    types = []

    def decode(text):
        types.append(msgspec.json.decode(text)["type"])
        return models.decode_event(text)

    monkeypatch.setattr(connection, "decode_event", decode)

    async def handler(stay):
        await stay.ring()
        await stay.progress()
        await stay.answer()
        await client.channels.set_channel_var(stay.channel.id, "x", "y")
        await stay.play([pbx.sound("short"), pbx.sound("short")], limit_seconds=5)
        try:
            await stay.key(within=5)
            await stay.key(within=5)
        except Gone:
            pass

    client = await serve(handler)
    call = await incoming()
    await call.playing(pbx.sound("short"))
    await call.press("1")
    await asyncio.sleep(0.4)
    await call.hang_up()
    await call.over()
    await asyncio.sleep(0.1)
    used = {kind.__struct_config__.tag for kind in models.KnownEvent.__args__}
    assert set(types) == used - {"ApplicationReplaced", "CallBroadcast", "ChannelDestroyed"}
    assert types.count("PlaybackStarted") == 2
