"""The shipped dialplan in a real Asterisk: calls come from bare UDP sockets, the application is a bare WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from urllib.parse import unquote

import pytest

from bare import App, Caller
from hotline.desk.caller import LONGEST
from hotline.pbx import PhoneAccount, Ports, PrivateAsterisk, Site, install_root
from hotline.settings import SHARE

TRUNK = "127.0.0.2"
PATIENCE = 1.0  # seconds; 4 as shipped, too long for a test
CLAIM_TIME = 0.3  # seconds, of two offers; as shipped
EITHER_WAY = pytest.mark.parametrize(
    "differs", [{"hand_over": "broadcast"}, {"hand_over": "stasis"}], ids=lambda how: how["hand_over"]
)
"""For tests of what holds however a call is handed over."""


@pytest.fixture(scope="module")
def root():
    """The root file system with Asterisk, made once on a machine."""
    return install_root()


@pytest.fixture
def differs():
    """What is other than usual about the site."""
    return {}


@pytest.fixture
def site(tmp_path, differs):
    """A site with one tester, whose fallback prompts are noise nobody could mistake."""
    sounds = tmp_path / "sounds"
    (sounds / "vi").mkdir(parents=True)
    (tmp_path / "secrets").mkdir()
    for name in ("fallback", "interrupted"):
        (sounds / "vi" / f"{name}.alaw").write_bytes(os.urandom(4000))
    with Ports.claim() as ports:
        yield Site(
            **ports.for_site(),
            ari_password="secret",
            sounds=sounds,
            secrets=tmp_path / "secrets",
            phones=[PhoneAccount("tester", "word", "+84912345678")],
            trunk_matches=[TRUNK],
            **differs,
        )


@pytest.fixture
async def pbx(root, site, tmp_path):
    """A running Asterisk with the shipped configuration, but for its patience with a frozen application."""
    dialplan = tmp_path / "dialplan"
    shutil.copytree(SHARE / "dialplan", dialplan)
    extensions = dialplan / "extensions.conf"
    text = extensions.read_text()
    assert "APP_PATIENCE = 4" in text
    extensions.write_text(text.replace("APP_PATIENCE = 4", f"APP_PATIENCE = {PATIENCE}"))
    async with PrivateAsterisk(root, tmp_path / "pbx", site, dialplan) as asterisk:
        yield asterisk


def decoded(event, **how):
    """The arguments of a StasisStart, by name."""
    return {key: unquote(value, **how) for key, _, value in (arg.partition("=") for arg in event["args"])}


def prompt(site, name):
    """The samples of a prompt."""
    return (site.sounds / "vi" / f"{name}.alaw").read_bytes()


NOTHING = {
    "origin": "trunk",
    "pai-headers": "0",
    "diversion-headers": "0",
    "history-headers": "0",
    "privacy-headers": "0",
    "pai1": "",
    "pai2": "",
    "privacy": "",
    "from": "0900000000",
    "complete": "yes",
}
"""What is said of a call that has no header about the caller; From is another's."""


@EITHER_WAY
async def test_asserted_identity_reaches_the_application_letter_for_letter(pbx, site):
    """Commas, quotes and dialplan syntax in P-Asserted-Identity reach the application as they were sent.

    But for round brackets, of which dashes are made.
    """
    identity = (
        '"Nguyễn, Văn \\"A\\" ${HASH(a)} $[1+1] 100%, )b) | ; [:2:3" <sip:+84(91)2345678;a=b,c@carrier.example>;x=\\'
    )
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite(f"P-Asserted-Identity: {identity}")
            event = await app.event("StasisStart")
            expected = identity.replace("(", "-").replace(")", "-")
            assert decoded(event) == NOTHING | {"pai-headers": "1", "pai1": expected}
            assert event["channel"]["state"] == "Ring"
    assert pbx.problems() == []


