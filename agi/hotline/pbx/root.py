"""Where Asterisk comes from: the machine's own, or a private root file system with Debian's package.

Debian 12 and 13 have no Asterisk; forky has 22 (LTS). A root is made by mmdebstrap in about 25 s and takes 340 MB. The
mirror is the one this machine's own apt sources name.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hotline.pbx.errors import PbxUnavailable
from hotline.processes import Box, need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CACHE = Path.home() / ".cache" / "vssid-hotline" / "asterisk"
MIRROR_VARIABLE = "HOTLINE_DEBIAN_MIRROR"
SUITE = "forky"
PACKAGES = ("asterisk", "asterisk-modules")
OLDEST = 22  # ARI over one WebSocket needs 22.4; older releases are not LTS or are near their end
_QUERY_SECONDS = 20.0
_MOUNTS = Path("/proc/self/mountinfo")

# mmdebstrap's steps, as it names them, and how far it is when each begins.
_STEPS = (
    ("running apt-get update", 0.05),
    ("downloading packages", 0.15),
    ("extracting archives", 0.45),
    ("installing essential packages", 0.5),
    ("installing remaining packages", 0.6),
    ("cleaning package lists", 0.95),
)


def install_root(
    cache: Path = CACHE, mirror: str | None = None, progress: Callable[[float, str], None] = lambda _done, _step: None
) -> Path | None:
    """Return the root file system with Asterisk, made now if it is not in `cache` yet; None for the machine's own.

    An interrupted build leaves nothing half; of two at once, one builds and the other waits for it.

    Args:
        cache: folder the root is kept in.
        mirror: address of a Debian mirror; by default HOTLINE_DEBIAN_MIRROR, else that of the machine's apt sources.
        progress: called with how far it is (0 to 1) and the step in words.

    Raises:
        PbxUnavailable: it cannot be had here; the message says what to do.
        MissingProgram: mmdebstrap or bubblewrap is not installed.
    """
    if _host_has_it():
        return None
    root = cache / f"{SUITE}-root"
    cache.mkdir(parents=True, exist_ok=True)
    with _only_one(cache / "lock"):
        if not root.is_dir():
            _build(root, mirror or os.environ.get(MIRROR_VARIABLE) or debian_mirror(), progress)
        _name_ourselves(root)
    return root


def debian_mirror() -> str:
    """Return the Debian mirror that this machine's apt sources name.

    Raises:
        PbxUnavailable: there is none.
    """
    query = ["apt-get", "indextargets", "--format", "$(SITE)|$(ORIGIN)|$(COMPONENT)", "Created-By: Packages"]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        answer = subprocess.run(query, capture_output=True, text=True, timeout=_QUERY_SECONDS, check=False)
        found = mirror_among(answer.stdout)
        if found is not None:
            return found
    raise PbxUnavailable(
        f"this machine's apt sources name no Debian mirror: set {MIRROR_VARIABLE} to one, or use the container image"
    )


def mirror_among(targets: str) -> str | None:
    """Return the first Debian archive with component main of lines `site|origin|component`, security updates apart."""
    for line in targets.splitlines():
        site, _, rest = line.partition("|")
        if rest == "Debian|main" and not site.rstrip("/").endswith("-security"):
            return site
    return None


def version(printed: str) -> int | None:
    """Return the major version that `asterisk -V` printed, or None."""
    found = re.match(r"Asterisk (?:certified[/-])?(\d+)\.", printed)
    return int(found[1]) if found else None


def _host_has_it() -> bool:
    program = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return program is not None and (_version([program, "-V"]) or 0) >= OLDEST


def _version(argv: list[str]) -> int | None:
    try:
        answer = subprocess.run(argv, capture_output=True, text=True, timeout=_QUERY_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return version(answer.stdout)


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(root: Path, mirror: str, progress: Callable[[float, str], None]) -> None:
    for leftover in root.parent.glob("building-*"):  # of a build that was killed
        _remove(leftover)
    building = Path(tempfile.mkdtemp(prefix="building-", dir=root.parent))
    building.chmod(0o755)
    try:
        _mmdebstrap(building, mirror, progress)
        _check(building, mirror)
        building.rename(root)
    except BaseException:
        _remove(building)
        raise
    progress(1.0, "Asterisk is installed")


def _mmdebstrap(folder: Path, mirror: str, progress: Callable[[float, str], None]) -> None:
    argv = [need("mmdebstrap"), "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    # A snapshot or a stale mirror is fine: packages are still checked against their signatures.
    argv += ['--aptopt=Acquire::Check-Valid-Until "false"', SUITE, str(folder), mirror]
    said: list[str] = []
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        try:
            for line in process.stdout or ():
                said.append(line.strip())
                for step, done in _STEPS:
                    if line.startswith(f"I: {step}"):
                        progress(done, step)
        except BaseException:
            process.terminate()  # it removes its mounts; killing it would not
            raise
    if process.returncode != 0:
        reasons = [line for line in said if line.startswith("E:")] or said[-1:]
        hint = (
            "" if os.geteuid() == 0 else " (an ordinary user needs user namespaces and newuidmap; or run it with sudo)"
        )
        raise PbxUnavailable(f"mmdebstrap: {'; '.join(reasons)}{hint}; mirror {mirror}, see {MIRROR_VARIABLE}")


def _check(root: Path, mirror: str) -> None:
    found = _version(Box(root=root).command(["/usr/sbin/asterisk", "-V"]))
    if found is None:
        raise PbxUnavailable(f"Asterisk from {mirror} does not run here: are namespaces allowed on this machine?")
    if found < OLDEST:
        raise PbxUnavailable(f"{mirror} has Asterisk {found}, and {OLDEST} is needed: set {MIRROR_VARIABLE} to another")


def _remove(folder: Path) -> None:
    """Remove a half-built root, unless something is still mounted in it.

    mmdebstrap that was killed leaves the machine's own /dev/shm, /sys and /proc mounted there: removed by that way
    their files are gone for the whole machine.
    """
    if not mounted_in(folder, _MOUNTS.read_text(encoding="utf-8")):
        shutil.rmtree(folder, ignore_errors=True)


def mounted_in(folder: Path, mountinfo: str) -> list[Path]:
    """Return the mount points at or below `folder`, by lines of proc_pid_mountinfo(5)."""
    inside = folder.resolve()
    points = (Path(line.split()[4].replace("\\040", " ")) for line in mountinfo.splitlines())
    return [point for point in points if point.is_relative_to(inside)]


def _name_ourselves(root: Path) -> None:
    """Give the root an /etc/hosts: Asterisk asks for its own name, and a slow DNS would delay its start."""
    hosts = root / "etc" / "hosts"
    text = f"127.0.0.1 localhost\n127.0.1.1 {socket.gethostname()}\n::1 localhost\n"
    if hosts.exists() and hosts.read_text(encoding="utf-8") == text:
        return
    with contextlib.suppress(PermissionError):  # a root made without privileges belongs to subordinate users
        fresh = hosts.with_name("hosts.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(hosts)
