"""`hotline phones` and `hotline call`, as far as no switchboard runs."""

import shutil

import pytest
from typer.testing import CliRunner

from hotline.cli.command import app
from hotline.pbx import PhonesFile, SiteError
from hotline.settings import SHARE, SettingsError


@pytest.fixture
def site(tmp_path, monkeypatch):
    """The site folder of a switchboard that does not run, on a machine without a `hotline run`."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shutil.copytree(SHARE / "dialplan", tmp_path / "asterisk")
    return tmp_path / "asterisk" / "site"


@pytest.fixture
def hotline(site, monkeypatch):
    """Run a command on that site; return what it printed, or raise what it raised."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments, site=site, test_phones="true"):
        monkeypatch.setenv("HOTLINE_CALL__TEST_PHONES", test_phones)
        done = CliRunner().invoke(app, [*arguments, *(["--site", str(site)] if site else [])])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return run


def test_an_account_is_shown_once_with_all_a_tester_needs(hotline, site):
    """Settings for any app, baresip's line, the sample member's numbers; afterwards the list has no password."""
    said = hotline("phones", "add", "lan", "--number", "0912345678")
    (account,) = PhonesFile(site).accounts()
    for words in (account.password, "127.0.0.1:5060", f"auth_pass={account.password};", "0123456789", "600", "601"):
        assert words in said
    assert "Asterisk was not told" in said
    listed = hotline("phones", "list")
    assert "lan" in listed
    assert "+84912345678" in listed
    assert account.password not in listed
    assert "Account lan is gone." in hotline("phones", "remove", "lan")
    assert PhonesFile(site).accounts() == []


def test_in_production_no_account_is_made(hotline, site):
    """Where the service would turn test phones away the command says so; one that is there can still be removed."""
    hotline("phones", "add", "old")
    with pytest.raises(SettingsError, match="HOTLINE_CALL__TEST_PHONES"):
        hotline("phones", "add", "lan", test_phones="false")
    hotline("phones", "remove", "old", test_phones="false")
    assert PhonesFile(site).accounts() == []


def test_a_test_phone_is_a_sample_member(hotline):
    """Any other number is refused, and not repeated."""
    with pytest.raises(SiteError, match="sample member") as refused:
        hotline("phones", "add", "lan", "--number", "0911111111")
    assert "0911111111" not in str(refused.value)


def test_where_phones_reach_the_switchboard_must_be_known(hotline, site):
    """An address that is every address is none to dial; --server says which."""
    transports = site / "pjsip-transport.conf"
    transports.write_text(transports.read_text().replace("127.0.0.1", "0.0.0.0"))
    with pytest.raises(SiteError, match="--server"):
        hotline("phones", "add", "lan")
    assert PhonesFile(site).accounts() == []
    assert "192.0.2.5:5070" in hotline("phones", "add", "lan", "--server", "192.0.2.5:5070")


def test_a_qr_code_is_not_shown_where_no_phone_can_fetch_what_it_names(hotline, site):
    """Settings are handed out at the address that phones use; on loopback no account is made either."""
    with pytest.raises(SiteError, match="no phone reaches"):
        hotline("phones", "add", "lan", "--qr")
    assert PhonesFile(site).accounts() == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(["phones", "list"], "no `hotline run`"), (["call", "8"], "no `hotline run`"), (["call", "8a"], "keys")],
)
def test_without_a_switchboard_it_is_told_how_to_name_one(hotline, arguments, why):
    """Nothing is guessed."""
    with pytest.raises(SiteError, match=why):
        hotline(*arguments, site=None)
