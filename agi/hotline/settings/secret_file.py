"""A secret in a file of its own."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_OPEN: Final = stat.S_IRWXO | stat.S_IWGRP
"""What the file of a secret must not allow. A group may read: the service's own, of a file that root owns."""


def read_secret(path: Path) -> str:
    """Return what is in the file, without the white space around it.

    Raises:
        ValueError: it can't be read, is no text, or is open to others; the message says which.
    """
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _OPEN:
                raise ValueError(f"is open to others (mode {mode:04o}); close it: chmod 0400 {path}")
            return file.read().strip()
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError:
        reason = "it is not text"
    raise ValueError(f"can't be read: {reason}")
