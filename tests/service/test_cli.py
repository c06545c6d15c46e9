"""The command line: what is wrong ends in one clear line and exit status 2."""

import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import program
from hotline.cli.command import app
from hotline.console import ProcessAway
from hotline.demo.house import prompts
from hotline.settings import SHARE, Settings


def running(way, folder):
    """Run the command in one way, with more settings; return exit status and what it said on standard error.

    It finds no `hotline run` of somebody else: those leave word in the folder for temporary files.
    """

    def run(*arguments, **settings):
        done = way(*arguments, environment=os.environ | {"TMPDIR": str(folder)} | settings, folder=folder)
        return done.status, done.errors

    return run


@pytest.fixture
def hotline(tmp_path):
    """The command, in this process."""
    return running(program.call, tmp_path)


@pytest.fixture
def hotline_itself(tmp_path):
    """The command as a program of its own."""
    return running(program.hotline, tmp_path)


def test_a_wrong_setting_is_named_with_what_is_allowed(hotline_itself):
    """Name, value and range in one line; no traceback."""
    status, said = hotline_itself("settings", "check", HOTLINE_PASSWORD__LENGTH="3")
    assert status == 2
    assert (
        said == "hotline: HOTLINE_PASSWORD__LENGTH='3': Input should be greater than or equal to 6; allowed: 6 to 12\n"
    )


def test_a_wrong_secret_is_named_but_not_shown(hotline):
    """The value of a secret setting appears nowhere."""
    status, said = hotline("settings", "check", HOTLINE_DATABASE__DSN="mysql://hotline:hush@db/hotline")
    assert status == 2
    assert said.startswith("hotline: HOTLINE_DATABASE__DSN=(hidden): ")
    assert "hush" not in said


@pytest.mark.parametrize("password", ["change-me", "hunter2hunter2hunter2", ""])
def test_a_weak_password_of_ari_is_refused(hotline_itself, password):
    """The example's password, one of few characters, or none is refused, without being shown."""
    status, said = hotline_itself("serve", HOTLINE_ARI__PASSWORD=password)
    assert status == 2
    assert said.startswith("hotline: HOTLINE_ARI__PASSWORD=(hidden): ")
    assert "at least 16 characters, 8 of them different" in said
    assert not password or password not in said


def test_a_folder_without_a_dialplan_is_told_before_anything_is_installed(hotline, tmp_path):
    """Where there is nothing to check no Asterisk is fetched for it."""
    status, said = hotline("dialplan", "check", str(tmp_path / "none"), HOME=str(tmp_path))
    assert status == 2
    assert said.endswith("extensions.conf is not there: name the folder of an Asterisk's configuration\n")
    assert not (tmp_path / ".cache").exists()


def test_no_process_to_drain_is_told(monkeypatch):
    """A machine on which none runs is not asked for a name."""
    monkeypatch.setattr("hotline.cli.steer.processes", list)
    with pytest.raises(ProcessAway, match="no process of the application runs on this machine"):
        CliRunner().invoke(app, ["drain"], catch_exceptions=False)


async def test_a_service_that_waits_for_asterisk_can_be_stopped(sounds, dsn):
    """Asterisk is away, so calls can't come: SIGTERM ends it at once all the same, with status 0."""
    with tempfile.TemporaryDirectory(prefix="hotline-test-", dir="/dev/shm") as spoken:
        environment = os.environ | {
            "HOTLINE_ARI__PASSWORD": secrets.token_urlsafe(24),
            "HOTLINE_ARI__URL": "http://127.0.0.1:9",
            "HOTLINE_ARI__APP": f"test-{uuid4().hex}",
            "HOTLINE_DATABASE__DSN": dsn,
            "HOTLINE_PASSWORD__PEPPER": "a pepper for tests, of no use elsewhere",
            "HOTLINE_VOICE__SOUNDS": str(sounds),
            "HOTLINE_VOICE__SECRETS": spoken,
        }
        command = sys.executable, "-c", "from hotline.cli import main; main()", "serve"
        process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
        async with asyncio.timeout(60):
            while b"ari_" not in (line := await process.stderr.readline()):
                assert line
            process.terminate()
            _, said = await process.communicate()
        assert (process.returncode, b"service_stopped" in said) == (0, True)
        assert os.listdir(spoken) == []  # noqa: PTH208 - nothing else runs on this loop


