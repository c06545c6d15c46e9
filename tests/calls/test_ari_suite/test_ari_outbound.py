"""An Asterisk that connects to us, over a socket it keeps and over one for each call; over the fake and a real one."""

import asyncio
import contextlib

import aiohttp
import pytest
import pytest_asyncio

from hotline.ari import Gone, Listener, Outcome, Replaced, congested
from hotline.ari.fake import Gate

pytestmark = pytest.mark.asyncio(loop_scope="session")

USER, PASSWORD = "pbx", "correct-horse-battery"
REAL = pytest.mark.parametrize("pbx", ["real"], indirect=True)
"""For tests of what only a real one does."""
EITHER = pytest.mark.parametrize("app", ["kept", "each"])
"""For tests of what holds over either socket."""


@pytest_asyncio.fixture(loop_scope="session")
async def gate(pbx):
    """A gate where Asterisk connects."""
    gate = Gate("127.0.0.1", 0)
    await pbx.connect_to(gate)
    yield gate
    await gate.shut()


@pytest_asyncio.fixture(loop_scope="session")
async def listen(gate):
    """Start a listener with a handler behind the gate; it is gone after the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(handler, app, *, password=PASSWORD, http=None, on_refused=congested):
            names = ["kept", "kept.2"] if app == "kept" else ["each"]
            listener = Listener("127.0.0.1", 0, USER, password, names, http=http)
            running = asyncio.create_task(listener.run(handler, on_refused=on_refused))

            async def end():
                await listener.close()
                await asyncio.wait({running})

            stack.push_async_callback(end)
            await asyncio.wait_for(listener.connected.wait(), 3)
            gate.lead_to("127.0.0.1", listener.port)
            await gate.open()
            return listener, running

        yield start


@pytest.fixture
def incoming(pbx):
    """Let a call come in."""

    async def ring(app, *args):
        return await pbx.for_outbound(app, args)

    return ring


async def kept(listener):
    """Wait until Asterisk has connected to keep a socket."""
    async with asyncio.timeout(3):
        while not any(client.connected.is_set() for client in listener._clients.values()):
            await asyncio.sleep(0.01)


@EITHER
@pytest.mark.parametrize("over_http", [False, True], ids=["socket", "http"])
async def test_a_call(listen, incoming, pbx, pupil, *, app, over_http):
    """A call is served as any other, with all requests over the socket or with those that wait by HTTP."""
    http = (f"http://127.0.0.1:{pbx.port}", "hotline", PASSWORD) if over_http else None
    listener, _ = await listen(pupil, app, http=http)
    call = await incoming(app, "a", "b")
    stay = await pupil.stay()
    assert (stay.channel.id, stay.args) == (call.id, ["a", "b"])
    await stay.answer()
    await stay.set_variable("x", "y")
    playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60, stop_keys="5"))
    await call.playing(pbx.sound("long"))
    await call.press("5")
    assert (await playing).outcome is Outcome.STOPPED
    assert await stay.key(within=1) == "5"
    assert (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.FINISHED
    assert listener.load == 1
    pupil.over.set()
    await call.over()
    async with asyncio.timeout(2):
        while listener.load:
            await asyncio.sleep(0.01)


async def test_a_socket_for_one_call_ends_with_it(listen, incoming, pupil):
    """A few seconds after the end of its call Asterisk closes the socket, and nothing of it is left."""
    listener, _ = await listen(pupil, "each")
    call = await incoming("each")
    stay = await pupil.stay()
    assert any(name.startswith("each:") for _, name in listener._clients)
    pupil.over.set()
    await call.over()
    await asyncio.wait_for(stay.ended.wait(), 2)
    async with asyncio.timeout(6):
        while any(name for _, name in listener._clients):
            await asyncio.sleep(0.05)
    assert all(not name for _, name in listener._clients)


@EITHER
async def test_a_call_outlives_its_socket(listen, incoming, pbx, pupil, *, app, gate):
    """When the socket is lost Asterisk opens another, and the call goes on where it was; it keeps what happened."""
    listener, _ = await listen(pupil, app)
    call = await incoming(app)
    stay = await pupil.stay()
    await stay.answer()
    playing = asyncio.create_task(stay.play([pbx.sound("middle")], limit_seconds=5))
    await call.playing(pbx.sound("middle"))
    client = next(client for client in listener._clients.values() if client.stays)
    await asyncio.wait_for(client.connected.wait(), 2)
    gate.cut()
    async with asyncio.timeout(2):
        while client.connected.is_set():
            await asyncio.sleep(0.001)
    await call.press("7")
    assert (await playing).outcome is Outcome.FINISHED
    assert await stay.key(within=1) == "7"
    assert client.stays == {call.id: stay}
    pupil.over.set()
    await call.over()


async def failed(call):
    """Wait until Stasis has failed a call, which then is where the dialplan has it."""
    async with asyncio.timeout(5):
        while (await call.place())[1] != "FAILED":
            await asyncio.sleep(0.05)


async def test_a_call_goes_on_in_the_dialplan_without_us(listen, incoming, pupil, gate):
    """When nobody listens any more a call with a socket of its own goes on in the dialplan, and so does a new one."""
    await listen(pupil, "each")
    call = await incoming("each")
    stay = await pupil.stay()
    await gate.shut()
    await failed(call)
    late = await incoming("each")
    await failed(late)
    async with asyncio.timeout(8):
        await stay.ended.wait()  # Asterisk does not say so: we give up waiting for it
    pupil.over.set()
    await asyncio.sleep(0.1)
    assert await call.place() == ("outbound", "FAILED", 1)
    for caller in (call, late):
        await caller.hang_up()


async def test_a_kept_socket_keeps_what_happens_without_us(listen, incoming, pupil):
    """While nobody listens a call for a kept socket waits; with the next listener it is served, arguments and all."""
    call = await incoming("kept", "a")
    await asyncio.sleep(0.5)
    await listen(pupil, "kept")
    stay = await pupil.stay()
    assert (stay.channel.id, stay.args) == (call.id, ["a"])
    pupil.over.set()
    await call.over()


async def test_several_names_over_a_kept_socket(listen, incoming):
    """Calls of each of its names come over one kept socket."""
    served = asyncio.Queue()
    await listen(served.put, "kept")
    calls = [await incoming(app) for app in ("kept", "kept.2")]
    stays = [await asyncio.wait_for(served.get(), 3) for _ in calls]
    assert {stay.channel.id for stay in stays} == {call.id for call in calls}
    for call in calls:
        await call.over()


async def test_what_is_offered_is_claimed_over_a_kept_socket(listen, pbx):
    """StasisBroadcast reaches a kept socket, and the claim goes back over it."""
    served = asyncio.Queue()
    listener, _ = await listen(served.put, "kept")
    await kept(listener)
    call = await pbx.broadcast("^kept$", ["a"], 0.5)
    await call.over()
    assert served.get_nowait().args == ["a"]


async def test_a_wrong_password_gets_nobody_in(listen, incoming, pupil, capsys):
    """An Asterisk with another password is refused; a call with a socket of its own goes on in the dialplan at once."""
    listener, _ = await listen(pupil, "each", password="another")
    call = await incoming("each")
    await failed(call)
    assert not listener._clients
    await call.hang_up()
    shown = capsys.readouterr()
    assert "ari_connection_refused" in shown.out + shown.err
    assert "another" not in shown.out + shown.err


async def test_who_is_no_asterisk_of_ours_is_sent_away(listen, pupil, gate):
    """A connection for another application is closed, whatever password it knows."""
    await listen(pupil, "kept")
    async with (
        aiohttp.ClientSession(headers={"Authorization": aiohttp.encode_basic_auth(USER, PASSWORD)}) as session,
        session.ws_connect(f"{gate.url}/ari", protocols=("ari",)) as socket,
    ):
        await socket.send_json({"type": "ApplicationRegistered", "application": "other", "asterisk_id": "x"})
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1008


@EITHER
async def test_draining(listen, incoming, pupil, app):
    """A listener that drains lets its call end, and sends a new one back to the dialplan."""
    listener, _ = await listen(pupil, app, on_refused=lambda stay: stay.continue_in_dialplan("after", "x", 3))
    call = await incoming(app)
    stay = await pupil.stay()
    draining = asyncio.create_task(listener.drain())
    await asyncio.sleep(0)
    late = await incoming(app)
    async with asyncio.timeout(5):
        while (await late.place())[1] != "x":
            await asyncio.sleep(0.05)
    assert not draining.done()
    assert not stay.ended.is_set()
    pupil.over.set()
    await call.over()
    await asyncio.wait_for(draining, 2)
    await late.hang_up()


@REAL
@EITHER
async def test_two_asterisks(listen, real_pbx, second_pbx, pupil, app):
    """Calls of two are served side by side, also when their channels have the same id, and each by its own."""
    listener, _ = await listen(pupil, app)
    pbxs = (real_pbx, second_pbx)
    calls, stays = [], []
    for number, pbx in enumerate(pbxs):
        calls.append(await pbx.for_outbound(app, [str(number)], number=f"same-{app}"))
        stays.append(await pupil.stay())
    assert [stay.args for stay in stays] == [["0"], ["1"]]
    assert {stay.channel.id for stay in stays} == {f"far-same-{app}"}
    for stay in stays:
        await stay.answer()
        await stay.set_variable("CALLERID(name)", stay.args[0])
    assert [(await pbx.ask("GET", f"/channels/far-same-{app}"))[1]["caller"]["name"] for pbx in pbxs] == ["0", "1"]
    assert listener.load == 2
    await calls[0].hang_up()
    await asyncio.wait_for(stays[0].ended.wait(), 3)
    await calls[1].press("7")
    assert await stays[1].key(within=2) == "7"
    pupil.over.set()
    await calls[1].over()


@REAL
async def test_requests_by_http_are_for_one_asterisk(listen, real_pbx, second_pbx, pupil, *, capsys):
    """A second Asterisk is refused where requests go to the HTTP server of the first: they would meet its channels."""
    http = (f"http://127.0.0.1:{real_pbx.port}", "hotline", PASSWORD)
    await listen(pupil, "each", http=http)
    call = await real_pbx.for_outbound("each", [])
    await pupil.stay()
    stranger = await second_pbx.for_outbound("each", [])
    shown = ""
    async with asyncio.timeout(5):
        while "for several, send all over the socket" not in shown:
            await asyncio.sleep(0.1)
            shown += capsys.readouterr().out
    assert pupil.stays.empty()
    pupil.over.set()
    await call.over()
    await stranger.hang_up()


@REAL
async def test_a_client_that_takes_the_name_ends_the_listener(listen, pupil, real_pbx, incoming):
    """A client that connects under the name of a kept socket takes it for good: the listener ends; and the cure."""
    listener, running = await listen(pupil, "kept")
    await kept(listener)
    call = await incoming("kept")
    stay = await pupil.stay()
    async with real_pbx._session.ws_connect("/ari/events?app=kept"):
        with pytest.raises(Replaced):
            await asyncio.wait_for(running, 3)
    with pytest.raises(Gone):
        await stay.answer()
    await call.hang_up()
    await real_pbx.asterisk.console("ari shutdown websocket session kept")
    await real_pbx.asterisk.console("module reload res_ari.so")
    listener, _ = await listen(pupil, "kept")
    await kept(listener)
