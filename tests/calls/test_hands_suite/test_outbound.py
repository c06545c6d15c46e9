"""One real process of the application to which a real Asterisk connects."""

import asyncio
import signal
from dataclasses import replace

import pytest
import pytest_asyncio

from hotline.demo.house import house as bring_up
from hotline.settings import Settings

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("outbound")]


def per_call(site):
    """The switchboard with a socket for each call."""
    return replace(site, hand_over="stasis", outbound=replace(site.outbound, per_call=True))


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["kept", "per call"])
async def house(request):
    """A house whose Asterisk connects to the application: once for all calls, or once for each."""
    settings = Settings.load()
    settings.ari.connects = "asterisk"
    settings.ari.requests = "http" if request.param == "kept" else "socket"
    changed = per_call if request.param == "per call" else lambda site: site
    async with bring_up(settings, lambda _step, _done: None, changed=changed) as rooms:
        yield rooms
        assert rooms.asterisk.running


@pytest.fixture
def hand_over(house):
    """How its calls are handed over."""
    return house.asterisk.site.hand_over


@pytest.fixture
def connected(house):
    """Wait until calls can come: for a socket that Asterisk keeps, until it has opened it."""

    async def ready(process):
        await process.ready()
        async with asyncio.timeout(5):
            while "ari_connected" not in process.said and not house.asterisk.site.outbound.per_call:
                await asyncio.sleep(0.02)

    return ready


async def test_calls_are_served_and_a_stopped_process_lets_them_end(serve, callers, connected):
    """A call is answered by the process; after SIGTERM it goes on until the caller hangs up, and the status is 0."""
    process = await serve("hotline")
    await connected(process)
    calls = await callers.stream(10, talk_seconds=0.2)
    assert [call.status for call in calls] == [200] * 10
    call = await callers.reach()
    process.send(signal.SIGTERM)
    async with asyncio.timeout(5):
        while "service_draining" not in process.said:
            await asyncio.sleep(0.02)
    late = callers.dial()
    await asyncio.wait_for(late.over.wait(), 15)
    assert late.status == 480
    assert not call.over.is_set()
    callers.hang_up(call)
    assert await process.ended() == 0


async def test_without_the_process_the_dialplan_speaks(serve, callers, connected):
    """While no process is there callers hear the fallback; once it is, they are served again."""
    process = await serve("hotline")
    await connected(process)
    await callers.reach()
    await process.kill()
    call = callers.dial()
    await asyncio.wait_for(call.over.wait(), 20)
    assert call.status == 480
    process = await serve("hotline")
    await connected(process)
    callers.hang_up(await callers.reach())