async def test_every_header_about_the_caller_is_passed_on(pbx, site):
    """Two identities and privacy are handed to the application, and how many of each header there are."""
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite(
                "P-Asserted-Identity: <sip:+84912345678@carrier.example>",
                "P-Asserted-Identity: <tel:+84987654321>",
                "p-asserted-identity:",
                "Diversion: <sip:+84911111111@carrier.example>;reason=unconditional",
                "History-Info:",
                f"HISTORY-INFO : {'<sip:+84911111111@carrier.example>;index=1, ' * 100}",
                "Privacy: id",
                "Privacy: user",
            )
            assert decoded(await app.event("StasisStart")) == NOTHING | {
                "pai-headers": "3",
                "diversion-headers": "1",
                "history-headers": "2",
                "privacy-headers": "2",
                "pai1": "<sip:+84912345678@carrier.example>",
                "pai2": "<tel:+84987654321>",
                "privacy": "id",
            }


async def test_a_long_value_is_seen_to_be_long(pbx, site):
    """Of what is longer than the application takes it gets one byte more, whatever it is made of; over 4 kB nothing."""
    names = "é" * 1900, "é" * 2100
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite(*(f'P-Asserted-Identity: "{name}" <sip:+84912345678@carrier.example>' for name in names))
            told = decoded(await app.event("StasisStart"), errors="surrogateescape")
            assert told["pai-headers"] == "2"
            assert len(told["pai1"].encode(errors="surrogateescape")) == LONGEST + 1
            assert told["pai2"] == ""


async def test_a_header_on_three_lines_loses_the_first_two(pbx, site):
    """What SECURITY.md says remains: of a folded header Asterisk's parser keeps the last line, or the last two."""
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite("P-Asserted-Identity: <tel:+84987654321>,\r\n <tel:+84911111111>,\r\n <tel:+84912345678>")
            told = NOTHING | {"pai-headers": "1", "pai1": "<tel:+84912345678>"}
            assert decoded(await app.event("StasisStart")) == told


async def test_the_callers_own_word_is_not_passed_on(pbx, site):
    """A call from the trunk without P-Asserted-Identity has no identity at all, whatever From says."""
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite("Remote-Party-ID: <sip:+84912345678@carrier.example>;party=calling", user="+84912345678")
            assert decoded(await app.event("StasisStart")) == NOTHING | {"from": "+849123456"}


async def test_a_testers_number_is_that_of_the_account(pbx, site):
    """A softphone that knows its password is called by its account's number, whatever number it claims."""
    async with App.connect(site) as app:
        with Caller(site, "127.0.0.1") as caller:
            caller.invite(user="tester")
            claim = "P-Asserted-Identity: <sip:+84987654321@carrier.example>"
            await caller.refused_then_invite_with(claim, user="tester", password="word")
            assert decoded(await app.event("StasisStart")) == {"origin": "phone", "number": "+84912345678"}


@pytest.mark.parametrize("user", ["stranger", "trunk", "tester"])
async def test_a_stranger_is_refused(pbx, site, user):
    """Whoever comes from another address without a password is challenged, also under the name of the trunk."""
    with Caller(site, "127.0.0.3") as caller:
        caller.invite("P-Asserted-Identity: <sip:+84912345678@carrier.example>", user=user)
        assert (await caller.answer())[0] == 401
    assert await pbx.console("core show channels concise") == ""


@pytest.mark.parametrize("differs", [{"most_calls": 4}], ids=["four"])
async def test_calls_beyond_the_cap_are_refused_and_the_others_are_not(pbx, site):
    """Of a burst of calls each is taken or gets 503 as its first word; when those taken have ended others are taken."""
    with contextlib.ExitStack() as stack:
        burst = [stack.enter_context(Caller(site, TRUNK)) for _ in range(20)]
        for caller in burst:
            caller.invite()
        said = [(await caller.answer(first=183))[0] for caller in burst]
        assert 2 <= said.count(183) <= 4  # some may step back once too often
        assert said.count(183) + said.count(503) == len(burst)
        taken = [caller for caller, status in zip(burst, said, strict=True) if status == 183]
        assert {(await caller.answer(first=200))[0] for caller in taken} == {480}
    with Caller(site, TRUNK) as another:
        another.invite()
        assert (await another.answer(first=183))[0] == 183


