"""Who sits at the terminal, told from what Linux says of the process."""

from __future__ import annotations

import os
import pwd

import pytest

from hotline.cli.person import UNSET, at_the_terminal

USERS = {
    0: ("root", "/bin/bash"),
    33: ("www-data", "/usr/sbin/nologin"),
    998: ("hotline", "/bin/sh"),
    1000: ("lan", "/bin/bash"),
    1001: ("minh", "/bin/zsh"),
    1002: ("robot", "/bin/false"),
}


def user(user_id):
    """The users of the machine."""
    name, shell = USERS[user_id]
    return pwd.struct_passwd((name, "x", user_id, user_id, "", "/", shell))


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Make a /proc in which we are a process of a login, below processes of these users, the outermost first."""

    def make(*users, login=UNSET):
        monkeypatch.setattr(os, "getuid", lambda: users[-1])
        for number, user_id in enumerate(users, start=1):
            name = "self" if number == len(users) else str(number)
            folder = tmp_path / name
            folder.mkdir()
            (folder / "status").write_text(f"Name:\tsh\nPPid:\t{number - 1}\nUid:\t{user_id}\t0\t0\t0\n")
        if login is not None:
            (tmp_path / "self" / "loginuid").write_text(str(login))
        return tmp_path

    return make


@pytest.mark.parametrize("now", [1000, 0, 998, 1001])
def test_who_logged_in_stays_the_same_person(machine, now):
    """As herself, by sudo, as the service's user or as another person: who logged in is who is at work."""
    found = at_the_terminal(machine(0, 1000, 0, now, login=1000), user)
    assert (found.name, found.doubt) == ("lan", "")


def test_an_environment_variable_makes_nobody_somebody_else(machine, monkeypatch):
    """`sudo env SUDO_USER=minh` and the like change nothing."""
    for name, value in {"SUDO_USER": "minh", "SUDO_UID": "1001", "DOAS_USER": "minh", "LOGNAME": "minh"}.items():
        monkeypatch.setenv(name, value)
    assert at_the_terminal(machine(0, 1000, 0, 0, login=1000), user).name == "lan"


@pytest.mark.parametrize("login", [UNSET, None])
@pytest.mark.parametrize("users", [(0, 1000), (0, 1000, 0, 0), (0, 1000, 0, 998), (0, 1000, 0, 1001, 1001)])
def test_without_a_noted_login_the_outermost_person_counts(machine, users, login):
    """Where no login is noted, or the kernel notes none: the first person on the way from the first process to us."""
    found = at_the_terminal(machine(*users, login=login), user)
    assert (found.name, found.doubt) == ("lan", "")


@pytest.mark.parametrize(
    ("users", "login", "name"),
    [
        ((0, 0), 0, "root"),
        ((0, 0), UNSET, "root"),
        ((0, 998), 998, "hotline"),
        ((0, 998), UNSET, "hotline"),
        ((0, 33), UNSET, "www-data"),
        ((1002,), UNSET, "robot"),
        ((4711,), UNSET, "user id 4711"),
        ((0, 1000), 0, "lan"),
    ],
)
def test_who_may_be_anybody_is_told_what_to_do(machine, users, login, name):
    """Root, a service, a user of a container that the machine does not know: nobody in particular logged in."""
    found = at_the_terminal(machine(*users, login=login), user)
    assert found.name == name
    assert found.doubt.startswith(f"{name} may be anybody: log in to this machine as yourself")


def test_who_hides_the_processes_above_is_nobody_in_particular(machine):
    """A chain that can't be followed to its beginning proves nothing."""
    proc = machine(0, 1000, 0, 1001)
    (proc / "2" / "status").unlink()
    assert at_the_terminal(proc, user).doubt


def test_of_this_very_process_something_is_told():
    """The real /proc can be read."""
    assert at_the_terminal().name
