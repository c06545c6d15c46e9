"""Importing and exporting members, on a real Postgres."""

from __future__ import annotations

import asyncio
import csv
import os
import signal
import stat
import sys
from datetime import timedelta

import asyncpg
import pytest
from pydantic import SecretStr

from hotline.desk import Activation, CallerNumber, InsuranceNumber, Reason, SignIn
from hotline.members import (
    FileMalformed,
    ImportUnderWay,
    MembersFile,
    Refused,
    RowsRefused,
    export_members,
    import_members,
)
from hotline.records.staging import WRITERS, Merged, Staging
from hotline.settings import DatabaseSettings

HEADER = "phone,insurance_number,personal_number,full_name,email\n"
ONE = "0987000001,1000000001,100000000001,Trần Thị Một,mot@example.com\n"
TWO = "0987000002,1000000002,,Lê Văn Hai,\n"
WHY = Reason("lan", "monthly list")
HOLD = timedelta(hours=72)


@pytest.fixture
def load(dsn, tmp_path):
    """Imports a file of this content; tells what was done and what was refused."""

    async def run(content: str, **options):
        path = tmp_path / "members.csv"
        path.write_text(content)
        with Refused(tmp_path / "refused.csv") as refused:
            done = await import_members(
                DatabaseSettings(dsn=SecretStr(dsn)), path, WHY, refused=refused, hold=HOLD, **options
            )
        listed = (
            list(csv.reader(refused.path.read_text().splitlines())) if refused.path.exists() else [["line", "reason"]]
        )
        assert len(listed) == refused.count + 1
        return done.merged, [(int(line), reason) for line, reason in listed[1:]]

    return run


@pytest.fixture
async def sql(dsn):
    """A connection of the test's own."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def imported(sql):
    """The members that are no sample."""
    return [
        tuple(row)
        for row in await sql.fetch(
            "SELECT phone, insurance_number, full_name, email FROM members WHERE NOT is_sample ORDER BY phone"
        )
    ]


async def test_members_are_added_and_the_same_file_again_changes_nothing(load, sql):
    """An import is safe to repeat."""
    assert await load(HEADER + ONE + TWO) == (Merged(added=2, changed=0, phones=0, same=0), [])
    there = await imported(sql)
    assert there == [
        ("+84987000001", "1000000001", "Trần Thị Một", "mot@example.com"),
        ("+84987000002", "1000000002", "Lê Văn Hai", None),
    ]
    assert await load(HEADER + ONE + TWO) == (Merged(added=0, changed=0, phones=0, same=2), [])
    assert await imported(sql) == there


async def test_what_differs_is_changed_and_audited_member_by_member(load, sql):
    """A new name is taken over; an empty e-mail leaves the one that is there."""
    await load(HEADER + ONE + TWO)
    changed = ONE.replace("Trần Thị Một", "Trần Thị Mốt").replace("mot@example.com", "")
    assert await load(HEADER + changed + TWO) == (Merged(added=0, changed=1, phones=0, same=1), [])
    assert (await imported(sql))[0][2:] == ("Trần Thị Mốt", "mot@example.com")
    (entry,) = await sql.fetch("SELECT * FROM audit WHERE action = 'member-changed'")
    assert entry["actor"] == "operator"
    assert '"fields": ["full_name"]' in entry["detail"]
    assert '"by": "lan"' in entry["detail"]


async def test_a_changed_phone_is_held_and_raises_one_alarm(load, sql):
    """A phone that an import changes can't be used at once, and somebody is told (SPEC §5)."""
    await load(HEADER + ONE + TWO)
    moved = (ONE + TWO).replace("098700000", "097700000")
    assert await load(HEADER + moved) == (Merged(added=0, changed=2, phones=2, same=0), [])
    held = await sql.fetchval("SELECT count(*) FROM members WHERE phone_held_until > now() + interval '71 hours'")
    assert held == 2
    changes = await sql.fetch("SELECT old_masked, new_masked, changed_by FROM phone_changes ORDER BY id")
    assert [tuple(change) for change in changes] == [
        ("*******001", "*******001", "lan"),
        ("*******002", "*******002", "lan"),
    ]
    alarms = await sql.fetch("SELECT kind, count, causers FROM alarms")
    assert [tuple(alarm) for alarm in alarms] == [("phones-changed", 2, ["lan"])]


async def test_each_import_is_an_alarm_of_its_own(load, sql):
    """A harmless import's alarm covers no other import's; the audit trail has the name of each."""
    await load(HEADER + ONE + TWO)
    await load(HEADER + ONE.replace("0987", "0977"))
    await load(HEADER + TWO.replace("0987", "0977"))
    alarms = [row["subject_masked"] for row in await sql.fetch("SELECT subject_masked FROM alarms ORDER BY id")]
    trail = await sql.fetch(
        "SELECT detail->>'import' AS import FROM audit WHERE action = 'members-imported' ORDER BY id OFFSET 1"
    )
    assert alarms == [f"import {row['import'][:8]}" for row in trail]
    assert len(set(alarms)) == 2


async def test_an_import_holds_up_no_call(load, desk, monkeypatch):
    """While an import has changed all of a caller's row and goes on, the caller gets a password that works."""
    caller, number = CallerNumber("+84987000001"), InsuranceNumber("1000000001")
    await load(HEADER + ONE.replace("100000000001", "") + TWO)
    merged, done = asyncio.Event(), asyncio.Event()
    merge = Staging.merge

    async def slow(*args, **options):
        result = await merge(*args, **options)
        merged.set()
        await done.wait()
        return result

    monkeypatch.setattr(Staging, "merge", slow)
    row = ONE.replace("Trần Thị Một", "Trần Thị Mốt").replace("mot@", "moi@").replace("0987", "0977")
    importing = asyncio.create_task(load(HEADER + row + TWO.replace("Hai", "Hải")))
    await merged.wait()
    for nth in range(2):
        new = await desk.settle(await desk.look_up(caller, number), f"call-{nth}")
        assert await new.began()
        assert await new.heard() is Activation.ACTIVE
        assert await desk.sign_in(number.digits, new.password.reveal()) is SignIn.OK_MUST_CHANGE
    assert await desk.change(number.digits, new.password.reveal(), "a password of my own")
    done.set()
    assert await importing == (Merged(added=0, changed=2, phones=1, same=0), [])
    assert not (await desk.look_up(caller, number)).matches


