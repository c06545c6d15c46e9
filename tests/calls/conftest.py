"""A whole house for the calls of one test process, a service for each test, and callers who ring it."""

import asyncio
import contextlib
import gc
import itertools
import re
import secrets
from dataclasses import dataclass, replace

import asyncpg
import pytest
import pytest_asyncio

from hotline.demo.house import back_end
from hotline.demo.house import house as bring_up
from hotline.desk import Vault, sample_members
from hotline.pbx import Canary
from hotline.phone import Caller, Ear
from hotline.service import serving
from hotline.settings import SHARE, LimitSettings, Settings

NUMBER = "19009068"
CANARY = "127.0.0.3"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house():
    """Postgres, prompts and Asterisk; many calls of the same few phones, so with wide limits."""
    settings = Settings.load()
    settings.fastagi.enabled = True
    settings.call.canary = True
    # Callers of one test ask at the same moment, beside other suites; a database that is slow is for tests/service.
    settings.database.time_limit = 10.0
    settings.limits = LimitSettings(caller_failures_hour=20, caller_failures_day=50, reissues_day=10, pending_day=50)
    canary = Canary(CANARY, secrets.token_hex(12), sample_members()[0].phone)
    async with bring_up(
        settings, lambda _step, _done: None, changed=lambda site: replace(site, canary=canary)
    ) as rooms:
        # Looking through all that pytest has made takes longer than a key, which the FastAGI door would then miss.
        gc.collect()
        gc.freeze()
        yield rooms
        assert rooms.asterisk.running


@pytest_asyncio.fixture(loop_scope="session", params=["ari", "fastagi"])
async def door(request, house):
    """The door that calls come by: whoever asks for a service without naming one is tested over both.

    By `ari-in-turn` they come as the dialplan gives them to one process after another.
    """
    usual = house.asterisk.site.hand_over
    hand_over = {"ari": usual, "ari-in-turn": "stasis", "fastagi": "agi"}[request.param]
    await house.asterisk.console(f"dialplan set global HAND_OVER {hand_over}")
    yield request.param
    await house.asterisk.console(f"dialplan set global HAND_OVER {usual}")


@pytest_asyncio.fixture(loop_scope="session")
async def patience(house):
    """Time to claim a call beside other suites; how soon one is claimed is for other tests of many hands."""
    await house.asterisk.console("dialplan set global CLAIM_TIME 1000")
    yield
    await house.asterisk.console("dialplan set global CLAIM_TIME 150")


@pytest_asyncio.fixture(loop_scope="session")
async def service(house, door, patience):
    """The application, up for one test."""
    async with serving(house.settings) as task:
        yield task


@pytest_asyncio.fixture(loop_scope="session")
async def hasty_service(house, door, patience, tmp_path):
    """The application with waits of about a second, for callers who let them pass."""
    text = (SHARE / "dialplan" / "menu.toml").read_text(encoding="utf-8")
    for name, seconds in {"menu_key": 1.0, "first_digit": 2.0, "next_digit": 1.0, "after_ten": 1.0}.items():
        text = re.sub(rf"^{name} = [0-9.]+", f"{name} = {seconds}", text, flags=re.MULTILINE)
    settings = house.settings.model_copy(deep=True)
    settings.menu = tmp_path / "menu.toml"
    settings.menu.write_text(text, encoding="utf-8")
    async with serving(settings) as task:
        yield task


