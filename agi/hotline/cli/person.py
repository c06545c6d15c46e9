"""Who sits at the terminal: the person who logged in, whatever user this process has become since.

Linux notes for each process the user who logged in (`loginuid`, proc_pid_loginuid(5)): `pam_loginuid` of sshd, login or
cron sets it, su, sudo and doas leave it, and only who has CAP_AUDIT_CONTROL can set it again. Where nobody set it, the
users of the processes above this one tell: the outermost of a person. `SUDO_USER` is not asked: it is an environment
variable like any other, and `sudo env SUDO_USER=…` sets it.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

PROC: Final = Path("/proc")
UNSET: Final = 2**32 - 1
"""The login of a process that descends from none."""
FIRST_PERSON: Final = 1000
"""User ids below are those of the system (UID_MIN of login.defs(5))."""
NO_SHELLS: Final = frozenset({"nologin", "false"})
"""What the shell of a user is who can't log in, such as a service's."""


@dataclass(frozen=True)
class Login:
    """Who is at work.

    Attributes:
        name: user of the machine, for people to read and for telling persons apart.
        doubt: why that may be more than one person, and what to do; empty if it is one.
    """

    name: str
    doubt: str = ""


def at_the_terminal(proc: Path = PROC, user: Callable[[int], pwd.struct_passwd] = pwd.getpwuid) -> Login:
    """Return who is at work, by the processes in `proc` and the `user` that a user id is."""
    for user_id in _logins(proc):
        if (person := _person(user_id, user)) is not None:
            return Login(person)
    own = os.getuid()
    try:
        name = user(own).pw_name
    except KeyError:
        name = f"user id {own}"
    return Login(name, f"{name} may be anybody: log in to this machine as yourself, then use sudo if you need it")


def _logins(proc: Path) -> list[int]:
    """Return the user ids that may tell who logged in, the best first; none if that can't be seen."""
    try:
        login = int((proc / "self" / "loginuid").read_text())
    except OSError:
        login = UNSET  # a kernel without audit
    if login != UNSET:
        return [login]
    users = []
    process = "self"
    try:
        while process != "0":
            fields = dict(line.split(":", 1) for line in (proc / process / "status").read_text().splitlines())
            users.append(int(fields["Uid"].split()[0]))
            process = fields["PPid"].strip()
    except OSError:
        return []  # hidden from us (hidepid), or just ended: who is above could be anybody
    return users[::-1]


def _person(user_id: int, user: Callable[[int], pwd.struct_passwd]) -> str | None:
    """Return the name of a user whom a person logs in as."""
    try:
        entry = user(user_id)
    except KeyError:
        return None
    if user_id < FIRST_PERSON or Path(entry.pw_shell).name in NO_SHELLS:
        return None
    return entry.pw_name
