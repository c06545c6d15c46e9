"""Where digits go: real calls, and then a search of everything that was written, named or started meanwhile.

What is looked for is decoded from what the caller heard, or is what the caller keyed.
"""

import asyncio
import contextlib
import itertools
import os
import random
import re
import secrets
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from hotline.pbx import Ami, Ports, PrivateAsterisk
from hotline.phone import Caller
from leaks import Finder, Folder, Leak, Spy, tables
from leaks.debugging import COMMANDS, talkative, watching

pytestmark = pytest.mark.asyncio(loop_scope="session")

NUMBER = "19009068"
SERVE = """
import logging, sys
from hotline import cli, logs
if {debug}:
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    configure, logs.configure = logs.configure, lambda level, **more: configure(logging.DEBUG, **more)
cli.main()
"""


def random_number(length):
    """Digits without equal neighbours or neighbours in a row: in a log such a number is no clock and no counter."""
    draw = random.SystemRandom()
    digits = [draw.randrange(10)]
    while len(digits) < length:
        digit = draw.randrange(10)
        if abs(digit - digits[-1]) > 1:
            digits.append(digit)
    return "".join(map(str, digits))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def talking_house(house, tmp_path_factory):
    """The house with an Asterisk beside its own that logs all it can, and a Postgres that logs every statement."""
    folder = tmp_path_factory.mktemp("talkative")
    with Ports.claim() as ports:
        site = replace(
            house.asterisk.site,
            sip_port=ports.sip,
            http_port=ports.http,
            rtp_first=ports.rtp_first,
            rtp_last=ports.rtp_last,
            ami=Ami(ports.ami, secrets.token_urlsafe(16), read="all"),
        )
        settings = house.settings.model_copy(deep=True)
        settings.ari.url = f"http://127.0.0.1:{ports.http}"
        pbx = PrivateAsterisk(house.asterisk.root, house.folder / "talkative", site, talkative(folder / "dialplan"))
        for name in ("cdr-custom", "cel-custom"):
            (pbx.run_dir / "log" / name).mkdir(parents=True)
        async with pbx:
            for command in COMMANDS:
                await pbx.console(command)
            yield replace(house, settings=settings, asterisk=pbx)


@pytest_asyncio.fixture(loop_scope="session")
async def postgres_talks(records):
    """Postgres writes every statement to its log."""
    for change in ("SET log_statement = 'all'", "SET log_min_error_statement = 'debug5'"):
        await records.execute(f"ALTER SYSTEM {change}")
    await records.execute("SELECT pg_reload_conf()")
    yield
    await records.execute("ALTER SYSTEM RESET ALL")
    await records.execute("SELECT pg_reload_conf()")


@contextlib.asynccontextmanager
async def application(settings, log, *, debug):
    """The application as a process of its own, writing its log to `log`."""
    environment = os.environ | {
        "HOTLINE_ARI__URL": settings.ari.url,
        "HOTLINE_CALL__TEST_PHONES": "true",
        "HOTLINE_ARI__PASSWORD": settings.ari.password.get_secret_value(),
        "HOTLINE_DATABASE__DSN": settings.database.dsn.get_secret_value(),
        "HOTLINE_PASSWORD__PEPPER": settings.password.pepper.get_secret_value(),
        "HOTLINE_VOICE__SECRETS": str(settings.voice.secrets),
        "HOTLINE_LIMITS__PENDING_DAY": "50",
        "HOTLINE_LIMITS__REISSUES_DAY": "10",
    }
    if debug:
        environment["PYTHONASYNCIODEBUG"] = "1"
    command = [sys.executable, "-c", SERVE.format(debug=debug), "serve"]
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=output)
    try:
        async with asyncio.timeout(20):
            while b"service_ready" not in log.read_bytes():
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.05)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def own_numbers(records, house):
    """Give two sample members' phones one more account each, and return their insurance numbers: random, and new."""
    numbers = [random_number(10), random_number(10)]
    account = "INSERT INTO members (phone, insurance_number, full_name, is_sample) VALUES ($1, $2, 'Thử', true)"
    for member, number in zip(house.members[2:4], numbers, strict=True):
        await records.execute(account, member.phone, number)
    yield numbers
    await records.execute("DELETE FROM members WHERE insurance_number = ANY($1)", numbers)


