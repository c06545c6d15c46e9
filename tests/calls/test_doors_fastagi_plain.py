"""A switchboard with a dialplan of its own, as docs/admin.md tells to make it, hands calls over by FastAGI."""

import asyncio
import contextlib
import re
import shutil
import textwrap
from urllib.parse import unquote

import pytest
import pytest_asyncio

from bare import Caller
from hotline.call import CallerGone
from hotline.doors.fastagi import FastAgiDoor
from hotline.pbx import Ports, PrivateAsterisk, Site, install_root
from hotline.settings import SHARE, FastAgiSettings

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("plain")]

TRUNK = "127.0.0.2"
IDENTITY = '"Nguyễn, Văn \\"A\\" ${HASH(a)}" <sip:+84912345678@carrier.example;user=phone>'


def documented():
    """Return the dialplan that the guide tells admins to write."""
    guide = (SHARE / "docs" / "admin.md").read_text(encoding="utf-8")
    example = re.search(r"```ini\n(.*?)```", guide[guide.index("### A dialplan of your own") :], re.DOTALL)
    return textwrap.dedent(re.sub(r"^   ", "", example[1], flags=re.MULTILINE))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pbx(tmp_path_factory):
    """Asterisk with that dialplan, and the carrier's endpoint as the guide has it."""
    folder = tmp_path_factory.mktemp("plain")
    dialplan, sounds = folder / "dialplan", folder / "sounds"
    shutil.copytree(SHARE / "dialplan", dialplan)
    (sounds / "vi").mkdir(parents=True)
    (folder / "secrets").mkdir()
    (sounds / "vi" / "fallback.alaw").write_bytes(bytes(range(256)) * 20)
    with Ports.claim() as ports:
        text = documented().replace("/var/lib/vssid-hotline/sounds", str(sounds))
        text = text.replace("4573/hotline", f"{ports.agi}/hotline")
        (dialplan / "extensions.conf").write_text(text)
        pjsip = dialplan / "pjsip.conf"
        pjsip.write_text(pjsip.read_text().replace("context = from-trunk", "context = hotline-trunk"))
        site = Site(
            **ports.for_site(),
            ari_password="secret",
            sounds=sounds,
            secrets=folder / "secrets",
            trunk_matches=[TRUNK],
            fastagi=[f"127.0.0.1:{ports.agi}/hotline"],
            agi=True,
        )
        async with PrivateAsterisk(install_root(), folder / "pbx", site, dialplan) as asterisk:
            yield asterisk


@contextlib.asynccontextmanager
async def open_door(pbx):
    """Have a door open where the dialplan looks for it; yields the calls that come."""
    calls = asyncio.Queue()

    async def receive(call):
        calls.put_nowait(call)
        with contextlib.suppress(CallerGone):
            await call.answer()
            await asyncio.sleep(30)

    port = int(pbx.site.fastagi[0].split(":")[1].split("/")[0])
    door = FastAgiDoor(FastAgiSettings(enabled=True, port=port), {}, call_seconds=60, calls_at_once=5)
    running = asyncio.create_task(door.open(receive))
    await door.opened.wait()
    try:
        yield calls
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_the_documented_dialplan_hands_a_call_over(pbx):
    """What the carrier asserts reaches the application, with dashes for round brackets, and it answers the call."""
    async with open_door(pbx) as calls:
        with Caller(pbx.site, TRUNK) as caller:
            caller.invite(f"P-Asserted-Identity: {IDENTITY}", "Privacy: none")
            call = await asyncio.wait_for(calls.get(), 5)
            assert [unquote(argument) for argument in call.arguments] == [
                "origin=trunk",
                *("pai-headers=1", "diversion-headers=0", "history-headers=0", "privacy-headers=1"),
                *(
                    f"pai1={IDENTITY.replace('(', '-').replace(')', '-')}",
                    "pai2=",
                    "privacy=none",
                    "from=0900000000",
                    "complete=yes",
                ),
            ]
            assert (await caller.answer())[0] == 200
            caller.send("BYE")
    assert pbx.problems() == []


async def test_the_documented_dialplan_has_the_last_word(pbx):
    """Without an application the fallback is heard before the answer, and the call is refused."""
    with Caller(pbx.site, TRUNK) as caller:
        caller.invite(f"P-Asserted-Identity: {IDENTITY}")
        assert (await caller.answer(first=183))[0] == 183
        await caller.heard(bytes(range(256)) * 4)
        assert (await caller.answer())[0] == 480
