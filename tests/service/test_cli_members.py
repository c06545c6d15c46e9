"""The commands for members and calls, over a real Postgres."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

import program
from hotline.desk import CallerNumber, CallRecord, Ledger

PEPPER = "a pepper for tests, of no use elsewhere"
ROW = "0987000001,1000000001,100000000001,Trần Thị Một,mot@example.com\n"


@pytest.fixture
def environment(dsn):
    """Settings of the own database, with the pepper of its passwords, and a wide terminal."""
    return {
        "PATH": os.environ["PATH"],
        "COLUMNS": "160",
        "HOTLINE_DATABASE__DSN": dsn,
        "HOTLINE_PASSWORD__PEPPER": PEPPER,
    }


def running(way, environment):
    """Run the command in one way, with something piped in; return exit status, output and errors."""

    def run(*arguments, piped=""):
        done = way(*arguments, piped=piped, environment=environment)
        return done.status, done.output, done.errors

    return run


@pytest.fixture
def hotline(environment):
    """The command, in this process."""
    return running(program.call, environment)


@pytest.fixture
def hotline_itself(environment):
    """The command as a program of its own."""
    return running(program.hotline, environment)


@pytest.fixture
def members(tmp_path):
    """A file with one good row and two bad ones."""
    path = tmp_path / "members.csv"
    path.write_text("phone,insurance_number,personal_number,full_name,email\n" + ROW + "1,2,3\n" + ROW)
    return path


def test_a_file_is_imported_and_every_bad_row_told(hotline, members):
    """The sums, and line and reason of each refused row, on the terminal and in a file beside the first."""
    status, output, errors = hotline("members", "import", str(members), "--why", "monthly list")
    assert (status, errors) == (0, "")
    assert "3 rows: 1 members added, 0 changed, 0 as they were, 2 refused" in output
    assert "line 3: has 3 values, the header 5" in output
    assert "line 4: insurance_number: is also in line 2" in output
    assert (members.parent / "members.csv.refused.csv").read_text().splitlines() == [
        "line,reason",
        '3,"has 3 values, the header 5"',
        "4,insurance_number: is also in line 2",
    ]


def test_a_strict_import_ends_with_an_error(hotline_itself, members):
    """With --strict a bad row is an error, told with its line, and nobody is added."""
    status, output, errors = hotline_itself("members", "import", str(members), "--strict", "--why", "monthly list")
    assert status == 2
    assert "line 3: has 3 values" in output
    assert "2 of 3 rows were refused, so none was imported" in errors
    assert hotline_itself("members", "find", piped="1000000001\n")[0] == 2


def test_a_file_is_told_from_the_database(hotline, members, tmp_path):
    """A list of refused rows that can't be written is named, undoes the import, and is not blamed on the database."""
    refused = tmp_path / "none" / "refused.csv"
    status, _, errors = hotline("members", "import", str(members), "--why", "list", "--refused", str(refused))
    assert (status, errors.splitlines()[-1]) == (2, f"hotline: {refused}: can't be written: No such file or directory")
    assert hotline("members", "find", piped="1000000001\n")[0] == 2


def test_a_folder_is_no_file_of_members(hotline):
    """Also the current one is told in one line."""
    status, _, errors = hotline("members", "import", ".", "--why", "list")
    assert (status, errors.strip()) == (2, "hotline: .: can't be read: Is a directory")


def test_a_member_is_added_found_changed_and_approved(hotline):
    """All from a pipe, no number as an argument; one user of a machine can't approve what the same user changed."""
    status, output, errors = hotline(
        "members", "add", "--why", "at the counter", piped="0987000001\n1000000001\n\nTrần Thị Một\n\n"
    )
    assert status == 0, errors
    assert output.endswith("the member is added; their first password comes by phone\n")
    _, output, _ = hotline("members", "find", "--phone", piped="0987 000 001\n")
    assert "Trần Thị Một" in output
    assert "*******001" in output
    status, output, _ = hotline("members", "change", "phone", "--why", "lost phone", piped="1000000001\n0987000002\n")
    assert status == 0
    until = (datetime.now(UTC) + timedelta(hours=72 + 7)).strftime("%Y-%m-%d")  # Vietnam is seven hours ahead
    assert f"phone held until {until}" in " ".join(output.split())
    _, output, _ = hotline("members", "held")
    assert "lost phone" in output
    assert f"│ {until} " in output
    status, _, errors = hotline("members", "approve", "1", "--by", "somebody else", "--why", "saw the form")
    assert status == 2
    assert "a second person must" in errors