@pytest.fixture
def ours(tmp_path):
    """A folder for what our own processes write in one test; what the phones write is beside it."""
    folder = tmp_path / "ours"
    folder.mkdir()
    return folder


_phones = itertools.count()


@contextlib.asynccontextmanager
async def caller_of(house, ear, member, folder):
    """A caller on the phone of the n-th sample member, by any house's Asterisk."""
    account = next(one for one in house.phones if one.number == house.members[member].phone)
    nth = next(_phones)
    async with house.softphone(account, folder / f"phone{nth}", nth % 12) as phone, Caller(phone, ear) as caller:
        yield caller


async def key_in(caller, number):
    """Dial, choose the re-issue and key a number."""
    await caller.dial(NUMBER)
    await caller.hears("menu", within=15)
    await caller.press("8")
    await caller.hears("ask-number")
    await caller.press(f"{number}#")


async def at_once(caller, number):
    """Match at the first try, and hear the password three times; return it and what was keyed."""
    await key_in(caller, number)
    await caller.hears("after-reading", within=40)
    await caller.press("1")
    await caller.hears("repeat-password")
    await caller.hears_digits(9)
    await caller.hang_up()
    heard = caller.digits()
    assert len(set(heard)) == 1
    assert len(heard) == 3
    return heard[0], [number]


async def at_the_second_try(caller, number):
    """Key a wrong number, then the right one, confirm it, hang up in the repeat; return password and what was keyed."""
    wrong = random_number(10)
    await key_in(caller, wrong)
    await caller.hears("mismatch", within=15)
    await caller.press(f"{number}#")
    assert await caller.hears_digits(10, within=30) == number
    await caller.hears("read-back-ask")
    await caller.press("1")
    await caller.hears("new-password", within=20)
    password = await caller.hears_digits(9)
    await caller.hears_digits(4)
    await caller.hang_up()
    return password, [wrong, number]


async def checking_keys(caller, number):
    """Have a number read back by the testers' extension; return it."""
    await caller.dial("601")
    await caller.hears("key-check", within=15)
    await caller.press(f"{number}#")
    assert await caller.hears_digits(10, within=30) == number
    await caller.hang_up()
    return number


async def calls_at_once(house, ear, numbers, folder):
    """Three callers at the same time; return what finds the passwords heard, and what finds the numbers keyed."""
    async with (
        caller_of(house, ear, 2, folder) as one,
        caller_of(house, ear, 3, folder) as other,
        caller_of(house, ear, 4, folder) as tester,
    ):
        *results, checked = await asyncio.gather(
            at_once(one, numbers[0]), at_the_second_try(other, numbers[1]), checking_keys(tester, random_number(10))
        )
    keyed = [number for _, numbers in results for number in numbers]
    return Finder(*(password for password, _ in results)), Finder(*keyed, checked)


async def in_tables(records, finder):
    """Return the tables that hold what is looked for."""
    return {name for name, text in (await tables(records)).items() if finder.inside(text)}


def everywhere(home, ours, since):
    """Return all folders that our processes or Asterisk may have written into since: theirs and temporary ones.

    Other runs' folders are left out, and with them what the phones wrote: a caller may well remember the password. Left
    out as well is what others had in the temporary folder before, unless something was put into it: it may be huge.
    """
    temporary = Path(tempfile.gettempdir())
    others = [top for top in temporary.iterdir() if top.is_dir() and top.lstat().st_mtime < since]
    runs = [top.name for top in temporary.iterdir() if home.folder.is_relative_to(top) or ours.is_relative_to(top)]
    return [
        Folder(home.folder),
        Folder(ours),
        Folder(temporary, without=[*runs, *others, ".venv", ".git"], since=since),
        Folder(Path(f"/proc/{home.asterisk._pid()}/root/tmp"), without=runs),
        Folder(Path("/dev/shm"), since=since),
    ]


