"""The secrets outside the database: peppers by name, and the key under which numbers are counted.

The current pepper makes hashes; former ones verify what they made, until it is renewed at a sign-in or has expired.
Numbers are counted under a key that stays when the pepper changes, or every limit would start afresh
(docs/decisions/0007).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from hotline.settings import SettingsError
from hotline.settings.secret_file import read_secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hotline.settings import PasswordSettings

LENGTH: Final = 32
"""Characters of a secret, at least."""
DIFFERENT: Final = 8
"""Different characters in it, at least: of 32 drawn from ten only, one secret in a thousand has fewer."""
DRAW_ONE: Final = "draw one: openssl rand -base64 48"

GROUP: Final = "HOTLINE_PASSWORD__"


@dataclass(frozen=True, repr=False)
class Keyring:
    """The keys made of the secrets.

    Attributes:
        current: name of the pepper that new hashes are made with.
        password_keys: a key for each known pepper, by its name.
        fingerprints: what tells each of them from another of the same name, and nothing else.
        trace_key: the key of numbers.
        trace_fingerprint: what tells it from another, and nothing else.
    """

    current: str
    password_keys: Mapping[str, bytes]
    fingerprints: Mapping[str, bytes]
    trace_key: bytes
    trace_fingerprint: bytes

    @classmethod
    def load(cls, settings: PasswordSettings) -> Keyring:
        """Take the secrets from the settings, or from the files they name.

        Raises:
            SettingsError: one is missing, given twice, too short or too simple, in a file that can't be read or that
                others can.
        """
        current = settings.pepper_key_id
        peppers = {current: _secret("PEPPER", "PEPPER_FILE", settings.pepper, settings.pepper_file)}
        for key_id in sorted({*settings.former_peppers, *settings.former_pepper_files}):
            name, file_name = (f"{group}__{key_id.upper()}" for group in ("FORMER_PEPPERS", "FORMER_PEPPER_FILES"))
            if key_id == current:
                raise SettingsError(f"{GROUP}{name}: the current pepper has this name; a new pepper needs a new one")
            former = settings.former_peppers.get(key_id, SecretStr(""))
            pepper = _secret(name, file_name, former, settings.former_pepper_files.get(key_id))
            if pepper in peppers.values():
                raise SettingsError(f"{GROUP}{name}=(hidden): is the pepper of another name; draw a new one")
            peppers[key_id] = pepper
        of_numbers = _trace_secret(settings, peppers)
        return cls(
            current,
            {key_id: _derived(pepper, "password") for key_id, pepper in peppers.items()},
            {key_id: _derived(pepper, "fingerprint") for key_id, pepper in peppers.items()},
            _derived(of_numbers, "trace"),
            _derived(of_numbers, "fingerprint"),
        )


def keyed(key: bytes, text: str) -> bytes:
    """Return the HMAC-SHA-256 of `text`."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _trace_secret(settings: PasswordSettings, peppers: Mapping[str, str]) -> str:
    """Return what numbers are keyed with: a secret of its own, or the pepper as long as there was but one."""
    if settings.trace_key.get_secret_value() or settings.trace_key_file:
        return _secret("TRACE_KEY", "TRACE_KEY_FILE", settings.trace_key, settings.trace_key_file)
    if len(peppers) > 1:
        raise SettingsError(
            f"{GROUP}TRACE_KEY_FILE: must be set beside former peppers, or every limit would start afresh; "
            "name the file of the first pepper"
        )
    return peppers[settings.pepper_key_id]


def _secret(name: str, file_name: str, value: SecretStr, path: Path | None) -> str:
    secret = value.get_secret_value()
    if path is not None:
        if secret:
            raise SettingsError(f"{GROUP}{name} and {GROUP}{file_name} are both set: keep one")
        name, secret = file_name, _read(file_name, path)
    if not secret and name == "PEPPER":
        raise SettingsError(
            f"{GROUP}{file_name}: there is no pepper; name the file of the service's own. For a new hotline {DRAW_ONE}"
        )
    if len(secret) < LENGTH:
        raise SettingsError(
            f"{GROUP}{name}=(hidden): must have at least {LENGTH} characters, has {len(secret)}; {DRAW_ONE}"
        )
    # What is in itself again, moved on by less than its length, is a pattern repeated.
    if len(set(secret)) < DIFFERENT or secret in (secret + secret)[1:-1]:
        raise SettingsError(
            f"{GROUP}{name}=(hidden): must be random; it has fewer than {DIFFERENT} different characters or repeats "
            f"itself; {DRAW_ONE}"
        )
    return secret


def _read(name: str, path: Path) -> str:
    try:
        return read_secret(path)
    except ValueError as fault:
        raise SettingsError(f"{GROUP}{name}={str(path)!r}: {fault}") from None


def _derived(secret: str, purpose: str) -> bytes:
    """Return a key of its own for each purpose, so that no hash of one kind can stand for another."""
    return keyed(secret.encode(), f"vssid-hotline {purpose}")
