"""The operator's commands, over a real Postgres."""

from __future__ import annotations

import asyncio
import os

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

import program
from hotline.cli.command import app
from hotline.cli.person import at_the_terminal
from hotline.desk import CallerNumber, Desk, InsuranceNumber, ReasonUnfit, Vault
from hotline.desk.known_peppers import note_peppers
from hotline.records import Database
from hotline.settings import DatabaseSettings, LimitSettings, PasswordSettings

PEPPER = "a pepper for tests, of no use elsewhere"
NUMBER = "0123456789"
STRANGER = "+84977777777"


@pytest.fixture
def environment(dsn):
    """Settings of the own database, with the pepper of its passwords, and a wide terminal."""
    return {
        "PATH": os.environ["PATH"],
        "COLUMNS": "160",
        "HOTLINE_DATABASE__DSN": dsn,
        "HOTLINE_PASSWORD__PEPPER": PEPPER,
    }


@pytest.fixture
def hotline(environment):
    """Run the command in this process, with something piped in; return exit status, output and errors."""

    def run(*arguments, piped="", **settings):
        done = program.call(*arguments, piped=piped, environment=environment | settings)
        return done.status, done.output, done.errors

    return run


@pytest.fixture
async def failures(dsn):
    """Six failed checks of one caller, with four others on one of the numbers."""
    passwords = PasswordSettings(pepper=SecretStr(PEPPER))
    vault = Vault(passwords)
    async with Database(DatabaseSettings(dsn=SecretStr(dsn))) as database:
        desk = Desk(database, vault, passwords, LimitSettings())
        checks = [(STRANGER, f"999999999{n}") for n in range(5)]
        checks += [(STRANGER, NUMBER), *((f"+8497777777{n}", NUMBER) for n in range(4))]
        for caller, number in checks:
            await desk.settle(await desk.look_up(CallerNumber(caller), InsuranceNumber(number)), "call-1")
        await desk.close()
    vault.close()


async def noted(dsn):
    """Have the database know the service's secrets, as once it was up."""
    vault = Vault(PasswordSettings(pepper=SecretStr(PEPPER)))
    async with Database(DatabaseSettings(dsn=SecretStr(dsn))) as database:
        await note_peppers(database, vault)
    vault.close()


@pytest.mark.usefixtures("failures")
@pytest.mark.parametrize(
    "command",
    [("limits", "show", "--caller"), ("limits", "unlock", "--caller", "--why", "asked"), ("calls", "--caller")],
)
def test_who_looks_for_a_number_under_another_key_is_told_so(hotline, dsn, command):
    """Nobody would be found, which would look like an answer; before the service ever came there is nobody to find."""
    other = {"HOTLINE_PASSWORD__PEPPER": PEPPER[::-1], "HOTLINE_PASSWORD__PEPPER_KEY_ID": "2"}
    assert "TRACE_KEY" not in hotline(*command, piped=f"{STRANGER}\n", **other)[2]
    asyncio.run(noted(dsn))
    status, output, errors = hotline(*command, piped=f"{STRANGER}\n", **other)
    assert (status, output) == (2, "")
    assert "HOTLINE_PASSWORD__TRACE_KEY_FILE, or the pepper where that is not set, is none that" in errors
    assert hotline(*command, piped=f"{STRANGER}\n", **other, HOTLINE_PASSWORD__TRACE_KEY=PEPPER)[0] == 0
    assert hotline("alarms", **other)[0] == 0


@pytest.mark.usefixtures("failures")
def test_limits_are_shown_and_unlocked_by_what_is_piped_in(hotline, database):
    """A caller at the limit is shown, unlocked once, and shown again; no whole number is printed."""
    user = at_the_terminal().name
    said = []
    status, output, _ = hotline("limits", "show", "--caller", piped="0977 777 777\n")
    assert status == 0
    assert "6 (reached)" in output
    said.append(output)
    unlock = ("limits", "unlock", "--caller", "--why", "rang the office")
    status, output, _ = hotline(*unlock, "--by", "Lan", piped=f"{STRANGER}\n")
    assert (status, output) == (
        0,
        f"caller *******777: 6 failed checks of the last 24 h count no more (by Lan (as {user}))\n",
    )
    said.append(output)
    status, output, errors = hotline(*unlock, piped=f"{STRANGER}\n")
    assert (status, output) == (2, "")
    assert errors == "hotline: no failed check of *******777 counts: there is nothing to lift\n"
    said.append(errors)
    status, output, _ = hotline("limits", "show", "--caller", piped=f"{STRANGER}\n")
    assert f"when Lan (as {user}) lifted what was before: rang the office" in " ".join(output.split())
    said.append(output)
    assert not any("977777777" in text or "977 777 777" in text for text in said)


