"""The application killed in the middle of a reading: what the caller has of it, proven by what was heard."""

import asyncio
import os
from uuid import uuid4

import pytest
import pytest_asyncio

import program
from hotline.desk import SecretDigits, SignIn, Vault
from hotline.records import passwords

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = "own choice"


@pytest_asyncio.fixture(loop_scope="session")
async def application(house, tmp_path):
    """The application in a process of its own."""
    settings = house.settings
    environment = os.environ | {
        "HOTLINE_ARI__URL": settings.ari.url,
        "HOTLINE_CALL__TEST_PHONES": "true",
        "HOTLINE_ARI__PASSWORD": settings.ari.password.get_secret_value(),
        "HOTLINE_DATABASE__DSN": settings.database.dsn.get_secret_value(),
        "HOTLINE_PASSWORD__PEPPER": settings.password.pepper.get_secret_value(),
        "HOTLINE_VOICE__SECRETS": str(settings.voice.secrets),
    }
    log = tmp_path / "application"
    started = await asyncio.to_thread(program.start, "serve", environment=environment, log=log)
    try:
        async with asyncio.timeout(30):
            while not log.exists() or "service_ready" not in log.read_text(encoding="utf-8"):
                assert started.returncode is None
                await asyncio.sleep(0.05)
        yield started
    finally:
        await asyncio.to_thread(started.kill)


@pytest.fixture
def owner(house, ring, records):
    """Have somebody ring who owns a password of their own, whatever calls there were before."""

    async def make(member):
        ringer = await ring(member)
        vault = Vault(house.settings.password)
        try:
            find = "SELECT id FROM members WHERE insurance_number = $1"
            member_id = await records.fetchval(find, ringer.number)
            await records.execute("DELETE FROM passwords WHERE member_id = $1", member_id)
            hashed = await vault.hash(SecretDigits(OLD), member_id)
            await passwords.add_owned(records, uuid4(), member_id=member_id, hashed=hashed, key_id=vault.key_id)
        finally:
            vault.close()
        return ringer

    return make


async def newest(records):
    """Return state and activation of the password that was issued last."""
    return tuple(
        await records.fetchrow(
            "SELECT state, activated_at FROM passwords WHERE call_id IS NOT NULL ORDER BY created_at DESC LIMIT 1"
        )
    )


async def test_killed_in_the_first_reading_the_old_password_stays(application, owner, desk, records):
    """The new one does not become active by itself; but Asterisk goes on playing, and who heard it all may use it."""
    ringer = await owner(1)
    await ringer.enter(ringer.number + "#")
    await ringer.caller.hears_digits(4, within=20)
    await asyncio.to_thread(application.kill)
    await ringer.caller.hears_digits(5, within=20)
    await asyncio.sleep(1.0)
    assert await newest(records) == ("pending", None)
    assert await records.fetch("SELECT ended_at FROM calls") == [(None,)]
    assert await desk.sign_in(ringer.number, OLD) is SignIn.OK
    await ringer.caller.hang_up()
    (heard,) = ringer.caller.digits()
    assert await desk.sign_in(ringer.number, heard) is SignIn.OK_MUST_CHANGE
    assert await desk.sign_in(ringer.number, OLD) is SignIn.REFUSED


async def test_killed_after_the_first_reading_the_new_password_works(brief, application, owner, desk, records):
    """What was heard in full is active when the repeat begins, and needs nobody of ours any more."""
    ringer = await owner(7)
    await ringer.enter(ringer.number + "#")
    await ringer.caller.hears("repeat-password", within=20)
    await asyncio.to_thread(application.kill)
    await ringer.caller.hang_up()
    state, activated_at = await newest(records)
    assert state == "active"
    assert activated_at is not None
    heard = ringer.caller.digits()[0]
    assert await desk.sign_in(ringer.number, OLD) is SignIn.REFUSED
    assert await desk.sign_in(ringer.number, heard) is SignIn.OK_MUST_CHANGE
