"""Secrets and their hashes."""

from __future__ import annotations

import asyncio
import copy
import pickle
import traceback

import pytest
from pydantic import SecretStr

from hotline.desk import Overloaded, SecretDigits, Vault
from hotline.settings import PasswordSettings

PEPPER = "3f9a0c7be1d2486550fb7c1ea94d6832"
SECRET = "204519630"
SALT = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IG9mIDE2"


def settings(pepper=PEPPER, **others):
    """Settings with a pepper."""
    return PasswordSettings(pepper=SecretStr(pepper), **others)


async def opens(vault, password, member, hashed, key_id):
    """Tell whether a password proves to be the one of a hash, whose secret part is not told."""
    return await vault.proof(SecretDigits(password), member, hashed.rpartition("$")[0], key_id) == hashed


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
    assert await opens(vault, SECRET, 7, hashed, "1")
    assert not await opens(vault, SECRET, 8, hashed, "1")
    assert not await opens(vault, "204519631", 7, hashed, "1")
    assert await vault.hash(SecretDigits(SECRET), 7) != hashed


async def test_without_the_pepper_a_hash_opens_nothing(vault):
    """Another pepper, or another name of one, verifies nothing; a name that nobody has is told."""
    hashed = await vault.hash(SecretDigits(SECRET), 7)
    missed = []
    vault.on_missing_pepper = missed.append
    assert not await opens(vault, SECRET, 7, hashed, "2")
    assert missed == ["2"]
    other = Vault(settings(PEPPER[::-1]))
    assert not await opens(other, SECRET, 7, hashed, "1")
    other.close()


async def test_a_former_pepper_verifies_and_the_current_one_hashes(vault):
    """After a rotation old hashes still open, and are known to be outdated; new ones are not."""
    hashed = await vault.hash(SecretDigits(SECRET), 7)
    rotated = Vault(
        settings(PEPPER[::-1], pepper_key_id="2", former_peppers={"1": SecretStr(PEPPER)}, trace_key=SecretStr(PEPPER))
    )
    assert await opens(rotated, SECRET, 7, hashed, "1")
    assert rotated.outdated(hashed, "1")
    new = await rotated.hash(SecretDigits(SECRET), 7)
    assert await opens(rotated, SECRET, 7, new, rotated.key_id)
    assert not rotated.outdated(new, "2")
    assert not await opens(rotated, SECRET, 7, new, "1")
    rotated.close()


@pytest.mark.parametrize("salt", ["", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ", f"{SALT}$", SALT.replace("t=2", "t=x")])
async def test_what_is_no_salt_is_refused(vault, salt):
    """Another kind of hash, or one with its last field, is a mistake and no wrong password."""
    with pytest.raises(ValueError, match="not an argon2id hash"):
        await vault.proof(SecretDigits(SECRET), 7, salt, "1")


async def test_the_event_loop_does_not_wait_for_hashes(vault):
    """While twenty hashes queue the loop goes on turning: nothing on it waits as long as they all take."""
    loop = asyncio.get_running_loop()
    hashing = asyncio.gather(*(vault.hash(SecretDigits(SECRET), member) for member in range(20)))
    began, turns, longest = loop.time(), 0, 0.0
    while not hashing.done():
        before = loop.time()
        await asyncio.sleep(0.001)
        longest = max(longest, loop.time() - before)
        turns += 1
    assert turns > 20
    assert longest < (loop.time() - began) / 2
    assert len(set(await hashing)) == 20


async def test_more_hashes_than_may_wait_are_told_at_once():
    """Behind two at work and four that wait the next is refused, without waiting; later there is room again."""
    vault = Vault(settings(hash_queue=4))
    hashing = [asyncio.create_task(vault.hash(SecretDigits(SECRET), member)) for member in range(6)]
    await asyncio.sleep(0)
    for work in (vault.hash, lambda secret, member: vault.proof(secret, member, SALT, "1")):
        with pytest.raises(Overloaded):
            await work(SecretDigits(SECRET), 7)
    assert not any(task.done() for task in hashing)
    await asyncio.gather(*hashing)
    assert await vault.hash(SecretDigits(SECRET), 7)
    vault.close()


async def test_who_hangs_up_leaves_the_queue():
    """A hash that nobody waits for any more makes room for another."""
    vault = Vault(settings(hash_queue=4))
    hashing = [asyncio.create_task(vault.hash(SecretDigits(SECRET), member)) for member in range(6)]
    await asyncio.sleep(0)
    hashing[-1].cancel()
    await asyncio.gather(hashing[-1], return_exceptions=True)
    assert await vault.hash(SecretDigits(SECRET), 7)
    await asyncio.gather(*hashing[:-1])
    vault.close()


def test_a_trace_tells_equal_numbers_and_nothing_else(vault):
    """The same number has the same keyed hash, under one pepper only, and shows three digits."""
    assert vault.trace("+84912345678") == vault.trace("+84912345678")
    assert vault.trace("+84912345678").hmac != vault.trace("+84912345679").hmac
    assert vault.trace("+84912345678").masked == "*******678"
    other = Vault(settings(PEPPER[::-1]))
    assert other.trace("+84912345678").hmac != vault.trace("+84912345678").hmac
    other.close()
