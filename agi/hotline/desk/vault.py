"""Keyed hashes: of passwords, so that nobody reads one back, and of numbers, so that they can be counted but not told.

Both hang on the *pepper*, a secret outside the database. Who steals the database alone can guess nothing; who loses
the pepper loses every password.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple

import argon2
import structlog

from hotline.desk.numbers import masked
from hotline.records.attempts import Trace
from hotline.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hotline.desk.secret import SecretDigits
    from hotline.settings import PasswordSettings

Given = TypeVarTuple("Given")
Result = TypeVar("Result")

log = structlog.get_logger()

PEPPER_LENGTH = 32
"""Characters at least."""

_HASHER: Final = argon2.PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=argon2.Type.ID
)


class Vault:
    """Hashes and verifies passwords with the current pepper, a few at a time and off the event loop.

    Attributes:
        key_id: the pepper's name, stored beside each hash.
    """

    def __init__(self, settings: PasswordSettings) -> None:
        """Take the pepper from the settings, or from the file they name.

        Raises:
            SettingsError: there is no pepper, or two, or it is too short, or its file can't be read.
        """
        pepper = _pepper(settings)
        self.key_id = settings.pepper_key_id
        self._password_key = _derived(pepper, "password")
        self._trace_key = _derived(pepper, "trace")
        # Each hash takes 19 MiB and 32 ms of a core; more at once would only make every caller wait.
        self._threads = ThreadPoolExecutor(settings.hash_threads, thread_name_prefix="vault")
        self._decoy = _HASHER.hash(b"")

    def close(self) -> None:
        """Give the threads back; hashes not begun are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def trace(self, number: str) -> Trace:
        """Return `number` as the records may have it."""
        return Trace(masked(number), _keyed(self._trace_key, number))

    async def hash(self, password: SecretDigits, member_id: int) -> str:
        """Return the argon2id hash of a member's password, in its standard text form."""
        return await self._in_thread(_HASHER.hash, self._message(password, member_id))

    async def verify(self, password: SecretDigits, member_id: int, hashed: str, key_id: str) -> bool:
        """Tell whether `hashed` is of this password of this member. Takes as long as any other check."""
        if key_id != self.key_id:
            log.error("pepper_missing", key_id=key_id)
            hashed = self._decoy
        return await self._in_thread(_verify, hashed, self._message(password, member_id))

    async def verify_nothing(self, password: SecretDigits) -> None:
        """Take as long as `verify`, for an account that does not exist."""
        await self._in_thread(_verify, self._decoy, self._message(password, 0))

    def _message(self, password: SecretDigits, member_id: int) -> bytes:
        # Bound to the member: a hash copied to another row of the table opens nothing.
        return _keyed(self._password_key, f"{member_id}:{password.reveal()}")

    async def _in_thread(self, function: Callable[[*Given], Result], *arguments: *Given) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


def _pepper(settings: PasswordSettings) -> bytes:
    setting, path = settings.pepper.get_secret_value(), settings.pepper_file
    if path is None:
        name, pepper = "HOTLINE_PASSWORD__PEPPER", setting
    elif setting:
        raise SettingsError("HOTLINE_PASSWORD__PEPPER and HOTLINE_PASSWORD__PEPPER_FILE are both set: keep one")
    else:
        name = "HOTLINE_PASSWORD__PEPPER_FILE"
        try:
            pepper = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SettingsError(f"{name}={str(path)!r}: can't be read: {reason}") from None
    if len(pepper) < PEPPER_LENGTH:
        raise SettingsError(f"{name}=(hidden): must have at least {PEPPER_LENGTH} characters, has {len(pepper)}")
    return pepper.encode()


def _derived(pepper: bytes, purpose: str) -> bytes:
    """Return a key of its own for each purpose, so that no hash of one kind can stand for another."""
    return _keyed(pepper, f"vssid-hotline {purpose}")


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _verify(hashed: str, message: bytes) -> bool:
    try:
        return _HASHER.verify(hashed, message)
    except argon2.exceptions.VerifyMismatchError:
        return False
