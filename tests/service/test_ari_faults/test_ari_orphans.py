"""Channels that a process before us left behind, against the fake Asterisk."""

import asyncio

import pytest
import structlog

from hotline.ari import Client, Outcome, Replaced
from pupil import APP, SHORT, Pupil


async def left_over(fake):
    """Return a call of a process before us that has gone; its channel is still there."""
    before = Client(fake.url, fake.user, fake.password, APP)
    pupil = Pupil()
    running = asyncio.create_task(before.run(pupil))
    await fake.connected()
    call = await fake.incoming()
    await pupil.stay()
    fake.replace(APP)
    with pytest.raises(Replaced):
        await running
    return call


async def test_orphans_are_hung_up(fake, client_of):
    """A channel left over from a process before us is hung up, for nobody talks to it."""
    call = await left_over(fake)
    async with client_of(Pupil()):
        await asyncio.wait_for(call.ended.wait(), 3)
    assert call.cause == 16


async def test_an_orphan_can_be_told(fake, client_of):
    """What is to be done with a left-over channel can be chosen: it is a stay like any other, without arguments."""
    seen = []

    async def apologise(stay):
        seen.append((stay.args, (await stay.play([SHORT], limit_seconds=2)).outcome))

    pupil = Pupil()
    before = Client(fake.url, fake.user, fake.password, APP)
    running = asyncio.create_task(before.run(pupil))
    await fake.connected()
    call = await fake.incoming(["a"])
    await pupil.stay()
    fake.replace(APP)
    with pytest.raises(Replaced):
        await running
    async with client_of(Pupil(), on_orphan=apologise):
        await asyncio.wait_for(call.ended.wait(), 3)
    assert seen == [([], Outcome.FINISHED)]


async def test_a_channel_that_could_not_be_hung_up_is_hung_up_later(fake, client_of):
    """When a handler ends while Asterisk can't be reached, its channel is hung up after the next connect."""
    pupil = Pupil()
    async with client_of(pupil, request_limit_seconds=0.2) as client:
        call = await fake.incoming()
        await pupil.stay()
        fake.status = 503
        await fake.lose_socket()
        pupil.over.set()
        await asyncio.sleep(0.4)
        assert call.alive
        assert not client.stays
        fake.status = None
        await asyncio.wait_for(call.ended.wait(), 3)


async def test_orphans_are_served_once_asterisk_tells(fake, client_of):
    """When Asterisk does not tell at first which channels are left over, they are asked for again."""
    call = await left_over(fake)
    with structlog.testing.capture_logs() as logs:
        async with client_of(Pupil()):
            fake.statuses[APP] = 500
            await asyncio.sleep(0.8)
            assert call.alive
            del fake.statuses[APP]
            await asyncio.wait_for(call.ended.wait(), 3)
    told = [line["event"] for line in logs if line["event"].startswith("ari_orphan")]
    assert set(told[:-1]) == {"ari_orphans_not_served"}
    assert told[-1] == "ari_orphan"