async def test_bad_rows_are_listed_and_the_good_ones_imported(load, sql):
    """Every bad row is listed with line and reason, those that contradict others as well; never partly a row."""
    content = (
        HEADER
        + ONE
        + "0987000002,12,,Lê Văn Hai,\n"
        + ONE.replace("Một", "Khác")
        + TWO
        + "0987000009,1000000009,100000000001,Người Khác,\n"
        + "0987000008,0123456789,,Mẫu,\n"
    )
    merged, refused = await load(content)
    assert merged == Merged(added=2, changed=0, phones=0, same=0)
    assert refused == [
        (3, "insurance_number: must have 10 digits"),
        (4, "insurance_number: is also in line 2"),
        (6, "personal_number: is also in line 2"),
        (7, "insurance_number: belongs to an invented member of the sample"),
    ]
    assert len(await imported(sql)) == 2


async def test_personal_numbers_stay_where_they_are(load):
    """A personal number is neither moved to another member nor exchanged by an import."""
    await load(HEADER + ONE)
    taken = "0987000009,1000000009,100000000001,Người Khác,\n"
    exchanged = ONE.replace("100000000001", "100000000002")
    assert (await load(HEADER + exchanged + taken))[1] == [
        (2, "personal_number: the member has another one; change it by hand if that one is wrong"),
        (3, "personal_number: belongs to another member"),
    ]


async def test_strict_imports_all_or_none(load, sql):
    """With --strict one bad row keeps the good ones out."""
    with pytest.raises(RowsRefused, match="1 of 2 rows were refused"):
        await load(HEADER + ONE + "nonsense\n", strict=True)
    assert await imported(sql) == []


async def test_two_imports_do_not_mix(load, sql):
    """Who imports while somebody else writes members is told so, and nothing is done."""
    async with sql.transaction():
        await sql.execute("SELECT pg_advisory_xact_lock($1)", WRITERS)
        with pytest.raises(ImportUnderWay):
            await load(HEADER + ONE)
    assert await imported(sql) == []


async def test_a_file_that_is_no_list_of_members_never_reaches_the_database(load):
    """A wrong header ends the import before it begins."""
    with pytest.raises(FileMalformed):
        await load(ONE)


@pytest.mark.parametrize("after", ["fill", "refuse", "merge"])
async def test_an_import_killed_in_the_middle_leaves_nothing_behind(dsn, sql, tmp_path, after):
    """A process killed at any step of an import leaves no member, no lock and no table behind."""
    path = tmp_path / "members.csv"
    path.write_text(HEADER + ONE + TWO)
    program = f"""
import asyncio, os, signal, sys
from datetime import timedelta
from pathlib import Path
from pydantic import SecretStr
from hotline.desk import Reason
from hotline.members import Refused, import_members
from hotline.records.staging import Staging
from hotline.settings import DatabaseSettings

step = Staging.{after}
if {after!r} == "refuse":
    async def stopped(self):
        async for one in step(self):
            yield one
        os.kill(os.getpid(), signal.SIGKILL)
else:
    async def stopped(self, *args, **kwargs):
        await step(self, *args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
Staging.{after} = stopped
with Refused(Path(sys.argv[2])) as refused:
    asyncio.run(import_members(DatabaseSettings(dsn=SecretStr(os.environ["DSN"])), Path(sys.argv[1]),
        Reason("lan", "test"), refused=refused, hold=timedelta(hours=72)))
"""
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), str(tmp_path / "refused.csv"), env={**os.environ, "DSN": dsn}
    )
    assert await killed.wait() == -signal.SIGKILL
    for _ in range(100):
        if not await sql.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hotline-bulk'"):
            break
        await asyncio.sleep(0.05)
    assert await imported(sql) == []
    assert await sql.fetchval("SELECT pg_try_advisory_lock($1)", WRITERS)


async def test_progress_goes_from_nothing_to_all(load):
    """The bar moves forward only, and ends at the end."""
    rows = "".join(f"09876{n:05d},1{n:09d},,Người {n},\n".replace("Người", "Tên") for n in range(2500))
    told: list[float] = []
    done, refused = await load(HEADER + "".join(rows), progress=told.append)
    assert (done.added, refused) == (2500, [])
    assert told == sorted(told)
    assert len(told) >= 3
    assert told[-1] == 1.0


async def test_an_export_is_what_an_import_takes(load, dsn, tmp_path, sql):
    """What is exported can be read again, without the sample, without a password, by its owner only."""
    await load(HEADER + ONE + TWO)
    path = tmp_path / "out.csv"
    settings = DatabaseSettings(dsn=SecretStr(dsn))
    assert await export_members(settings, path, WHY) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with MembersFile(path) as file:
        assert [row.insurance_number for _, row in file.rows()] == ["1000000001", "1000000002"]
    assert await load(path.read_text()) == (Merged(added=0, changed=0, phones=0, same=2), [])
    assert await sql.fetchval("SELECT count(*) FROM audit WHERE action = 'members-exported'") == 1
    with pytest.raises(FileExistsError):
        await export_members(settings, path, WHY)
