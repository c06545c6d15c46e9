"""The command line: what is wrong ends in one clear line and exit status 2."""

import subprocess
import sys

import pytest


@pytest.fixture
def hotline(monkeypatch, tmp_path):
    """Run the command with settings in the environment; return exit status and what it said on standard error."""

    def run(*arguments, **settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        done = subprocess.run(
            [sys.executable, "-c", "from hotline.cli import main; main()", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        return done.returncode, done.stderr

    return run


def test_a_wrong_setting_is_named_with_what_is_allowed(hotline):
    """Name, value and range in one line; no traceback."""
    status, said = hotline("settings", "check", HOTLINE_PASSWORD__LENGTH="3")
    assert status == 2
    assert said == "hotline: HOTLINE_PASSWORD__LENGTH='3': Input should be greater than or equal to 6\n"


def test_a_wrong_secret_is_named_but_not_shown(hotline):
    """The value of a secret setting appears nowhere."""
    status, said = hotline("serve", HOTLINE_PASSWORD__PEPPER="too-short-a-pepper")
    assert status == 2
    assert "HOTLINE_PASSWORD__PEPPER=(hidden)" in said
    assert "too-short-a-pepper" not in said


def test_a_faulty_menu_is_told_with_file_and_line(hotline, tmp_path):
    """An admin's slip ends in one line that says where."""
    menu = tmp_path / "menu.toml"
    menu.write_text(
        'start = "main"\ngive_up = "other-ways"\n[menu.main]\nprompt = "men"\nagain = "menu"\nkeys = {9 = "end"}\n'
    )
    status, said = hotline("menu", "check", HOTLINE_MENU=str(menu))
    assert status == 2
    assert said == f"hotline: {menu}:3: there is no prompt “men”\n"


def test_a_missing_program_says_what_to_do(hotline, tmp_path):
    """A machine without the system packages gets one line, not a traceback."""
    status, said = hotline("demo", PATH=str(tmp_path), HOME=str(tmp_path))
    assert status == 2
    assert said.count("\n") == 1
    assert "make setup" in said


def test_prompts_that_are_not_built_are_named(hotline, tmp_path):
    """The service refuses to start with a hole, and says how to fill it."""
    status, said = hotline("serve", HOTLINE_VOICE__SOUNDS=str(tmp_path), HOTLINE_PASSWORD__PEPPER="x" * 32)
    assert status == 2
    assert "menu" in said
    assert "hotline sounds build" in said