def test_an_export_is_a_file_of_its_own(hotline, members, tmp_path):
    """It is written once, and never over another file."""
    hotline("members", "import", str(members), "--why", "monthly list")
    out = tmp_path / "out.csv"
    status, output, _ = hotline("members", "export", str(out), "--why", "for the archive")
    assert status == 0
    assert f"1 members in {out}" in output
    assert out.read_text().splitlines()[1].endswith("1000000001,100000000001,Trần Thị Một,mot@example.com")
    status, _, errors = hotline("members", "export", str(out), "--why", "for the archive")
    assert status == 2
    assert "is there already" in errors


@pytest.fixture
async def two_calls(database, vault):
    """Two calls of this morning in Vietnam."""
    ledger = Ledger(database, vault, price_per_minute=1000)
    at = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    for number, outcome in enumerate(("reissued", "hung-up")):
        await ledger.write(
            CallRecord(
                id=f"call-{number}",
                started_at=at + timedelta(minutes=number),
                answered_at=at + timedelta(minutes=number, seconds=1),
                ended_at=at + timedelta(minutes=number, seconds=51),
                outcome=outcome,
                steps=[("door", 0.0), ("menu", 1.0)],
                caller=CallerNumber("+84912345678"),
            )
        )


def test_calls_are_listed_with_masked_callers(hotline, two_calls):
    """As lines to read and as CSV for a file; a caller's by a number piped in."""
    _, output, _ = hotline("calls", "--since", "2026-11-20", "--until", "2026-11-20")
    assert [line.split() for line in output.splitlines()[1:]] == [
        ["2026-11-20", "09:00:00", "*******678", "reissued", "menu", "51.0", "1,000", "đ"],
        ["2026-11-20", "09:01:00", "*******678", "hung-up", "menu", "51.0", "1,000", "đ"],
    ]
    _, output, _ = hotline("calls", "--csv", "--caller", "--outcome", "hung-up", piped="0912345678\n")
    assert output.splitlines()[1:] == ["call-1,2026-11-20T09:01:00+07:00,*******678,hung-up,menu,51.0,1,1000"]
    assert hotline("calls", "--until", "2020-01-01") == (0, "no call\n", "")
    assert hotline("calls", "--since", "yesterday")[0] == 2


def test_a_day_is_reported_as_table_csv_and_picture(hotline, two_calls, tmp_path):
    """Outcomes, steps, minutes and price; the same as CSV, and drawn."""
    status, output, errors = hotline(
        "report", "day", "--day", "2026-11-20", "--csv", str(tmp_path / "r.csv"), "--picture", str(tmp_path / "r")
    )
    assert status == 0, errors
    assert "2,000 đ" in output
    assert (tmp_path / "r.csv").read_text().startswith("what,name,calls")
    assert (tmp_path / "r.png").exists()
    assert hotline("report", "month", "--day", "2020-01-01") == (0, "2020-01-01 to 2020-01-31: no call\n", "")


def test_a_password_is_checked_as_the_back_end_does_it(hotline, dsn):
    """Right, wrong, to be changed, locked: each has an exit status; neither number nor password is an argument."""
    check = ("members", "check-password")
    assert hotline(*check, piped="0123456789\n87654321\n") == (0, "ok\n", "")
    assert hotline(*check, piped="0123456789\n11111111\n") == (1, "refused\n", "")
    asyncio.run(_to_be_changed(dsn))
    assert hotline(*check, piped="001085012345\n87654321\n") == (3, "ok, must change the password\n", "")
    for _ in range(4):
        assert hotline(*check, piped="9999999999\n11111111\n")[0] == 1
    assert hotline(*check, piped="9999999999\n87654321\n") == (4, "locked\n", "")
    status, output, errors = hotline(*check, "87654321")
    assert (status, output) == (2, "")
    assert "87654321" not in errors


async def _to_be_changed(dsn):
    records = await asyncpg.connect(dsn)
    await records.execute("UPDATE passwords SET changed_at = NULL, expires_at = now() + interval '1 hour'")
    await records.close()


def test_a_password_typed_in_is_not_shown(environment):
    """On a terminal both number and password are asked for, and neither appears."""
    answers = {"personal number (is not shown): ": "0123456789", "Password (is not shown): ": "87654321"}
    done = program.typed("members", "check-password", answers=answers, environment=environment)
    assert (done.status, done.output) == (0, "ok\n")
    assert not any(answer in done.errors for answer in answers.values())