@pytest.fixture
def out(tmp_path):
    """A folder for results, with nothing in it."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def brief(monkeypatch, tmp_path):
    """Settings, also for processes started now, with which a password is read in half the time."""
    text = (SHARE / "dialplan" / "menu.toml").read_text(encoding="utf-8")
    for name, seconds in {"digit_gap": 0.1, "group_gap": 0.3}.items():
        text = re.sub(rf"^{name} = [0-9.]+", f"{name} = {seconds}", text, flags=re.MULTILINE)
    menu = tmp_path / "brief" / "menu.toml"
    menu.parent.mkdir()
    menu.write_text(text, encoding="utf-8")
    monkeypatch.setenv("HOTLINE_MENU", str(menu))
    monkeypatch.setenv("HOTLINE_PASSWORD__LENGTH", "6")
    monkeypatch.setenv("HOTLINE_PASSWORD__DIGITS", "0123456789")
    return Settings.load()


@pytest.fixture
def brief_house(house, brief):
    """The house, with these settings."""
    settings = house.settings.model_copy(deep=True)
    settings.menu, settings.password.length, settings.password.digits = (
        brief.menu, brief.password.length, brief.password.digits
    )  # fmt: skip
    return replace(house, settings=settings)


@pytest.fixture(scope="session")
def ear(house):
    """An ear that knows every prompt."""
    return Ear(house.library, house.library)


@dataclass(frozen=True)
class Ringer:
    """Who rings: a caller, the member it is, and how it is called in the log of the test."""

    caller: Caller
    number: str
    phone: str

    async def reach(self, prompt="menu"):
        """Dial, and wait for `prompt` to begin."""
        await self.caller.dial(NUMBER)
        return await self.caller.hears(prompt, within=15)

    async def enter(self, digits, *, pace=0.1):
        """Choose the re-issue as soon as the menu is heard, and key `digits`."""
        await self.reach()
        await self.caller.press("8")
        await self.caller.hears("ask-number")
        await self.caller.press(digits, pace=pace)


_blocks = itertools.count()


@pytest_asyncio.fixture(loop_scope="session")
async def ring(house, ear, tmp_path):
    """Make a caller on the phone of the n-th sample member."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(member=0):
            who = house.members[member]
            account = next(account for account in house.phones if account.number == who.phone)
            block = next(_blocks)
            phone = house.softphone(account, tmp_path / f"phone{block}", block % 12)
            await stack.enter_async_context(phone)
            caller = await stack.enter_async_context(Caller(phone, ear))
            return Ringer(caller, who.insurance_number, who.phone)

        yield make


@pytest_asyncio.fixture(loop_scope="session")
async def records(house):
    """A connection of our own to the records, for one query at a time of calls side by side."""
    dsn = house.settings.database.dsn.get_secret_value()
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as connection:
        await connection.execute("DELETE FROM calls")
        yield connection


@pytest.fixture
def outcomes(records):
    """Wait until this test's calls are written down, and return how each ended."""

    async def written(count=1):
        async with asyncio.timeout(5.0):
            while True:
                rows = await records.fetch("SELECT outcome FROM calls WHERE ended_at IS NOT NULL ORDER BY started_at")
                if len(rows) >= count:
                    return [row["outcome"] for row in rows]
                await asyncio.sleep(0.05)

    return written


@dataclass(frozen=True)
class Written:
    """What is written down of this test's one call by a phone, where several ring side by side."""

    records: asyncpg.Pool
    vault: Vault

    async def outcome(self, phone):
        """Wait until the call is written down, and return how it ended."""
        ended = "SELECT outcome FROM calls WHERE caller_hmac = $1 AND ended_at IS NOT NULL"
        async with asyncio.timeout(5.0):
            while (outcome := await self.records.fetchval(ended, self.vault.trace(phone).hmac)) is None:
                await asyncio.sleep(0.05)
        return outcome

    async def attempts(self, phone):
        """Count the checks of pairs in the call."""
        made = "SELECT count(*) FROM attempts JOIN calls ON calls.id = call_id WHERE calls.caller_hmac = $1"
        return await self.records.fetchval(made, self.vault.trace(phone).hmac)

    async def password(self, phone):
        """Return the state of the password that the call issued."""
        issued = "SELECT state FROM passwords JOIN calls ON calls.id = call_id WHERE caller_hmac = $1"
        return await self.records.fetchval(issued, self.vault.trace(phone).hmac)


@pytest.fixture
def written(house, records):
    """What is written down of each of several calls."""
    vault = Vault(house.settings.password)
    yield Written(records, vault)
    vault.close()


@pytest.fixture
def side_by_side(subtests):
    """Hold several calls at once, all to their end; what goes wrong is reported by the call's name, its function's."""

    async def hold(*calls, names=None):
        results = await asyncio.gather(*calls, return_exceptions=True)
        for name, result in zip(names or [call.__name__ for call in calls], results, strict=True):
            with subtests.test(name):
                if isinstance(result, BaseException):
                    raise result

    return hold


@pytest_asyncio.fixture(loop_scope="session")
async def desk(house):
    """A desk of our own, to sign in with as the VssID back end would."""
    async with back_end(house.settings) as desk:
        yield desk
