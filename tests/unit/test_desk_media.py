"""Where a password may be said."""

from __future__ import annotations

import contextlib
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hotline.desk import MediaRule, MediaUnproven
from hotline.service.wiring import media_rule
from hotline.settings import EVERYWHERE, CallSettings, Settings, SettingsError

RULE = MediaRule((ip_network("192.0.2.0/24"), ip_network("198.51.100.7/32"), ip_network("2001:db8::/32")))


@pytest.mark.parametrize(
    "destination", ["192.0.2.1:4000", "198.51.100.7:1", "[2001:db8::5]:4000", "[::ffff:192.0.2.1]:4000"]
)
def test_media_into_the_carriers_networks_is_safe(destination):
    """Any gateway of the carrier will do, however its address is written, once something came from the caller."""
    RULE.require(destination)
    RULE.require(destination, 1)


@pytest.mark.parametrize(
    "destination",
    [
        "192.0.3.1:4000",
        "198.51.100.8:4000",
        "[2001:db9::5]:4000",
        "[::ffff:192.0.3.1]:4000",
        "(null)",
        "0.0.0.0:0",
        "",
        "192.0.2.1",
        "carrier.example:4000",
        "192.0.2.1:4000:5",
    ],
)
def test_media_to_anywhere_else_is_not(destination):
    """Neither another address, nor none (on hold, before the SDP), nor anything that is no address."""
    with pytest.raises(MediaUnproven) as unproven:
        RULE.require(destination, 1)
    assert unproven.value.reason == "elsewhere"


def test_silence_proves_nothing():
    """Where something must come back, no packet is a refusal; where not, or too early to ask, it is none."""
    with pytest.raises(MediaUnproven) as unproven:
        RULE.require("192.0.2.1:4000", 0)
    assert unproven.value.reason == "silent"
    RULE.require("192.0.2.1:4000")
    MediaRule(RULE.networks, both_ways=False).require("192.0.2.1:4000", 0)


def test_without_networks_nowhere_is_safe():
    """The default lets no caller of the trunk have a password, and says which setting to set."""
    with pytest.raises(MediaUnproven, match="HOTLINE_CALL__MEDIA_NETWORKS") as unproven:
        MediaRule(CallSettings().media_networks).require("192.0.2.1:4000", 1)
    assert unproven.value.reason == "unset"


@given(st.text(max_size=60), st.integers(min_value=0))
def test_no_destination_breaks_the_rule(destination, received):
    """Whatever a switchboard may write, it is safe or refused."""
    with contextlib.suppress(MediaUnproven):
        RULE.require(destination, received)


@pytest.mark.parametrize(
    ("value", "networks"),
    [
        ("", ()),
        ("192.0.2.0/24", (ip_network("192.0.2.0/24"),)),
        (" 192.0.2.0/24 , 2001:db8::/32,198.51.100.7,", RULE.networks[:1] + RULE.networks[2:] + RULE.networks[1:2]),
        ("any", EVERYWHERE),
    ],
)
def test_networks_are_set_by_commas(monkeypatch, value, networks):
    """The setting takes networks and single addresses of both kinds, or `any`."""
    monkeypatch.setenv("HOTLINE_CALL__MEDIA_NETWORKS", value)
    assert Settings.load().call.media_networks == networks


@pytest.mark.parametrize("value", ["carrier.example", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/24;198.51.100.0/24"])
def test_wrong_networks_are_refused_by_name(monkeypatch, value):
    """A setting that is no list of networks is named with its value."""
    monkeypatch.setenv("HOTLINE_CALL__MEDIA_NETWORKS", value)
    with pytest.raises(SettingsError, match=f"HOTLINE_CALL__MEDIA_NETWORKS='{value}'"):
        Settings.load()


@pytest.mark.parametrize(("networks", "warnings"), [((), 1), (EVERYWHERE, 0)])
def test_the_service_says_at_start_what_to_set(networks, warnings):
    """Without networks it warns, with the name of the setting and an example."""
    with capture_logs() as logs:
        media_rule(CallSettings(media_networks=networks))
    assert len([entry for entry in logs if "HOTLINE_CALL__MEDIA_NETWORKS" in entry.get("do", "")]) == warnings
