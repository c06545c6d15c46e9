"""Softphone accounts of testers: site/pjsip-phones.conf, the one file of a site that a program may edit."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hotline.pbx.errors import SiteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILE: Final = "pjsip-phones.conf"
PASSWORD_LENGTH: Final = 16
"""Characters of 31, 79 bits: Asterisk lets nobody wait who guesses."""
_UNMISTAKABLE: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for one another while typing them into a phone."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEADER = re.compile(r"\s*\[([^\]]+)\]\s*(?:\(([^)]*)\))?")
_NUMBER = re.compile(r"<(\+[0-9]{8,15})>")


@dataclass(frozen=True)
class PhoneAccount:
    """A tester's softphone account.

    Attributes:
        name: SIP user name, and the name of its objects in pjsip.conf.
        password: its SIP password.
        number: the caller number it has whatever it claims: a sample member's, in E.164 (`+84912345678`).
    """

    name: str
    password: str = field(repr=False)
    number: str


def new_password() -> str:
    """Return a random password that can be typed into a phone."""
    return "".join(secrets.choice(_UNMISTAKABLE) for _ in range(PASSWORD_LENGTH))


def sections(account: PhoneAccount, more: str = "") -> str:
    """Return the account as it stands in the file; `more` are further lines of its endpoint."""
    name = account.name
    return (
        f'[{name}](phone)\nauth = {name}\naors = {name}\ncallerid = "{name}" <{account.number}>\n{more}\n'
        f"[{name}](phone-auth)\nusername = {name}\npassword = {account.password}\n\n"
        f"[{name}](phone-aor)\n"
    )


class PhonesFile:
    """The accounts in a site folder; who edits it by hand at the same time is not waited for.

    Args:
        site: the folder, as dialplan/site/.
    """

    def __init__(self, site: Path) -> None:
        self.path = site / FILE

    def accounts(self) -> list[PhoneAccount]:
        """Return the accounts, in their order; those that the hotline's templates did not make are left out.

        Raises:
            SiteError: there is no such file.
        """
        numbers: dict[str, str] = {}
        passwords: dict[str, str] = {}
        for name, template, lines in _sections(self._text()):
            text = "".join(lines)
            if template == "phone" and (number := _NUMBER.search(text)):
                numbers[name] = number[1]
            elif template == "phone-auth" and (given := re.search(r"^password\s*=\s*(\S+)", text, re.MULTILINE)):
                passwords[name] = given[1]
        return [PhoneAccount(name, passwords.get(name, ""), number) for name, number in numbers.items()]

    def add(self, name: str, number: str) -> PhoneAccount:
        """Write a new account with a password of its own, and return it.

        Raises:
            SiteError: there is no such file, the name can't be used, or is used.
        """
        if _NAME.fullmatch(name) is None:
            raise SiteError("a name has 1 to 64 letters and digits, and . _ - after the first")
        with self._alone():
            if name in self._taken():
                raise SiteError(f"{name}: there is something of this name in the configuration")
            account = PhoneAccount(name, new_password(), number)
            text = self._text()
            self._replace(f"{text.rstrip()}\n\n{sections(account)}".lstrip())
        return account

    def remove(self, name: str) -> None:
        """Take an account out; what stands around it stays.

        Raises:
            SiteError: there is no such file or account.
        """
        with self._alone():
            if name not in {account.name for account in self.accounts()}:
                raise SiteError(f"{name}: there is no such account in {self.path}")
            kept = [
                "".join(line for line in lines if line.lstrip().startswith(";")) if section == name else "".join(lines)
                for section, _, lines in _sections(self._text())
            ]
            self._replace("".join(kept))

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise SiteError(
                f"{self.path} is not there: name the site folder of your switchboard's configuration"
            ) from None

    def _taken(self) -> set[str]:
        """Return the names of all sections of SIP: Asterisk would join two of one name and type without a word."""
        site = self.path.parent
        files = [site.parent / "pjsip.conf", *site.glob("pjsip-*.conf")]
        texts = [path.read_text(encoding="utf-8") for path in files if path.exists()]
        return {name for text in texts for name, _, _ in _sections(text)}

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self._text()
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _replace(self, text: str) -> None:
        """Write the file in one step; its owner and group stay, and others can't read it."""
        old = self.path.stat()
        handle, path = tempfile.mkstemp(dir=self.path.parent, prefix=f".{FILE}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                if os.geteuid() == 0:
                    os.fchown(handle, old.st_uid, _group(old))
                os.fchmod(handle, (stat.S_IMODE(old.st_mode) & 0o640) | 0o600)
            Path(path).replace(self.path)
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise


def _group(old: os.stat_result) -> int:
    """Return the group of the new file: Asterisk's, where all could read it, who alone can't any more."""
    if old.st_mode & stat.S_IROTH and old.st_uid == 0:
        with contextlib.suppress(KeyError):
            return grp.getgrnam("asterisk").gr_gid
    return old.st_gid


def _sections(text: str) -> Sequence[tuple[str, str, list[str]]]:
    """Split `text` into sections: name, template and lines; what stands before the first has no name."""
    found: list[tuple[str, str, list[str]]] = [("", "", [])]
    for line in text.splitlines(keepends=True):
        if header := _HEADER.match(line):
            found.append((header[1], header[2] or "", []))
        found[-1][2].append(line)
    return found
