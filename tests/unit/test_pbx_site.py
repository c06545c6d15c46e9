"""The site folder: rendered from a `Site`, the same in shape as the one that is shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotline.pbx import Ami, Canary, PhoneAccount, Site, SiteError, Tls
from hotline.pbx.site import most_calls
from hotline.settings import SHARE

PHONE = PhoneAccount("tester", "change-me", "+84912345678")


def example(**changes):
    """The site whose values are those of dialplan/site/."""
    values = {
        "sip_port": 5060,
        "http_port": 8088,
        "rtp_first": 20000,
        "rtp_last": 20999,
        "ari_password": "change-me",
        "sounds": Path("/var/lib/vssid-hotline/sounds"),
        "secrets": Path("/dev/shm/hotline"),
        "phones": [],
        "trunk_matches": ["127.0.0.2"],
        "peers": ["127.0.0.0/8"],
    }
    return Site(**values | changes)


def meaning(text):
    """The lines Asterisk sees."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(";")]


def test_the_shipped_site_is_the_rendered_one():
    """The example values of dialplan/site/ and the files rendered from the same values say the same, file by file."""
    shipped = {path.name: meaning(path.read_text()) for path in (SHARE / "dialplan" / "site").glob("*.conf")}
    assert {name: meaning(text) for name, text in example().files().items()} == shipped


@pytest.mark.parametrize(("last", "most"), [(20999, 300), (20289, 138), (20019, 9), (20003, 1)])
def test_there_are_no_more_calls_than_media_ports(last, most):
    """Two ports a call, and some to spare for those who are refused: they have ports before the dialplan is asked."""
    assert f"\nMOST_CALLS = {most}\n" in example(rtp_last=last).files()["globals.conf"]


@pytest.mark.parametrize("folder", ["dialplan/site", "deploy/container/site"])
def test_a_shipped_site_has_media_ports_for_its_calls(folder):
    """MOST_CALLS of globals.conf is no more than the ports of rtp.conf carry."""
    site = SHARE / folder
    calls, first, last = (
        int(re.search(rf"^{name} = (\d+)$", (site / file).read_text(), re.MULTILINE)[1])
        for name, file in (("MOST_CALLS", "globals.conf"), ("rtpstart", "rtp.conf"), ("rtpend", "rtp.conf"))
    )
    assert calls <= most_calls(first, last)


def unmarked(name):
    """The lines Asterisk sees once an admin has removed the marks from the examples of a shipped file."""
    text = (SHARE / "dialplan" / "site" / name).read_text()
    return meaning(re.sub(r"^;(?! )", "", text, flags=re.MULTILINE))


def test_the_examples_in_comments_are_what_is_tested():
    """Without their marks, the examples of TLS, SRTP and AMI in dialplan/site/ say what a `Site` with them renders."""
    keys = Path("/etc/asterisk/keys")
    tls = Tls(5061, keys / "hotline.crt", keys / "hotline.key", keys / "carrier-root.crt")
    files = example(tls=tls, ami=Ami(5038, "change-me", status_password="change-me"), phones=[PHONE]).files()
    for name in ("pjsip-transport.conf", "pjsip-trunk.conf"):
        assert meaning(files[name]) == unmarked(name)
    assert ["enabled = no", *meaning(files["manager.conf"])] == unmarked("manager.conf")
    assert "media_encryption = sdes" in meaning(files["pjsip-phones.conf"])
    assert meaning(example(phones=[PHONE]).files()["pjsip-phones.conf"]) == unmarked("pjsip-phones.conf")
    canary = Canary("127.0.0.3", "change-me", "+84912345678")
    assert meaning(example(canary=canary).files()["pjsip-canary.conf"]) == unmarked("pjsip-canary.conf")


def test_every_site_file_is_included_once():
    """Each file of the site folder is included by exactly one file of the dialplan, and no other file is."""
    included = [
        name
        for path in (SHARE / "dialplan").glob("*.conf")
        for name in re.findall(r'^#include "site/(.+)"$', path.read_text(), re.MULTILINE)
    ]
    assert sorted(included) == sorted(example().files())


def test_files_are_for_their_owner_only(tmp_path):
    """Written files and folder are readable by nobody else, also over files that were."""
    folder = tmp_path / "site"
    example().write(folder)
    (folder / "ari.conf").chmod(0o644)
    example().write(folder)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_site_without_trunk_or_phones_accepts_nobody():
    """Without carrier addresses there is no identify section, without accounts no account."""
    files = example(phones=[], trunk_matches=[], peers=[]).files()
    assert files["pjsip-trunk.conf"] == files["pjsip-phones.conf"] == ""
    assert "permit" not in files["pjsip-acl.conf"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"apps": ["hotline", "hotline\nevil"]}, r"apps\[1\]="),
        ({"ari_password": "x;comment"}, r"ari_password=\(hidden\)"),
        ({"ari_user": ""}, "ari_user="),
        ({"trunk_matches": ["10.0.0.1", "0.0.0.0/0\nmatch=1"]}, r"trunk_matches\[1\]="),
        ({"phones": [PhoneAccount("a]", "b", "1")]}, r"phones\[0\].name="),
        ({"phones": [PhoneAccount("a", "b c", "1")]}, r"phones\[0\].password=\(hidden\)"),
        ({"sounds": Path("/a,b")}, "sounds="),
        ({"peers": ["10.0.0.0/8\npermit=0.0.0.0/0"]}, r"peers\[0\]="),
        ({"tls": Tls(5061, Path("/a b"), Path("/k"), Path("/c"))}, "tls.certificate="),
        ({"ami": Ami(5038, "a\nb")}, r"ami.password=\(hidden\)"),
        ({"ami": Ami(5038, "a", "all\nwrite=all")}, "ami.read="),
    ],
)
def test_a_value_that_would_change_a_files_meaning_is_refused(change, named):
    """Line breaks, comments, brackets and blanks are refused by the value's name, and a password is not shown."""
    with pytest.raises(SiteError, match=named):
        example(**change).files()


def test_passwords_are_not_in_its_repr():
    """Neither ARI's or AMI's password nor a softphone's is in what a log or traceback would show."""
    assert "change-me" not in repr(example(ami=Ami(5038, "change-me"), phones=[PHONE]))
