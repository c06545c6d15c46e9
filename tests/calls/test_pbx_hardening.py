"""The switchboard as shipped, asked by those who should get nothing: strangers, and a thief of the ARI password."""

import asyncio
import contextlib
import re
import socket
import statistics
import struct
import time

import aiohttp
import pytest
import pytest_asyncio

from bare import App, Caller
from hotline.pbx import Ami, PhoneAccount, Ports, PrivateAsterisk, Site, install_root
from leaks.debugging import watching

# They share an Asterisk.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("hardening")]

TRUNK = "127.0.0.2"
STRANGER = "127.0.0.3"
OUTSIDE = "127.0.0.9"
PAI = "P-Asserted-Identity: <sip:+84912345678@carrier.example>"
METHODS = {
    "INVITE": [],
    "REGISTER": ["Expires: 60"],
    "OPTIONS": [],
    "SUBSCRIBE": ["Event: presence", "Expires: 60"],
    "MESSAGE": [],
    "PUBLISH": ["Event: presence", "Expires: 60"],
    "NOTIFY": ["Event: presence", "Subscription-State: active"],
    "REFER": ["Refer-To: <sip:00441234@127.0.0.9>"],
    "INFO": [],
    "UPDATE": [],
}


@contextlib.contextmanager
def new_site(folder, **more):
    """A site with one tester, which takes SIP from the first seven addresses of loopback only."""
    for name in ("sounds/vi", "secrets"):
        (folder / name).mkdir(parents=True)
    for name in ("fallback", "interrupted"):
        (folder / "sounds/vi" / f"{name}.alaw").write_bytes(bytes(range(250)) * 320)  # 10 s
    with Ports.claim() as ports:
        ami = Ami(ports.ami, "a-long-password-of-ami") if more.pop("watched", False) else None
        yield Site(
            **ports.for_site(),
            ari_password="a-long-password-of-ari",
            sounds=folder / "sounds",
            secrets=folder / "secrets",
            phones=[PhoneAccount("tester", "a-long-password", "+84912345678")],
            trunk_matches=[TRUNK],
            peers=["127.0.0.0/29"],
            ami=ami,
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site as shipped, but for its ports and words."""
    with new_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pbx(site, tmp_path_factory):
    """A running Asterisk with the shipped configuration."""
    async with PrivateAsterisk(install_root(), tmp_path_factory.mktemp("run") / "pbx", site) as asterisk:
        yield asterisk


@pytest_asyncio.fixture(loop_scope="session")
async def processed(pbx):
    """Return how many calls came as far as the dialplan in this test."""

    async def since_the_start():
        return int(re.search(r"(\d+) calls? processed", await pbx.console("core show channels"))[1])

    before = await since_the_start()

    async def in_this_test():
        return await since_the_start() - before

    return in_this_test


async def answered(site, address, method, user):
    """Status and text of what a request from `address` gets."""
    with Caller(site, address) as caller:
        if method == "INVITE":
            caller.invite(PAI, user=user)
        else:
            caller.send(method, *METHODS[method], user=user)
        return await caller.answer()


async def test_who_is_not_in_a_permitted_network_is_refused_whatever_they_ask(processed, site):
    """From outside the networks of site/pjsip-acl.conf every request gets the same 403, whatever name it has."""
    for method in METHODS:
        for user in ("tester", "trunk", "stranger"):
            assert (await answered(site, OUTSIDE, method, user))[0] == 403
    assert await processed() == 0


async def test_a_stranger_is_asked_for_a_password_whatever_they_ask(processed, site):
    """There is no anonymous way in: every request of a stranger is challenged, and nothing reaches the dialplan."""
    for method in METHODS:
        for user in ("tester", "trunk", "stranger"):
            assert (await answered(site, STRANGER, method, user))[0] == 401
    assert await processed() == 0


async def test_a_challenge_says_nothing_about_the_system(pbx, site):
    """Neither name nor version of the software is in what a stranger gets."""
    _, text = await answered(site, STRANGER, "INVITE", "tester")
    assert 'realm="hotline"' in text
    assert not re.search(
        r"asterisk|pjsip|\d+\.\d+\.\d+(?!\.)", text.replace(STRANGER, "").replace(site.address, ""), re.IGNORECASE
    )


async def test_who_exists_cannot_be_told_from_who_does_not(pbx, site):
    """A known and an unknown user get the same answers, word for word but for random parts, after the same time."""
    seconds = {"tester": [], "nobody": []}
    answers = {"tester": set(), "nobody": set()}
    for _ in range(40):
        for user, taken in seconds.items():
            with Caller(site, STRANGER) as caller:
                for ask in (
                    lambda: caller.invite(user=user),  # noqa: B023
                    lambda: caller.send("REGISTER", user=user),  # noqa: B023
                ):
                    began = time.perf_counter()
                    ask()
                    status, text = await caller.answer()
                    taken.append(time.perf_counter() - began)
                    caller.to_tag = ""
                    answers[user].add(_without_random_parts(status, text, user))
            with Caller(site, STRANGER) as caller:
                caller.invite(user=user)
                await caller.refused_then_invite_with(user=user, password="wrong")
                answers[user].add(_without_random_parts(*await caller.answer(), user))
    assert answers["tester"] == answers["nobody"]
    assert {answer[0] for answer in answers["tester"]} == {401}
    # Measured 0.02 ms apart; what a network adds to an answer varies by more.
    assert abs(statistics.median(seconds["tester"]) - statistics.median(seconds["nobody"])) < 0.005


def _without_random_parts(status, text, user):
    kept = [line for line in text.splitlines() if not line.startswith(("Via", "Call-ID", "From", "To", "CSeq"))]
    return status, re.sub(r'(nonce|opaque)="[^"]*"', r"\1", "\n".join(kept).replace(user, "USER"))


@pytest.mark.parametrize(
    ("method", "status"),
    [("REGISTER", 403), ("OPTIONS", 200), ("SUBSCRIBE", 489), ("MESSAGE", 501), ("PUBLISH", 489), ("REFER", 501)],
)
async def test_the_carrier_can_do_nothing_but_call(processed, site, method, status):
    """Registrations, subscriptions, messages and transfers are refused to the trunk too."""
    assert (await answered(site, TRUNK, method, "carrier"))[0] == status
    assert await processed() == 0


async def test_the_carrier_reaches_the_hotline_and_nothing_else(processed, site):
    """Other numbers, and names of the dialplan's own parts, are not found: no toll fraud through the trunk."""
    for number in (
        "00441234567",
        "113",
        "600",
        "601",
        "call",
        "sorry",
        "s",
        "T",
        "h",
        "i",
        "call%40hotline",
        "19009068%26Local",
    ):
        with Caller(site, TRUNK) as caller:
            caller.invite(PAI, number=number)
            assert (await caller.answer())[0] == 404
    assert await processed() == 0


class Thief:
    """Who has the ARI password, with a call of theirs on the line."""

    def __init__(self, app, caller, channel, media_port):
        self.app = app
        self.caller = caller
        self.channel = channel
        self.media_port = media_port

    async def asks(self, method, path, **params):
        return await self.app.request(method, path, **params)


@contextlib.asynccontextmanager
async def theft(site, *, answer=True, key_events=False):
    """A call from the trunk in the hands of a thief of the ARI password."""
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite(PAI, key_events=key_events)
            channel = (await app.event("StasisStart"))["channel"]["id"]
            await app.post(f"channels/{channel}/variable", variable="TIMEOUT(absolute)", value="60")
            port = 0
            if answer:
                await app.post(f"channels/{channel}/answer")
                _, text = await caller.answer()
                port = int(re.search(r"^m=audio (\d+)", text, re.MULTILINE)[1])
            try:
                yield Thief(app, caller, channel, port)
            finally:
                await app.request("DELETE", f"channels/{channel}")


async def test_the_ari_user_can_load_nothing_and_configure_nothing(pbx, site):
    """Modules, log files, SIP objects and global variables are out of reach: the resource is not loaded."""
    async with theft(site) as thief:
        for method, path in (
            ("POST", "asterisk/modules/app_mixmonitor.so"),
            ("POST", "asterisk/modules/res_ari_bridges.so"),
            ("POST", "asterisk/logging/leak"),
            ("POST", "asterisk/variable"),
            ("PUT", "asterisk/config/dynamic/res_pjsip/endpoint/evil"),
            ("POST", "bridges"),
            ("GET", "recordings/stored"),
            ("GET", "endpoints"),
            ("PUT", "endpoints/sendMessage"),
            ("GET", "sounds"),
            ("PUT", "deviceStates/Stasis:x"),
        ):
            assert (await thief.asks(method, path))[0] == 404
        for function in ("SHELL(id)", "FILE(/etc/passwd)", "ENV(PATH)", "DB(a/b)", "CURL(http://127.0.0.1)"):
            status, said = await thief.asks("GET", f"channels/{thief.channel}/variable", variable=function)
            assert (status, said) == (500, {"message": "Unable to read provided function"})


async def test_the_ari_user_can_call_nobody(pbx, site):
    """No call leaves the house, whoever asks for it: neither SIP nor media reaches another address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind((OUTSIDE, 0))
        elsewhere.setblocking(False)
        there = "{}:{}".format(*elsewhere.getsockname())
        async with theft(site) as thief:
            for endpoint, status in {
                f"PJSIP/trunk/sip:00441234567@{there}": 200,
                f"PJSIP/tester/sip:00441234567@{there}": 200,
                "PJSIP/tester": 500,
                f"AudioSocket/{there}/00000000-0000-0000-0000-000000000000": 500,
                f"UnicastRTP/{there}": 500,
                "WebSocket/INCOMING": 500,
            }.items():
                assert (await thief.asks("POST", "channels", endpoint=endpoint, app="hotline"))[0] == status
            media = {"app": "hotline", "external_host": there, "format": "alaw"}
            assert (await thief.asks("POST", "channels/externalMedia", **media))[0] == 500
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.5):
                    await asyncio.get_running_loop().sock_recv(elsewhere, 4096)


async def test_what_the_ari_user_snoops_goes_nowhere(pbx, site):
    """Snooping begins, as its module can't be left out; but it can be neither recorded nor joined to anything."""
    async with theft(site) as thief:
        status, snoop = await thief.asks("POST", f"channels/{thief.channel}/snoop", spy="both", app="hotline")
        assert status == 200
        for channel in (snoop["id"], thief.channel):
            await thief.asks("POST", f"channels/{channel}/record", name=f"theft-{channel}", format="alaw")
        assert (await thief.app.event("RecordingFinished"))["recording"]["duration"] == 0
        assert (await thief.asks("POST", "bridges", type="mixing"))[0] == 404
        assert (await thief.asks("POST", f"channels/{snoop['id']}/dial"))[0] == 409
    assert not list(pbx.run_dir.rglob("theft*"))
    applications = await pbx.console("core show applications")
    assert not re.search(
        r"(MixMonitor|ChanSpy|Record|Dictate|Monitor|Dial|Originate|System|AGI|AudioSocket|Page):", applications
    )


async def test_the_ari_user_can_redirect_a_call_that_is_not_answered(pbx, site):
    """What remains (SECURITY.md): a 302 to the carrier, which must not follow it; an answered call can't be moved."""
    there = f"PJSIP/sip:evil@{OUTSIDE}"
    async with theft(site, answer=False) as thief:
        await thief.asks("POST", f"channels/{thief.channel}/redirect", endpoint=there)
        assert (await thief.caller.answer())[0] == 302
    async with theft(site) as thief:
        thief.caller.send("ACK")
        await thief.asks("POST", f"channels/{thief.channel}/redirect", endpoint=there)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await asyncio.get_running_loop().sock_recv(thief.caller._sip, 4096)


def rtp(sequence, source, payload, kind=8):
    """An RTP packet of 20 ms."""
    return struct.pack("!BBHII", 0x80, kind, sequence & 0xFFFF, sequence * 160, source) + payload


@pytest.mark.parametrize("silent", [True, False], ids=["the caller is silent", "the caller speaks"])
async def test_media_goes_to_the_caller_whoever_else_sends(pbx, site, silent):
    """A third party that sends to the call's port hears nothing; beside a caller who speaks its keys don't count."""
    with Caller(site, OUTSIDE) as bleeder:
        async with theft(site, key_events=True) as thief:
            thief.caller.send("ACK")
            heard = 0
            for place in range(20):
                if not silent:
                    thief.caller.send_rtp(thief.media_port, rtp(place, 1, b"\xd5" * 160))
                await asyncio.sleep(0.02)
            await thief.app.post(f"channels/{thief.channel}/play", media=f"sound:{site.sounds}/vi/fallback")
            for place in range(60):
                if not silent:
                    thief.caller.send_rtp(thief.media_port, rtp(20 + place, 1, b"\xd5" * 160))
                bleeder.send_rtp(thief.media_port, rtp(place, 7, b"\xd5" * 160))
                key = struct.pack("!BBH", 5, 0x8A if place % 5 == 4 else 0x0A, 160 * (place % 5 + 1))
                bleeder.send_rtp(thief.media_port, rtp(1000 + place, 7, key, kind=101))
                await asyncio.sleep(0.02)
                heard += len(thief.caller.received_rtp())
            assert bleeder.received_rtp() == []
            assert heard > 30
            if not silent:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(thief.app.event("ChannelDtmfReceived"), 0.5)


async def test_the_web_server_has_nothing_but_ari_and_asks_for_a_password(pbx, site):
    """No status page, metrics, static files or manager; the bare WebSocket is closed; ARI wants its password."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{site.http_port}/") as session:

        async def status(path, **more):
            async with session.get(path, **more) as answer:
                return answer.status

        for path in (
            "",
            "metrics",
            "static/index.html",
            "httpstatus",
            "manager",
            "rawman",
            "amanager",
            "phoneprov",
            "uploads",
        ):
            assert await status(path) == 404
        assert await status("ws") in {401, 403, 404}
        for path in ("ari/applications", "ari/api-docs/resources.json", "ari/channels", "ari/events?app=hotline"):
            assert await status(path) == 401
        wrong = aiohttp.encode_basic_auth(site.ari_user, "wrong")
        assert await status("ari/applications", headers={"Authorization": wrong}) == 401


async def test_the_manager_interface_is_off(pbx, site):
    """Nothing listens where AMI would."""
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", 5038)
    assert re.search(r"Manager \(AMI\):\s+No", await pbx.console("manager show settings"))


async def test_the_manager_interface_switched_on_lets_its_user_only_watch(tmp_path):
    """With the example of site/manager.conf: on loopback, with its password, no event of a call and no command."""
    with new_site(tmp_path, watched=True) as site:
        async with PrivateAsterisk(install_root(), tmp_path / "pbx", site) as pbx:
            assert f"127.0.0.1:{site.ami.port}" in await pbx.console("manager show settings")
            assert "Error" in await _manager(site, "Login", Username="watch", Secret="wrong")
            for action in (
                {"Action": "Originate", "Channel": "Local/19009068@from-trunk", "Application": "Wait", "Data": "1"},
                {"Action": "Command", "Command": "core show channels"},
                {"Action": "Getvar", "Variable": "GLOBAL(APP)"},
                {"Action": "UpdateConfig", "SrcFilename": "ari.conf", "DstFilename": "ari.conf"},
                {"Action": "ModuleLoad", "Module": "app_mixmonitor.so", "LoadType": "load"},
            ):
                told = await _manager(site, "Login", action, Username="watch", Secret=site.ami.password)
                assert "Permission denied" in told
            async with watching(site.ami, tmp_path / "events"), theft(site) as thief:
                thief.caller.send("INFO", body="Signal=7\r\nDuration=160\r\n", kind="application/dtmf-relay")
                await thief.app.event("ChannelDtmfReceived")
                await pbx.console("core reload")  # an event it may see: all before it have come
                while b"Event: Reload" not in (events := (tmp_path / "events").read_bytes()):
                    await asyncio.sleep(0.05)
            assert not re.search(rb"DTMF|Digit|Newchannel|Channel:|\+84", events)


async def _manager(site, action, *more, **fields):
    """Send an action, and others after it; return all that comes within 1.5 s. A wrong password is told after one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.ami.port)
    for one in ({"Action": action} | fields, *more):
        writer.write(("".join(f"{name}: {value}\r\n" for name, value in one.items()) + "\r\n").encode())
    told = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.5):
            while data := await reader.read(4096):
                told += data
    writer.close()
    return told.decode()