@EITHER_WAY
async def test_application_away_is_told_at_once_and_free(pbx, site):
    """Without an application the caller hears the fallback in early media, and the call ends unanswered."""
    with Caller(site, TRUNK) as caller:
        began = time.monotonic()
        caller.invite()
        assert (await caller.answer(first=180))[0] == 183
        assert time.monotonic() - began < 0.6  # SPEC §7
        await caller.heard(prompt(site, "fallback"))
        assert (await caller.answer())[0] == 480


@EITHER_WAY
async def test_application_frozen_is_told_before_answer(pbx, site, differs):
    """With an application that never acts, the caller hears the fallback once its time is over, unanswered."""
    limit = PATIENCE if differs["hand_over"] == "stasis" else CLAIM_TIME
    async with App.connect(site):
        with Caller(site, TRUNK) as caller:
            began = time.monotonic()
            caller.invite()
            assert (await caller.answer(first=180))[0] == 183
            assert time.monotonic() - began == pytest.approx(limit, abs=0.35)
            await caller.heard(prompt(site, "fallback"))
            assert (await caller.answer())[0] == 480


TWO = ["hotline-a", "hotline-b"]


@pytest.mark.parametrize("differs", [{"hand_over": "stasis", "apps": TWO}])
async def test_a_process_that_is_away_is_passed_over(pbx, site):
    """Of two processes that are tried in turn one is away: the other gets every call, at once."""
    async with App.connect(site, "hotline-b") as app:
        for _ in range(5):  # each begins with either
            with Caller(site, TRUNK) as caller:
                began = time.monotonic()
                caller.invite()
                assert (await app.event("StasisStart"))["args"][0] == "origin=trunk"
                assert time.monotonic() - began < PATIENCE / 2


@pytest.mark.parametrize("differs", [{"hand_over": "stasis", "apps": TWO}])
async def test_a_frozen_process_is_passed_over(pbx, site):
    """Of two processes that are tried in turn one does nothing: its calls go to the other when its time is over."""
    waits = []
    async with App.connect(site, "hotline-a"), App.connect(site, "hotline-b") as app:
        for _ in range(5):
            with Caller(site, TRUNK) as caller:
                began = time.monotonic()
                caller.invite()
                await app.event("StasisStart")
                waits.append(time.monotonic() - began)
    assert max(waits) < PATIENCE + 0.5


@pytest.mark.parametrize("differs", [{"apps": TWO}])
async def test_a_frozen_process_claims_nothing(pbx, site):
    """Of two processes that are offered a call one does nothing: the other gets it, at once."""
    async with App.connect(site, "hotline-a"), App.connect(site, "hotline-b") as app:
        with Caller(site, TRUNK) as caller:
            began = time.monotonic()
            caller.invite()
            await app.event("StasisStart")
            assert time.monotonic() - began < CLAIM_TIME


async def test_an_offer_that_went_unheard_is_made_again(pbx, site):
    """A call that is offered just before a process takes the name of another is offered to that one, too."""
    async with App.connect(site) as before:
        with Caller(site, TRUNK) as caller:
            caller.invite()
            await before.unclaimed()
            async with App.connect(site) as app:
                await app.event("StasisStart")


@pytest.mark.parametrize("differs", [{"apps": TWO}])
async def test_a_process_that_freezes_with_a_call_loses_it(pbx, site):
    """A process that claims a call and then does nothing: it is offered again when its time is over."""
    async with App.connect(site, "hotline-a") as frozen, App.connect(site, "hotline-b") as app:
        with Caller(site, TRUNK) as caller:
            began = time.monotonic()
            caller.invite()
            await frozen.event("StasisStart")
            await asyncio.sleep(PATIENCE / 2)
            await app.event("StasisStart")
            assert time.monotonic() - began == pytest.approx(PATIENCE, abs=0.5)


@pytest.mark.parametrize("differs", [{"apps": TWO}, {"apps": TWO, "hand_over": "stasis"}], ids=["broadcast", "stasis"])
async def test_a_call_that_is_given_back_goes_to_another(pbx, site):
    """A process that cannot take a call gives it back, and the caller, who notices nothing, gets to the other one."""
    async with App.connect(site, "hotline-a") as full, App.connect(site, "hotline-b") as app:
        for _ in range(3):
            giving = asyncio.create_task(full.give_back("yes"))
            with Caller(site, TRUNK) as caller:
                caller.invite()
                await asyncio.wait({giving}, timeout=PATIENCE / 2)  # with plain Stasis the other may be the first
                channel = (await app.event("StasisStart"))["channel"]["id"]
                await app.post(f"channels/{channel}/answer")
                assert (await caller.answer())[0] == 200
            giving.cancel()


