"""Keeps what is in this process's memory out of files: passwords and keyed numbers are there while a call lasts."""

from __future__ import annotations

import ctypes
import resource

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def never_dump() -> None:
    """Let no crash of this process write its memory to a core file, and no other user's process read it.

    The limit alone would not do: the kernel ignores it where core files are handed to a program (systemd-coredump).
    Programs started from here are not affected. Swap is another way to a disk: see SECURITY.md.

    Raises:
        OSError: the kernel refused.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")
