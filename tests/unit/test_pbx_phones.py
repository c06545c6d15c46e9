"""The accounts of testers in a site folder."""

import shutil
import stat

import pytest

from hotline.pbx import PhonesFile, SiteError
from hotline.settings import SHARE

NUMBER = "+84912345678"


@pytest.fixture
def site(tmp_path):
    """A site folder as shipped, beside the configuration it belongs to."""
    shutil.copytree(SHARE / "dialplan", tmp_path / "asterisk")
    return tmp_path / "asterisk" / "site"


def test_an_account_is_written_beside_what_is_there_and_taken_out_again(site):
    """What an admin wrote stays, word for word; the example in comments is no account."""
    file = PhonesFile(site)
    shipped = file.path.read_text()
    assert file.accounts() == []
    made = file.add("lan", NUMBER)
    other = file.add("hoa.2", "+84987654321")
    assert file.accounts() == [made, other]
    assert shipped.strip() in file.path.read_text()
    assert "[lan](phone)\nauth = lan\naors = lan\n" in file.path.read_text()
    file.remove("lan")
    assert file.accounts() == [other]
    file.remove("hoa.2")
    assert file.path.read_text().strip() == shipped.strip()


def test_a_password_is_random_and_can_be_typed(site):
    """Sixteen characters, none of which looks like another, and no two accounts have the same."""
    passwords = [PhonesFile(site).add(f"phone{number}", NUMBER).password for number in range(5)]
    assert len(set(passwords)) == 5
    assert {len(password) for password in passwords} == {16}
    assert not set("".join(passwords)) & set("01iloIO")
    assert all(password not in repr(PhonesFile(site).accounts()) for password in passwords)


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o640), (0o640, 0o640), (0o600, 0o600)])
def test_only_owner_and_group_can_read_the_file(site, before, after):
    """There are passwords in it from now on."""
    file = PhonesFile(site)
    file.path.chmod(before)
    file.add("lan", NUMBER)
    assert stat.S_IMODE(file.path.stat().st_mode) == after
    assert [path.name for path in site.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("name", ["trunk", "call", "phone-auth", "transport-udp", "a b", "", "-x", "x]", "x\n[y]"])
def test_a_name_that_would_change_something_else_is_refused(site, name):
    """Asterisk joins two sections of one name; and a name is no place for configuration."""
    shipped = PhonesFile(site).path.read_text()
    with pytest.raises(SiteError):
        PhonesFile(site).add(name, NUMBER)
    assert PhonesFile(site).path.read_text() == shipped


def test_a_name_is_used_once_and_only_an_account_can_be_removed(site):
    """The trunk can't be removed, nor what is not there."""
    file = PhonesFile(site)
    file.add("lan", NUMBER)
    for deed in (lambda: file.add("lan", NUMBER), lambda: file.remove("hoa"), lambda: file.remove("trunk")):
        with pytest.raises(SiteError):
            deed()


def test_a_folder_that_is_none_is_named(tmp_path):
    """The message names the file that is missing."""
    with pytest.raises(SiteError, match=r"pjsip-phones\.conf"):
        PhonesFile(tmp_path).add("lan", NUMBER)
