"""Several names, several clients: calls that are offered to all, refused, or left to another; over fake and real."""

import asyncio
import contextlib

import pytest

from hotline.ari import Client, Conflict, Gone, NotFound, Replaced

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def offer(pbx, app):
    """Let a call come in that is offered to every application whose name begins with this test's."""

    async def broadcast(*args, among=f"^{app}", wait_seconds=0.5):
        return await pbx.broadcast(among, args, wait_seconds)

    return broadcast


async def settled(condition, limit_seconds=2):
    """Wait until something is so."""
    async with asyncio.timeout(limit_seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def test_several_names_on_one_socket(serve, incoming, pbx, app, gate):
    """One client serves calls of each of its names, over one socket, and finds all of them again after losing it."""
    names = [f"{app}.{number}" for number in (1, 2, 3)]
    served = asyncio.Queue()

    async def handler(stay):
        served.put_nowait(stay)
        with contextlib.suppress(Gone):
            await stay.key(within=60)

    client = await serve(handler, name=names)
    calls = [await pbx.incoming(name, [name], "", None) for name in names]
    stays = sorted([await asyncio.wait_for(served.get(), 3) for _ in names], key=lambda stay: stay.args)
    assert [stay.args for stay in stays] == [[name] for name in names]
    gate.cut()
    await settled(lambda: not client.connected.is_set())
    await asyncio.wait_for(client.connected.wait(), 5)
    assert set(client.stays) == {call.id for call in calls}
    await calls[2].hang_up()
    await asyncio.wait_for(stays[2].ended.wait(), 2)
    assert not stays[0].ended.is_set()


async def test_losing_one_name_of_several_ends_the_client(serve, incoming, pbx, app, gate):
    """A client of which one name is taken leaves all its calls and does nothing more to any channel."""
    served = asyncio.Queue()

    async def handler(stay):
        served.put_nowait(stay)
        await stay.ended.wait()

    first = Client(gate.url, "hotline", "correct-horse-battery", [f"{app}.1", f"{app}.2"])
    running = asyncio.create_task(first.run(handler))
    await asyncio.wait_for(first.connected.wait(), 3)
    call = await pbx.incoming(f"{app}.1", [], "", None)
    stay = await asyncio.wait_for(served.get(), 3)
    await serve(handler, name=f"{app}.2")
    with pytest.raises(Replaced, match=rf"'{app}\.2'"):
        await asyncio.wait_for(running, 3)
    with pytest.raises(Gone):
        await stay.answer()
    for request in (first.channels.answer, first.channels.hangup, first.channels.get):
        with pytest.raises(Replaced):
            await request(call.id)
    await first.close()
    assert "ANSWER" not in call.signals
    await call.hang_up()


async def test_a_call_that_is_offered_comes_with_its_arguments(serve, offer):
    """A client that claims a call gets it, once, with what the dialplan gave to it."""
    served = asyncio.Queue()
    await serve(served.put)
    call = await offer("origin=phone", "number=84912345678")
    await call.over()
    stay = served.get_nowait()
    assert (stay.channel.id, stay.args) == (call.id, ["origin=phone", "number=84912345678"])
    assert served.empty()


async def test_the_first_to_claim_gets_it(serve, offer, app):
    """Of two clients to which a call is offered one gets it; the other, told that it has gone, does nothing."""
    served = []

    async def handler(stay):
        served.append(stay.channel.id)

    one, other = await serve(handler, name=f"{app}-a"), await serve(handler, name=f"{app}-b")
    calls = [await offer() for _ in range(10)]
    for call in calls:
        await call.over()
    assert sorted(served) == sorted(call.id for call in calls)
    await settled(lambda: one.load == other.load == 0)


async def test_a_client_that_is_full_claims_nothing(serve, offer, app):
    """A client that may take no call leaves it to another; if none may, it goes on in the dialplan after the wait."""
    served = asyncio.Queue()
    await serve(served.put, name=f"{app}-full", accept=lambda: False)
    call = await offer(wait_seconds=0.2)
    await asyncio.sleep(0.3)
    assert await call.nobody_came()
    await call.hang_up()
    await serve(served.put, name=f"{app}-free")
    call = await offer(wait_seconds=0.2)
    await call.over()
    assert served.get_nowait().channel.id == call.id


async def test_no_more_are_claimed_than_may_be_taken(serve, offer, app):
    """Calls that were claimed and have not come yet count: of many at once no more are taken than may be."""
    over = asyncio.Event()

    async def handler(stay):
        await over.wait()

    client = await serve(handler, accept=lambda: client.load < 3)
    calls = await asyncio.gather(*(offer(wait_seconds=0.3) for _ in range(8)))
    await asyncio.sleep(0.4)
    assert client.load == len(client.stays) == 3
    assert [await call.nobody_came() for call in calls if call.id not in client.stays] == [True] * 5
    over.set()
    for call in calls:
        await call.hang_up()


async def test_a_claim_of_what_is_taken_is_a_conflict(serve, offer, pupil, app):
    """A call that somebody has cannot be claimed, and one that is not offered is not found."""
    client = await serve(pupil)
    call = await offer()
    await pupil.stay()
    with pytest.raises(Conflict):
        await client.events.claim_channel(call.id, app)
    with pytest.raises(NotFound):
        await client.events.claim_channel("nothing", app)
    pupil.over.set()
    await call.over()


async def test_a_call_nobody_asked_for_is_refused(serve, incoming):
    """A call that plain Stasis brings to a client that may take none is hung up with congestion."""
    served = asyncio.Queue()
    await serve(served.put, accept=lambda: False)
    call = await incoming()
    await call.over()
    await asyncio.sleep(0.05)
    assert (call.cause, served.empty()) == (42, True)


async def test_a_call_that_is_refused_may_be_sent_back(serve, incoming):
    """What is done with a call that may not be taken can be said: sent on in the dialplan it is not hung up."""
    await serve(
        asyncio.Queue().put, accept=lambda: False, on_refused=lambda stay: stay.continue_in_dialplan("after", "x", 3)
    )
    call = await incoming()
    await call.over()
    assert await call.place() == ("after", "x", 3)
    await call.hang_up()


async def test_a_caller_who_hangs_up_while_offered(serve, offer, app, pbx):
    """A caller who is gone before anybody claims leaves nothing behind."""
    client = await serve(asyncio.Queue().put, name=f"{app}-a", accept=lambda: False)
    call = asyncio.create_task(offer(wait_seconds=0.3))
    caller = await call
    await caller.hang_up()
    await asyncio.sleep(0.4)
    assert client.load == 0