@pytest.mark.usefixtures("failures")
def test_a_number_is_shown_with_what_its_account_was_issued(hotline):
    """By its twelve-digit number as well."""
    status, output, _ = hotline("limits", "show", "--number", piped="001085012345\n")
    assert status == 0
    lines = [" ".join(line.split()) for line in output.splitlines()]
    assert "│ failed checks, last 24 h │ 5 │ 100 │ 10 │" in lines
    assert "│ by different callers │ 5 │ │ 4 │" in lines
    assert "│ passwords active, last 24 h │ 0 │ 3 │ │" in lines
    assert "001085012345" not in output
    assert NUMBER not in output


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "--caller", "0977777777"),
        ("unlock", "--why", "x", "--number", "0977777777"),
        ("unlock", "--why", "x", "--caller", "--number"),
        ("show",),
        ("unlock", "--caller", "--why", "rang from 0977777777"),
    ],
)
def test_a_number_is_never_an_argument(arguments):
    """It is refused without being repeated; so is one in a reason, and both kinds at once or none."""
    result = CliRunner().invoke(app, ["limits", *arguments])
    if isinstance(result.exception, ReasonUnfit):
        assert str(result.exception).startswith("--why has a number in it")
    else:
        assert result.exit_code == 2
    assert "0977777777" not in f"{result.output} {result.exception}"


@pytest.mark.parametrize(
    ("kind", "piped", "message"),
    [
        ("--caller", "123\n", "a phone number has 8 to 15 digits and begins with 0, 84, +84 or 0084"),
        ("--number", "", "an insurance number has 10 or 12 digits"),
        ("--number", "9876543210\n", "no failed check of *******210 counts: there is nothing to lift"),
    ],
)
def test_a_wrong_or_unknown_number_gets_one_clear_line(hotline, kind, piped, message):
    """What a number looks like, or that nothing counts; exit status 2."""
    assert hotline("limits", "unlock", kind, "--why", "x", piped=piped) == (2, "", f"hotline: {message}\n")


@pytest.mark.usefixtures("failures")
def test_a_number_typed_in_is_not_shown(environment):
    """On a terminal the number is asked for, and what is typed does not appear."""
    answers = {"(is not shown): ": "0977777777"}
    done = program.typed("limits", "show", "--caller", answers=answers, environment=environment)
    assert done.status == 0
    assert "caller *******777" in done.output
    assert "0977777777" not in done.errors + done.output


@pytest.mark.usefixtures("failures")
def test_alarms_are_listed_and_acknowledged(hotline):
    """Open ones by default, all with --all, each acknowledged once with who and why."""
    status, output, _ = hotline("alarms")
    assert status == 0
    assert "a caller failed with 6 different insurance numbers" in output
    assert "different callers failed with an insurance number" in output
    assert "977777777" not in output
    acknowledge = ("alarms", "acknowledge", "1", "--by", "Minh", "--why", "our own test")
    status, output, _ = hotline(*acknowledge)
    assert (status, output.startswith("alarm 1 is acknowledged by Minh (as ")) == (0, True)
    status, _, errors = hotline(*acknowledge)
    assert (status, errors.startswith("hotline: Minh (as ")) == (2, True)
    assert hotline("alarms", "acknowledge", "99", "--why", "x") == (2, "", "hotline: there is no alarm 99\n")
    _, output, _ = hotline("alarms")
    assert "our own test" not in output
    _, output, _ = hotline("alarms", "--all")
    assert "our own test" in output


def test_no_alarm_is_said(hotline):
    """An empty list is a sentence."""
    assert hotline("alarms") == (0, "no alarm\n", "")


def test_the_secrets_are_checked_with_the_settings(hotline, tmp_path):
    """A pepper file that others can read is told by `settings check`, too."""
    (tmp_path / "pepper").write_text(PEPPER)
    (tmp_path / "pepper").chmod(0o644)
    status, _, errors = hotline("settings", "check", HOTLINE_PASSWORD__FORMER_PEPPER_FILES__0=str(tmp_path / "pepper"))
    assert status == 2
    assert errors.startswith("hotline: HOTLINE_PASSWORD__FORMER_PEPPER_FILES__0=")
    assert errors.count("\n") == 1
    assert "is open to others (mode 0644)" in errors