@pytest.mark.usefixtures("postgres_talks")
async def test_debugging_shows_no_password_and_only_asterisk_shows_keys(talking_house, own_numbers, ear, records, ours):
    """With every log on no password is anywhere, and keyed numbers only in Asterisk's own, put together key by key."""
    began, home, pbx = time.time(), talking_house, talking_house.asterisk
    log = pbx.run_dir / "log"
    async with (
        application(home.settings, ours / "application.log", debug=True),
        watching(pbx.site.ami, log / "ami"),
        Spy(home.folder, home.settings.voice.secrets, ours) as spy,
    ):
        passwords, keyed = await calls_at_once(home, ear, own_numbers, ours.parent)
        assert [folder.leaks(passwords) for folder in everywhere(home, ours, began)] == [set()] * 5
    assert await in_tables(records, passwords) == set()
    assert spy.leaks(passwords) == set()

    # Nothing of ours has what was keyed, but the members' own table.
    assert spy.leaks(keyed) == set()
    assert Folder(ours).leaks(keyed) == set()
    assert keyed.inside((home.folder / "postgres.log").read_bytes()) == set()
    assert await in_tables(records, keyed) == {"public.members"}

    # The price of debugging, as SECURITY.md and docs/admin.md have it. Change those with this.
    assert Folder(log).leaks(keyed) == {
        Leak("full", "per channel"),
        Leak("ami", "per channel"),
        Leak("cel-custom/cel.csv", "per channel"),
    }
    assert (log / "cdr-custom" / "cdr.csv").stat().st_size > 0
    in_full = keyed.lines((log / "full").read_bytes())
    for said_by in ("DTMF[N]", "VERBOSE[N]", "DEBUG[N]", '"digit": "N"'):
        assert [line for line in in_full if said_by in line]


async def test_the_shipped_configuration_writes_no_digit(house, own_numbers, ear, records, ours):
    """As shipped, neither a password nor a keyed number is written anywhere, whole or put together again."""
    began = time.time()
    async with (
        application(house.settings, ours / "application.log", debug=False),
        Spy(house.folder, house.settings.voice.secrets, ours) as spy,
    ):
        passwords, keyed = await calls_at_once(house, ear, own_numbers, ours.parent)
        folders = everywhere(house, ours, began)
        assert [folder.leaks(passwords) for folder in folders] == [set()] * 5
        # Postgres' own files have the members' numbers.
        assert Folder(house.folder, without=["data"]).leaks(keyed) == set()
        assert [folder.leaks(keyed) for folder in folders[1:]] == [set()] * 4
    assert await in_tables(records, passwords) == set()
    assert await in_tables(records, keyed) == {"public.members"}
    assert spy.leaks(passwords) == spy.leaks(keyed) == set()


def own_secrets(process, house):
    """The files of secrets that a process is reading out: in the folder it has locked, beside those of other runs."""
    opened = {handle.resolve() for handle in Path(f"/proc/{process.pid}/fd").iterdir()}
    (folder,) = (one for one in opened if one.parent == house.settings.voice.secrets)
    return folder, sorted(folder.iterdir())


def core_file_limit(process):
    """The soft and the hard limit of a process' core files."""
    limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii")
    return re.search(r"^Max core file size +(\S+) +(\S+) ", limits, re.MULTILINE).groups()


async def test_what_a_killed_application_was_reading_out_is_gone_with_the_next(house, own_numbers, ear, ours):
    """A reading's file is for one user only; after SIGKILL in the middle it lies there until the next start."""
    async with (
        application(house.settings, ours / "first.log", debug=False) as process,
        caller_of(house, ear, 2, ours.parent) as caller,
    ):
        folder, before = own_secrets(process, house)  # no secret: the silence that callers are waited for with
        await key_in(caller, own_numbers[0])
        await caller.hears_digits(4, within=20)
        assert core_file_limit(process) == ("0", "0")
        spoken = [path for path in own_secrets(process, house)[1] if path not in before]
        assert [path.suffix for path in spoken] == [".alaw", ".ulaw"]
        assert {path.stat().st_mode & 0o777 for path in spoken} == {0o600}
        assert {one.stat().st_mode & 0o777 for one in (folder, folder.parent)} == {0o700}
        assert {one.stat().st_uid for one in (*spoken, folder, folder.parent)} == {os.geteuid()}
        process.kill()
        await process.wait()
        assert all(path.exists() for path in spoken)
        async with application(house.settings, ours / "second.log", debug=False):
            assert not folder.exists()
