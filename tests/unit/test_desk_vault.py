"""Secrets, their hashes and the pepper."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest
from pydantic import SecretStr

from hotline.desk import SecretDigits, Vault
from hotline.settings import PasswordSettings, SettingsError

PEPPER = "0123456789abcdef0123456789abcdef"
SECRET = "204519630"


def settings(pepper=PEPPER, **others):
    """Settings with a pepper."""
    return PasswordSettings(pepper=SecretStr(pepper), **others)


@pytest.fixture
def vault():
    """A vault with the pepper."""
    opened = Vault(settings())
    yield opened
    opened.close()


@pytest.mark.parametrize("show", [repr, str, "{}".format, "%s".__mod__, ascii, lambda secret: f"{secret!r:>40}"])
def test_a_secret_does_not_show_itself(show):
    """No way to turn it into text has the digits."""
    assert SECRET not in show(SecretDigits(SECRET))
    assert SecretDigits(SECRET).reveal() == SECRET


@pytest.mark.parametrize("keep", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_stored_or_copied(keep):
    """It can't be pickled, nor copied by accident."""
    with pytest.raises(TypeError) as caught:
        keep(SecretDigits(SECRET))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_a_hash_is_of_one_password_of_one_member(vault):
    """It verifies that password of that member and nothing else, and is salted."""
    hashed = await vault.hash(SecretDigits(SECRET), 7)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert SECRET not in hashed
    assert await vault.verify(SecretDigits(SECRET), 7, hashed, "1")
    assert not await vault.verify(SecretDigits(SECRET), 8, hashed, "1")
    assert not await vault.verify(SecretDigits("204519631"), 7, hashed, "1")
    assert await vault.hash(SecretDigits(SECRET), 7) != hashed


async def test_without_the_pepper_a_hash_opens_nothing(vault):
    """Another pepper, or another name of one, verifies nothing."""
    hashed = await vault.hash(SecretDigits(SECRET), 7)
    assert not await vault.verify(SecretDigits(SECRET), 7, hashed, "2")
    other = Vault(settings(PEPPER[::-1]))
    assert not await other.verify(SecretDigits(SECRET), 7, hashed, "1")
    other.close()


def test_a_trace_tells_equal_numbers_and_nothing_else(vault):
    """The same number has the same keyed hash, under one pepper only, and shows three digits."""
    assert vault.trace("+84912345678") == vault.trace("+84912345678")
    assert vault.trace("+84912345678").hmac != vault.trace("+84912345679").hmac
    assert vault.trace("+84912345678").masked == "*******678"
    other = Vault(settings(PEPPER[::-1]))
    assert other.trace("+84912345678").hmac != vault.trace("+84912345678").hmac
    other.close()


def test_the_pepper_may_come_from_a_file(tmp_path, vault):
    """A file holds the same pepper as the setting, give or take its last line end."""
    (tmp_path / "pepper").write_text(PEPPER + "\n")
    from_file = Vault(PasswordSettings(pepper_file=tmp_path / "pepper"))
    assert from_file.trace("1") == vault.trace("1")
    from_file.close()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda _: settings(""), "HOTLINE_PASSWORD__PEPPER=.*at least 32"),
        (lambda _: settings(PEPPER[:31]), "HOTLINE_PASSWORD__PEPPER=.*at least 32"),
        (lambda folder: PasswordSettings(pepper_file=folder / "none"), "PEPPER_FILE=.*none.*No such file"),
        (lambda folder: PasswordSettings(pepper_file=folder), "PEPPER_FILE=.*directory"),
        (lambda folder: settings(pepper_file=folder / "short"), "both set"),
        (lambda folder: PasswordSettings(pepper_file=folder / "short"), "PEPPER_FILE=.*at least 32"),
        (lambda folder: PasswordSettings(pepper_file=folder / "binary"), "PEPPER_FILE=.*not text"),
    ],
)
def test_a_bad_pepper_is_one_clear_line(tmp_path, made, message):
    """The message names the setting and what is allowed, and never shows the pepper."""
    (tmp_path / "short").write_text("too-short-a-pepper")
    (tmp_path / "binary").write_bytes(b"\xff" * 40)
    with pytest.raises(SettingsError, match=message) as caught:
        Vault(made(tmp_path))
    assert "\n" not in str(caught.value)
    assert PEPPER[:20] not in str(caught.value)
    assert "too-short-a-pepper" not in str(caught.value)
