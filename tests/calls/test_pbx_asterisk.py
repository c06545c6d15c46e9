"""The private Asterisk itself: it starts clean, has nothing it should not have, and is gone when we are."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from hotline.pbx import PbxUnavailable, Ports, PrivateAsterisk, Site, install_root, ready
from hotline.settings import SHARE

FORBIDDEN = re.compile(
    r"(app_(mixmonitor|chanspy|record|read|dictate|system|voicemail|sms)|func_shell|res_hep|res_ari_recordings|res_agi"
    r"|res_pjsip_(logger|history|endpoint_identifier_anonymous)|cdr_|cel_|res_prometheus|res_snmp|pbx_spool|func_curl)"
)


@pytest.fixture(scope="module")
def root():
    """The root file system with Asterisk, made once on a machine."""
    return install_root()


@pytest.fixture
def site(tmp_path):
    """A site on ports of its own."""
    (tmp_path / "sounds").mkdir()
    (tmp_path / "secrets").mkdir()
    with Ports.claim() as ports:
        yield Site(
            **ports.for_site(),
            ari_password="secret",
            sounds=tmp_path / "sounds",
            secrets=tmp_path / "secrets",
        )


async def test_it_starts_without_a_warning_and_with_nothing_but_what_is_listed(root, site, tmp_path):
    """Started with the shipped configuration it warns of nothing, reads every file and runs just the listed modules."""
    async with PrivateAsterisk(root, tmp_path / "pbx", site) as pbx:
        assert pbx.problems() == []
        loaded = ready.running(await pbx.console("module show"))
        assert loaded == pbx.modules_wanted()
        assert not [module for module in loaded if FORBIDDEN.match(module)]
        shipped = {str(path.relative_to(SHARE / "dialplan")) for path in (SHARE / "dialplan").rglob("*.conf")}
        assert shipped == set(re.findall(r"/pbx/etc/(\S+)", await pbx.console("config list")))


async def test_nothing_it_offers_listens_beyond_loopback(root, site, tmp_path):
    """SIP and ARI listen on loopback only; AMI, call records and event logs are off."""
    async with PrivateAsterisk(root, tmp_path / "pbx", site) as pbx:
        transports = await pbx.console("pjsip show transports")
        assert transports.count(f"127.0.0.1:{site.sip_port}") == 2
        assert f"127.0.0.1:{site.http_port}" in await pbx.console("http show status")
        assert re.search(r"Manager \(AMI\):\s+No", await pbx.console("manager show settings"))
        assert re.search(r"Logging:\s+Disabled", await pbx.console("cdr show status"))
        assert re.search(r"Logging:\s+Disabled", await pbx.console("cel show status"))


async def test_it_survives_a_crash_when_started_again(root, site, tmp_path):
    """After SIGKILL nothing answers; started again in the same folder it answers again."""
    async with PrivateAsterisk(root, tmp_path / "pbx", site) as pbx:
        await pbx.kill()
        assert not pbx.running
        with pytest.raises(PbxUnavailable):
            await pbx.console("core show version")
        await pbx.start()
        assert await ready.ari(site.http_port, "hotline", "secret")
        assert pbx.problems() == []


async def test_frozen_it_answers_nothing_until_thawed(root, site, tmp_path):
    """While frozen neither SIP nor ARI answers, though its process is there; thawed, both do."""
    async with PrivateAsterisk(root, tmp_path / "pbx", site) as pbx:
        await pbx.freeze()
        assert pbx.running
        assert not await ready.sip(site.address, site.sip_port)
        assert not await ready.ari(site.http_port, "hotline", "secret")
        await pbx.thaw()
        assert await ready.sip(site.address, site.sip_port)
        assert await ready.ari(site.http_port, "hotline", "secret")


async def test_nothing_is_left_behind(root, site, tmp_path):
    """Stopped, frozen or not, it leaves no process, and its ports are free."""
    async with PrivateAsterisk(root, tmp_path / "pbx", site) as pbx:
        await pbx.freeze()
    with pytest.raises(PbxUnavailable, match="not running"):
        await pbx.thaw()
    async with PrivateAsterisk(root, tmp_path / "again", site) as pbx:
        assert pbx.problems() == []


async def test_two_run_side_by_side(root, site, tmp_path):
    """A second one on ports of its own starts beside the first."""
    with Ports.claim() as ports:
        other = replace(site, **ports.for_site(), ari_password="other")
        async with PrivateAsterisk(root, tmp_path / "a", site), PrivateAsterisk(root, tmp_path / "b", other):
            assert await ready.ari(site.http_port, "hotline", "secret")
            assert await ready.ari(other.http_port, "hotline", "other")


async def test_a_module_that_fails_stops_the_start(root, site, tmp_path):
    """An Asterisk that lacks a module it needs ends, and its own words are in the error."""
    dialplan = tmp_path / "dialplan"
    dialplan.mkdir()
    for path in (SHARE / "dialplan").glob("*.conf"):
        (dialplan / path.name).write_text(path.read_text())
    with (dialplan / "modules.conf").open("a") as modules:
        modules.write("require = app_nosuch.so\n")
    began = time.monotonic()
    with pytest.raises(PbxUnavailable, match=r"ended while it was waited for\n(.*\n)*.*app_nosuch"):
        await PrivateAsterisk(root, tmp_path / "pbx", site, dialplan).start()
    assert time.monotonic() - began < 10


async def test_a_missing_sounds_folder_is_named(root, site, tmp_path):
    """A folder it is to play from that is not there is named before anything is started."""
    (tmp_path / "sounds").rmdir()
    with pytest.raises(PbxUnavailable, match="sounds is not there"):
        await PrivateAsterisk(root, tmp_path / "pbx", site).start()
