"""What the register of members refuses, by meaning.

    RegisterError
    ├── FileMalformed       the file is no list of members: nothing of it was read
    ├── FileUnwritable      a file we write can't be written; the message names it and says why
    ├── RowMalformed        one row, or one value, is not as it must be
    ├── RowsRefused         with `strict`: some rows were refused, so none was imported
    ├── ImportUnderWay      somebody else imports or changes members at this moment
    ├── NoSuchMember
    ├── MemberExists        somebody has this insurance or personal number
    └── ChangeRefused       a change is not to be made or approved; the message says why

No message holds a phone, insurance or personal number.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class RegisterError(Exception):
    """The base of all errors of this room."""


class FileMalformed(RegisterError):
    """The file is no list of members; nothing of it was read."""


class FileUnwritable(RegisterError):
    """A file we write can't be written; the message names it and says why."""


class RowMalformed(RegisterError, ValueError):
    """A row, or a value, is not as it must be."""


class RowsRefused(RegisterError):
    """Some rows were refused, so none was imported."""


class ImportUnderWay(RegisterError):
    """Somebody else imports or changes members at this moment."""


class NoSuchMember(RegisterError):
    """No member has this number."""


class MemberExists(RegisterError):
    """Somebody has this insurance or personal number."""


class ChangeRefused(RegisterError):
    """A change is not to be made or approved."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell what goes wrong with a file in the block from what goes wrong with the database. Raises: FileUnwritable."""
    try:
        yield
    except OSError as error:
        raise FileUnwritable(f"{path}: can't be written: {error.strerror}") from None
