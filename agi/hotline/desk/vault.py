"""Keyed hashes: of passwords, so that nobody reads one back, and of numbers, so that they can be counted but not told.

Both hang on secrets outside the database (`hotline.desk.pepper`). Who steals the database alone can guess nothing; who
loses the peppers loses every password.
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple

import argon2
import structlog

from hotline.desk.errors import Overloaded
from hotline.desk.numbers import masked
from hotline.desk.pepper import Keyring, keyed
from hotline.records.attempts import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hotline.desk.secret import SecretDigits
    from hotline.settings import PasswordSettings

Given = TypeVarTuple("Given")
Result = TypeVar("Result")

log = structlog.get_logger()

_HASHER: Final = argon2.PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=argon2.Type.ID
)

_SALT: Final = re.compile(
    r"[$]argon2id[$]v=19[$]m=(?P<memory>[0-9]+),t=(?P<passes>[0-9]+),p=(?P<lanes>[0-9]+)[$](?P<salt>[A-Za-z0-9+/]+)"
)


class Vault:
    """Hashes passwords, a few at a time and off the event loop.

    Attributes:
        key_id: the name of the pepper that hashes are made with, stored beside each.
        on_missing_pepper: is told the name of a pepper that a stored hash needs and nobody has.
    """

    def __init__(self, settings: PasswordSettings, hasher: argon2.PasswordHasher = _HASHER) -> None:
        """Take the peppers from the settings, or from the files they name; another `hasher` is for tests.

        Raises:
            SettingsError: a pepper is missing, or not as it must be (`Keyring.load`).
        """
        self._keys = Keyring.load(settings)
        self.key_id = self._keys.current
        self.on_missing_pepper: Callable[[str], None] = _log_missing
        # Each hash takes 19 MiB and 32 ms of a core; more at once would only make every caller wait.
        self._threads = ThreadPoolExecutor(settings.hash_threads, thread_name_prefix="vault")
        self._most_running = settings.hash_threads
        self._places = self._all_places = settings.hash_threads + settings.hash_queue
        self._hasher = hasher

    def close(self) -> None:
        """Give the threads back; hashes not begun are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def running(self) -> int:
        """How many hashes have a thread."""
        return min(self._all_places - self._places, self._most_running)

    @property
    def waiting(self) -> int:
        """How many hashes wait for one."""
        return self._all_places - self._places - self.running

    def trace(self, number: str) -> Trace:
        """Return `number` as the records may have it."""
        return Trace(masked(number), keyed(self._keys.trace_key, number))

    @property
    def key_ids(self) -> Collection[str]:
        """The names of the peppers that are there; what another one hashed verifies nothing."""
        return self._keys.password_keys

    @property
    def fingerprints(self) -> Mapping[str, bytes]:
        """What tells each pepper, by its name, from another of the same name; it may be stored."""
        return self._keys.fingerprints

    @property
    def trace_fingerprint(self) -> bytes:
        """What tells the key that numbers are counted under from another; it may be stored."""
        return self._keys.trace_fingerprint

    def outdated(self, hashed: str, key_id: str) -> bool:
        """Tell whether a hash would be made otherwise today: with another pepper, or at another cost."""
        return key_id != self.key_id or self._hasher.check_needs_rehash(hashed)

    async def hash(self, password: SecretDigits, member_id: int) -> str:
        """Return the argon2id hash of a member's password, in its standard text form.

        Raises:
            Overloaded: too many hashes are waiting.
        """
        return await self._in_thread(self._hasher.hash, self._message(password, member_id, self.key_id))

    async def proof(self, password: SecretDigits, member_id: int, salt: str, key_id: str) -> str:
        """Return the hash of a member's password with a given salt, to be compared with theirs. Takes as long as any.

        Args:
            password: as it was presented.
            member_id: whose it may be; 0 of nobody.
            salt: an argon2id hash in its standard form without the last field.
            key_id: name of the pepper. One that is not there is told of; then the proof proves nothing.

        Raises:
            Overloaded: too many hashes are waiting.
            ValueError: that is no salt.
        """
        match = _SALT.fullmatch(salt)
        if match is None:
            raise ValueError("not an argon2id hash without its last field")
        if key_id in self.key_ids:
            message = self._message(password, member_id, key_id)
        else:
            self.on_missing_pepper(key_id)
            message = secrets.token_bytes(32)
        return await self._in_thread(_proof, message, match)

    def _message(self, password: SecretDigits, member_id: int, key_id: str) -> bytes:
        # Bound to the member: a hash copied to another row of the table opens nothing.
        return keyed(self._keys.password_keys[key_id], f"{member_id}:{password.reveal()}")

    async def _in_thread(self, function: Callable[[*Given], Result], *arguments: *Given) -> Result:
        if self._places <= 0:
            raise Overloaded("too many hashes are waiting")
        self._places -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        finally:
            # A caller who hangs up takes the hash out of the queue, too; one that has begun ends in its 32 ms.
            self._places += 1


def _log_missing(key_id: str) -> None:
    log.error("pepper_missing", key_id=key_id)


def _proof(message: bytes, salt: re.Match[str]) -> str:
    memory, passes, lanes = (int(salt[part]) for part in ("memory", "passes", "lanes"))
    salted = base64.b64decode(salt["salt"] + "=" * (-len(salt["salt"]) % 4))
    return argon2.low_level.hash_secret(
        message, salted, passes, memory, lanes, _HASHER.hash_len, argon2.Type.ID
    ).decode()