def test_a_switchboard_with_an_example_password_is_refused(hotline):
    """`hotline pbx check` tells file and line, and what to do; the password is not shown."""
    status, said = hotline("pbx", "check")
    assert status == 2
    assert "ari.conf:7: the password of [hotline]" in said
    assert "openssl rand -hex 24" in said
    assert "change-me" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOTLINE_ARI__URL", "http://hotline:hush@pbx"),
        ("HOTLINE_DATABASE", '"postgresql://hotline:hush@db"'),
        ("HOTLINE_DATABASE", "postgresql://hotline:hush@db"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown_either(hotline, name, value):
    """One line that names the setting, without its value."""
    status, said = hotline("settings", "check", **{name: value})
    assert status == 2
    assert name in said
    assert said.count("\n") == 1
    assert "hush" not in said


@pytest.mark.parametrize("name", ["HOTLINE_PASSWORD__LENGHT", "HOTLINE_MENUE"])
def test_a_misspelt_setting_is_told(hotline, name):
    """A setting that does not exist is not passed over in silence."""
    assert hotline("settings", "check", **{name: "8"}) == (2, f"hotline: {name}: there is no such setting\n")


def test_a_faulty_menu_is_told_with_file_and_line(hotline, tmp_path):
    """An admin's slip ends in one line that says where."""
    menu = tmp_path / "menu.toml"
    head = 'start = "main"\ngive_up = "other-ways"\n'
    menu.write_text(head + '[menu.main]\nprompt = "men"\nagain = "menu"\nkeys = {8 = "reissue", 9 = "end"}\n')
    status, said = hotline("menu", "check", HOTLINE_MENU=str(menu))
    assert status == 2
    assert said == f"hotline: {menu}:4: there is no prompt “men”\n"


def test_a_missing_program_says_what_to_do(hotline_itself, tmp_path):
    """A machine without the system packages gets one line, not a traceback."""
    status, said = hotline_itself("demo", PATH=str(tmp_path), HOME=str(tmp_path))
    assert status == 2
    assert said.count("\n") == 1
    assert "make setup" in said


@pytest.fixture(scope="module")
def sounds():
    """The prompts, built."""
    settings = Settings.load()
    prompts(settings, lambda _step, _done: None)
    return settings.voice.sounds


def test_prompts_that_are_well_pass_the_check(hotline, sounds, tmp_path):
    """Status 0, and a page to listen to with every prompt and digit, of a reasonable size."""
    page = tmp_path / "page.html"
    assert hotline("sounds", "check", "--html", str(page), HOTLINE_VOICE__SOUNDS=str(sounds)) == (0, "")
    shown = page.read_text(encoding="utf-8")
    assert shown.count("<audio") == shown.count("<svg") == shown.count("<article") > 40
    assert len(shown) < 4_000_000


def test_a_prompt_that_is_not_there_fails_the_check(hotline, sounds, tmp_path):
    """Status 1, without a traceback."""
    spoilt = tmp_path / "sounds"
    shutil.copytree(sounds, spoilt)
    (spoilt / "vi" / "menu.alaw").unlink()
    assert hotline("sounds", "check", HOTLINE_VOICE__SOUNDS=str(spoilt)) == (1, "")


@pytest.mark.parametrize("command", ["time", "check", "build"])
def test_a_change_that_makes_calls_too_long_fails(hotline, sounds, command):
    """Longer passwords, for one, end each command that knows of it with status 1."""
    settings = {"HOTLINE_VOICE__SOUNDS": str(sounds), "HOTLINE_PASSWORD__LENGTH": "12"}
    assert hotline("sounds", command, **settings) == (1, "")


def test_a_gap_that_makes_calls_too_long_fails(hotline, sounds, tmp_path):
    """A longer gap in the menu's file is seen as well."""
    menu = tmp_path / "menu.toml"
    text = (SHARE / "dialplan" / "menu.toml").read_text(encoding="utf-8")
    menu.write_text(text.replace("group_gap = 2.0", "group_gap = 3.0"), encoding="utf-8")
    settings = {"HOTLINE_VOICE__SOUNDS": str(sounds), "HOTLINE_MENU": str(menu)}
    assert hotline("sounds", "time", **settings) == (1, "")


def test_takes_are_taken_in_and_those_that_cannot_be_are_told(hotline, tmp_path):
    """Status 0 for a good take, which is kept; 1 as soon as one can't be used."""
    takes, kept = tmp_path / "takes", tmp_path / "kept"
    takes.mkdir()
    hum = 0.2 * np.sin(np.arange(16_000) / 8)
    soundfile.write(takes / "goodbye.wav", hum, 16_000)
    assert hotline("sounds", "studio", "take", str(takes), "--into", str(kept)) == (0, "")
    assert (kept / "vi" / "goodbye.flac").is_file()
    soundfile.write(takes / "busy.wav", 0 * hum, 16_000)
    assert hotline("sounds", "studio", "take", str(takes), "--into", str(kept))[0] == 1


def test_prompts_that_are_not_built_are_named(hotline_itself, tmp_path):
    """The service refuses to start without its prompts, and says in one line where they are missing and what to do."""
    status, said = hotline_itself("serve", HOTLINE_VOICE__SOUNDS=str(tmp_path), HOTLINE_PASSWORD__PEPPER="x" * 32)
    assert status == 2
    assert said.startswith(f"hotline: {tmp_path}/vi: none of the ")
    assert said.endswith("run `hotline sounds build`\n")


def test_a_database_that_is_away_is_told_with_what_to_look_at(hotline):
    """What the network said, and the setting with the address; never the password in it."""
    status, said = hotline("calls", HOTLINE_DATABASE__DSN="postgresql://hotline:hush@127.0.0.1:1/hotline")
    assert status == 2
    last = said.splitlines()[-1]
    assert last.startswith("hotline: the database can't be used: ")
    assert "refused" in last
    assert "HOTLINE_DATABASE__DSN" in last
    assert "hush" not in said


@pytest.mark.parametrize("hosts", ["db:port", "hotline:pa/ss@db", "hotline:hush@one:5432,two:x", "[::1]:x"])
def test_an_address_of_the_database_that_can_not_be_is_refused(hotline, hosts):
    """No port, or a password with signs that mean something in an address; it is not shown."""
    status, said = hotline("settings", "check", HOTLINE_DATABASE__DSN=f"postgresql://{hosts}/hotline")
    assert status == 2
    assert said.startswith("hotline: HOTLINE_DATABASE__DSN=(hidden): must have a number as port; ")
    assert hosts not in said


@pytest.mark.parametrize(
    "hosts", ["", "db", "hotline@db:5432", "hotline:a%40b@one:5432,two", "[::1]:5432", "%2Frun%2Fpostgresql:5433"]
)
def test_an_address_of_the_database_as_postgres_takes_it_will_do(hotline, hosts):
    """One host or several, with or without port and user, IPv6 and sockets."""
    assert hotline("settings", "check", HOTLINE_DATABASE__DSN=f"postgresql://{hosts}/hotline") == (0, "")


def test_a_folder_that_can_not_be_is_named(hotline, tmp_path):
    """Where nothing can be written the path and the reason are told, without a traceback."""
    (tmp_path / "file").write_text("no folder")
    out = tmp_path / "file" / "demo"
    assert hotline("demo", "--out", str(out)) == (2, f"hotline: {out}: Not a directory\n")
