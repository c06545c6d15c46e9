"""A switchboard with a dialplan of its own, as docs/existing-pbx.md tells to make it, hands calls over by ARI."""

import re
import shutil
import textwrap
from urllib.parse import unquote

import pytest
import pytest_asyncio

from bare import App, Caller
from hotline.pbx import Ports, PrivateAsterisk, Site, install_root
from hotline.settings import SHARE

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("plain")]

TRUNK = "127.0.0.2"
PAI = "P-Asserted-Identity: <sip:+84912345678@carrier.example>"
SORRY = bytes(range(256)) * 20


def documented(heading):
    """Return the configuration that a part of the guide tells admins to write, example by example."""
    guide = (SHARE / "docs" / "existing-pbx.md").read_text(encoding="utf-8")
    part = guide[guide.index(f"## {heading}\n") :]
    return [
        textwrap.dedent(re.sub(r"^   ", "", example, flags=re.MULTILINE))
        for example in re.findall(r"```ini\n(.*?)```", part, re.DOTALL)
    ]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pbx(tmp_path_factory):
    """Asterisk with that dialplan and ARI user, and the carrier's endpoint as the guide has it."""
    folder = tmp_path_factory.mktemp("existing")
    dialplan, sounds = folder / "dialplan", folder / "sounds"
    shutil.copytree(SHARE / "dialplan", dialplan)
    (sounds / "vi").mkdir(parents=True)
    (folder / "secrets").mkdir()
    (sounds / "vi" / "fallback.alaw").write_bytes(SORRY)
    plan, ari = documented("Plain Asterisk, by ARI")
    (dialplan / "extensions.conf").write_text(plan.replace("/var/lib/vssid-hotline/sounds", str(sounds)))
    (dialplan / "ari.conf").write_text(ari.replace("change-me", "a-long-password-of-ari"))
    pjsip = dialplan / "pjsip.conf"
    pjsip.write_text(pjsip.read_text().replace("context = from-trunk", "context = hotline-trunk"))
    with Ports.claim() as ports:
        site = Site(
            **ports.for_site(),
            ari_password="a-long-password-of-ari",
            sounds=sounds,
            secrets=folder / "secrets",
            trunk_matches=[TRUNK],
        )
        async with PrivateAsterisk(install_root(), folder / "pbx", site, dialplan) as asterisk:
            assert asterisk.problems() == []
            yield asterisk


async def refused_with_a_word(caller):
    """See that the fallback is heard before the answer, and the call refused."""
    assert (await caller.answer(first=183))[0] == 183
    await caller.heard(SORRY[:1024])
    assert (await caller.answer())[0] == 480


async def test_the_documented_dialplan_hands_a_call_over(pbx):
    """What the carrier asserts reaches the application, which answers; the end of its work is the end of the call."""
    async with App.connect(pbx.site) as app:
        with Caller(pbx.site, TRUNK) as caller:
            caller.invite(PAI)
            began = await app.event("StasisStart")
            told = [unquote(argument) for argument in began["args"]]
            assert told[:2] == ["origin=trunk", "pai-headers=1"]
            assert "pai1=<sip:+84912345678@carrier.example>" in told
            assert told[-1] == "complete=yes"
            channel = began["channel"]["id"]
            await app.post(f"channels/{channel}/variable", variable="TIMEOUT(absolute)", value="60")
            await app.post(f"channels/{channel}/answer")
            assert (await caller.answer())[0] == 200
            caller.send("ACK")
            await app.post(f"channels/{channel}/continue")
            await app.event("StasisEnd")


async def test_the_documented_dialplan_has_the_last_word(pbx):
    """An application that is away, full or frozen: the fallback is heard before the answer."""
    with Caller(pbx.site, TRUNK) as caller:
        caller.invite(PAI)
        await refused_with_a_word(caller)
    await pbx.console("dialplan set global APP_PATIENCE 1")
    for gives_back in (True, False):
        async with App.connect(pbx.site) as app:
            with Caller(pbx.site, TRUNK) as caller:
                caller.invite(PAI)
                if gives_back:
                    await app.give_back("yes")
                await refused_with_a_word(caller)
