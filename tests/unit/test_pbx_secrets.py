"""No switchboard goes into production with a password that everybody knows."""

import re
import secrets

import pytest

from hotline.pbx import SiteError, require_own_secrets
from hotline.pbx.secrets import EXAMPLES
from hotline.settings import SHARE

SHIPPED = SHARE / "dialplan" / "site"


@pytest.fixture
def site(tmp_path):
    """The shipped site folder, with every example in comments switched on; to be written with other secrets."""

    def write(secret, only="*.conf"):
        for path in SHIPPED.glob("*.conf"):
            text = re.sub(r"^;(?! )", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
            if path.match(only):
                for example in EXAMPLES:
                    text = text.replace(f"= {example}", f"= {secret}")
            (tmp_path / path.name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_as_shipped_only_aris_password_is_to_be_set():
    """No tester has an account; ARI's password, without which nothing works, is the only one that is switched on."""
    with pytest.raises(
        SiteError, match=r"^\S+/ari\.conf:7: the password of \[hotline\] is the one of the example"
    ) as told:
        require_own_secrets(SHIPPED)
    assert "\n" not in str(told.value)


def test_every_example_secret_that_is_shipped_is_refused(site):
    """Switched on as it is, each is named by file, line and section, and none is shown."""
    folder = site("change-me", only="nothing")
    with pytest.raises(SiteError) as told:
        require_own_secrets(folder)
    places = re.findall(r"/([a-z_-]+\.conf):\d+: the (?:password|secret) of \[(\w+)\]", str(told.value))
    assert places == [
        ("ari.conf", "hotline"), ("manager.conf", "watch"), ("manager.conf", "status"), ("pjsip-canary.conf", "canary"),
        ("pjsip-phones.conf", "tester"), ("websocket_client.conf", "application"),
    ]  # fmt: skip
    assert not any(example in str(told.value) for example in EXAMPLES)


def test_every_secret_in_the_shipped_files_is_known_as_an_example():
    """Whatever is written for one in dialplan/ is refused, so a new example is not forgotten."""
    found = [
        line
        for path in (SHARE / "dialplan").rglob("*.conf")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r";?(password|secret)\s*=", line)
    ]
    assert len(found) == 6
    assert {line.partition("=")[2].strip() for line in found} <= EXAMPLES


@pytest.mark.parametrize("secret", ["", "hunter2", "change-me ; as in the example"])
def test_a_secret_that_is_soon_guessed_is_refused(site, secret):
    """One of few characters, none, or the example's with a word beside it."""
    with pytest.raises(SiteError, match=r"pjsip-phones\.conf:\d+: the password of \[tester\]"):
        require_own_secrets(site(secret))


def test_secrets_of_ones_own_are_in_order(site):
    """Nothing is said."""
    require_own_secrets(site(secrets.token_hex(24)))


def test_a_folder_without_configuration_is_named(tmp_path):
    """It is the wrong one, not one without fault."""
    with pytest.raises(SiteError, match="name the site folder"):
        require_own_secrets(tmp_path)