@EITHER_WAY
async def test_a_call_that_is_given_back_by_the_only_process_comes_again_once(pbx, site):
    """Given back by the last process there is a call is tried once more, then the caller hears the fallback."""
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite()
            await app.give_back()
            await app.give_back()
            assert (await caller.answer())[0] == 480


@EITHER_WAY
async def test_a_call_that_the_only_process_can_not_take_is_not_offered_to_it_again(pbx, site):
    """Full or ending it will be the next moment as well, so the caller hears the fallback at once."""
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite()
            await app.give_back("yes")
            assert (await caller.answer())[0] == 480


@pytest.mark.parametrize("differs", [{"apps": TWO}, {"apps": TWO, "hand_over": "stasis"}], ids=["broadcast", "stasis"])
async def test_a_call_that_is_given_back_comes_again_though_others_are_away(pbx, site):
    """Who found a call waiting when it took a name, and gave it back, gets it anew, whoever else is tried before."""
    async with App.connect(site, "hotline-a") as app:
        for _ in range(4):  # each begins with either
            with Caller(site, TRUNK) as caller:
                caller.invite()
                await app.give_back()
                channel = (await app.event("StasisStart"))["channel"]["id"]
                await app.post(f"channels/{channel}/answer")
                assert (await caller.answer())[0] == 200


@pytest.mark.parametrize("differs", [{"queues": 2}, {"queues": 2, "hand_over": "stasis"}], ids=["broadcast", "stasis"])
async def test_calls_are_spread_over_the_queues(pbx, site):
    """With two queues a process has two names, and calls come under either."""
    async with App.connect(site, "hotline.1,hotline.2") as app:
        seen = set()
        for _ in range(20):
            with Caller(site, TRUNK) as caller:
                caller.invite()
                seen.add((await app.event("StasisStart"))["application"])
            if len(seen) == 2:
                break
        assert seen == {"hotline.1", "hotline.2"}


async def test_application_that_takes_over_sets_the_time_itself(pbx, site):
    """Once the application set TIMEOUT(absolute) its patience is void; when that time ends, the caller is told why."""
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite()
            channel = (await app.event("StasisStart"))["channel"]["id"]
            limit = {"variable": "TIMEOUT(absolute)", "value": str(PATIENCE + 1)}
            began = time.monotonic()
            assert await app.post(f"channels/{channel}/variable", **limit) == 204
            assert await app.post(f"channels/{channel}/answer") == 204
            assert (await caller.answer())[0] == 200
            await caller.heard(prompt(site, "interrupted"))
            assert time.monotonic() - began > PATIENCE + 1


async def test_keys_are_written_nowhere(pbx, site):
    """A key of the caller reaches the application and none of Asterisk's files, however talkative its console is."""
    await pbx.console("core set verbose 5")
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite()
            channel = (await app.event("StasisStart"))["channel"]["id"]
            await app.post(f"channels/{channel}/answer")
            await caller.answer()
            before = _written(pbx)
            caller.send("INFO", body="Signal=7\r\nDuration=160\r\n", kind="application/dtmf-relay")
            assert (await app.event("ChannelDtmfReceived"))["digit"] == "7"
            assert _written(pbx) == before


async def test_nothing_can_be_recorded(pbx, site):
    """A request to record a call ends at once and leaves no file, although the module that could is there."""
    async with App.connect(site) as app:
        with Caller(site, TRUNK) as caller:
            caller.invite()
            channel = (await app.event("StasisStart"))["channel"]["id"]
            await app.post(f"channels/{channel}/answer")
            await app.post(f"channels/{channel}/record", name="call", format="alaw")
            assert (await app.event("RecordingFinished"))["recording"]["duration"] == 0
    assert not [path for path in pbx.run_dir.rglob("*") if path.stem == "call"]


def _written(pbx):
    return {path: path.read_bytes() for path in (pbx.run_dir / "log").rglob("*") if path.is_file()}
