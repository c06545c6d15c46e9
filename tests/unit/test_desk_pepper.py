"""The secrets outside the database: where they come from, and what is said when they are not as they must be."""

from __future__ import annotations

from secrets import randbelow, token_hex, token_urlsafe

import pytest
from pydantic import SecretStr

from hotline.desk import Keyring
from hotline.settings import PasswordSettings, SettingsError

PEPPER = "3f9a0c7be1d2486550fb7c1ea94d6832"
NEWER = "b7d04e9a16c3f825e0a97b4c2d81f653"
SECRET = SecretStr(PEPPER)


def closed(path, text):
    """Write a file that only its owner may read."""
    path.write_text(text)
    path.chmod(0o400)
    return path


def test_a_pepper_may_come_from_a_file(tmp_path):
    """A file holds the same pepper as the setting, give or take its last line end; the same goes for former ones."""
    file = closed(tmp_path / "pepper", PEPPER + "\n")
    here = Keyring.load(PasswordSettings(pepper=SECRET))
    assert Keyring.load(PasswordSettings(pepper_file=file)) == here
    newer = SecretStr(NEWER)
    rotated = Keyring.load(
        PasswordSettings(pepper=newer, pepper_key_id="2", former_pepper_files={"1": file}, trace_key_file=file)
    )
    assert rotated == Keyring.load(
        PasswordSettings(pepper=newer, pepper_key_id="2", former_peppers={"1": SECRET}, trace_key=SECRET)
    )
    assert rotated.current == "2"
    assert rotated.password_keys["1"] == here.password_keys["1"]


def test_numbers_are_counted_alike_before_and_after_a_rotation():
    """With the first pepper named as the trace key no limit starts afresh, whatever becomes of the peppers."""
    first = Keyring.load(PasswordSettings(pepper=SECRET))
    later = Keyring.load(PasswordSettings(pepper=SecretStr(NEWER), pepper_key_id="2", trace_key=SECRET))
    assert later.trace_key == first.trace_key
    assert set(later.password_keys) == {"2"}


def test_a_group_may_read_a_pepper(tmp_path):
    """A file of root's that the service's group reads is as good as one of its own."""
    file = closed(tmp_path / "pepper", PEPPER)
    file.chmod(0o640)
    assert Keyring.load(PasswordSettings(pepper_file=file)) == Keyring.load(PasswordSettings(pepper=SECRET))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o601])
def test_a_pepper_that_others_can_reach_is_refused(tmp_path, mode):
    """The message names the file and says how to close it."""
    file = closed(tmp_path / "pepper", PEPPER)
    file.chmod(mode)
    with pytest.raises(SettingsError, match=f"PEPPER_FILE='{file}': is open to others .mode {mode:04o}.*chmod 0400"):
        Keyring.load(PasswordSettings(pepper_file=file))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "HOTLINE_PASSWORD__PEPPER_FILE: there is no pepper; .*the service's own.*openssl rand -base64 48"),
        ({"pepper": SecretStr(PEPPER[:31])}, "PEPPER=.*at least 32.*has 31"),
        ({"pepper": SecretStr("0" * 32)}, "PEPPER=.hidden.: must be random; .*fewer than 8.*openssl rand -base64 48"),
        ({"pepper": SecretStr("0123456" * 9)}, "PEPPER=.*must be random"),
        ({"pepper": SecretStr("a long pepper 17" * 2)}, "PEPPER=.*repeats itself"),
        ({"pepper": SecretStr(PEPPER * 2)}, "PEPPER=.*repeats itself"),
        ({"pepper": SECRET, "former_peppers": {"0": SecretStr("x" * 40)}}, "FORMER_PEPPERS__0=.*must be random"),
        ({"pepper": SECRET, "trace_key": SecretStr("xy" * 20)}, "TRACE_KEY=.*must be random"),
        ({"pepper_file": "none"}, "PEPPER_FILE=.*none.*No such file"),
        ({"pepper_file": "."}, "PEPPER_FILE=.*directory"),
        ({"pepper": SECRET, "pepper_file": "short"}, "both set"),
        ({"pepper_file": "short"}, "PEPPER_FILE=.*at least 32"),
        ({"pepper_file": "binary"}, "PEPPER_FILE=.*not text"),
        ({"pepper": SECRET, "former_peppers": {"1": SecretStr(NEWER)}}, "FORMER_PEPPERS__1: the current pepper has"),
        ({"pepper": SECRET, "former_peppers": {"0": SECRET}}, "FORMER_PEPPERS__0=.*is the pepper of another name"),
        ({"pepper": SECRET, "former_peppers": {"0": SecretStr("short")}}, "FORMER_PEPPERS__0=.*at least 32"),
        ({"pepper": SECRET, "former_pepper_files": {"0": "short"}}, "FORMER_PEPPER_FILES__0=.*at least 32"),
        (
            {"pepper": SECRET, "former_peppers": {"0": SecretStr(NEWER)}},
            "TRACE_KEY_FILE: must be set beside former peppers.*the first pepper",
        ),
        ({"pepper": SECRET, "trace_key": SecretStr("short")}, "TRACE_KEY=.*at least 32"),
        ({"pepper": SECRET, "trace_key_file": "short"}, "TRACE_KEY_FILE=.*at least 32"),
    ],
)
def test_a_bad_secret_is_one_clear_line(tmp_path, monkeypatch, given, message):
    """The message names the setting and what is allowed, and never shows the secret."""
    monkeypatch.chdir(tmp_path)
    closed(tmp_path / "short", "too-short-a-pepper")
    closed(tmp_path / "binary", "").chmod(0o600)
    (tmp_path / "binary").write_bytes(b"\xff" * 40)
    with pytest.raises(SettingsError, match=message) as caught:
        Keyring.load(PasswordSettings(**given))
    said = str(caught.value)
    assert "\n" not in said
    assert not any(secret in said for secret in (PEPPER[:20], NEWER[:20], "too-short-a-pepper"))


def test_what_is_drawn_is_random_enough():
    """Letters and signs, hexadecimal digits, even decimal ones: no way to draw a secret is refused by chance."""
    for draw in (lambda: token_urlsafe(24), lambda: token_hex(16), lambda: f"{randbelow(10**64):064}"):
        for _ in range(200):
            Keyring.load(PasswordSettings(pepper=SecretStr(draw())))


def test_a_fingerprint_tells_peppers_apart_and_is_none_of_the_keys():
    """The same pepper has the same one, another has another, and nothing that opens a password is stored."""
    first, second = (Keyring.load(PasswordSettings(pepper=SecretStr(pepper))) for pepper in (PEPPER, NEWER))
    assert first.fingerprints == Keyring.load(PasswordSettings(pepper=SECRET)).fingerprints
    assert first.fingerprints != second.fingerprints
    assert first.fingerprints["1"] not in (first.password_keys["1"], first.trace_key)
    assert PEPPER.encode() not in first.fingerprints["1"]


def test_keys_do_not_show_themselves():
    """Nothing that prints a keyring has a key in it."""
    keyring = Keyring.load(PasswordSettings(pepper=SECRET))
    assert keyring.trace_key.hex()[:8] not in repr(keyring)
    assert repr(keyring.trace_key)[2:10] not in repr(keyring)
