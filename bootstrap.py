#!/usr/bin/env python3
"""Set this checkout up: system packages, a virtual environment, a private Asterisk. `make` calls it for every target.

    python3 bootstrap.py [--no-pbx]

Standard library only, and readable by Python 3.7, since it is what tells an old one that it is too old. Each step
looks first whether it is done, so a second run takes a moment and an interrupted one is simply run again. Package
servers, proxies and certificates are the ones this machine's apt and pip are configured for; none is named here.

Exit status: 0 ready, 1 a step failed (its last output is shown), 2 this machine cannot run it (one line says why).
"""

from __future__ import annotations

import argparse
import collections
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import selectors
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
VENV = ROOT / ".venv"
STAMP = VENV / ".ready"
OS_RELEASE = Path("/etc/os-release")

PYTHONS = ((3, 11), (3, 14))  # oldest the project supports, newest every locked wheel exists for
OLDEST_DEBIAN = 12
NEWER_DEBIANS = ("trixie", "forky", "sid")  # before its release a Debian has a code name and no number
OLDEST_ASTERISK = 22
MIRROR_SETTING = "HOTLINE_DEBIAN_MIRROR"

PACKAGES = (
    "bubblewrap",
    "baresip-core",
    "libespeak-ng1",
    "espeak-ng-data",
    "espeak-ng",
    "sip-tester",
    "fonts-dejavu-core",
    "hunspell-vi",
)
ROOT_FILE_SYSTEM_PACKAGES = ("mmdebstrap", "debian-archive-keyring")  # to make the private Asterisk's root with
UNPRIVILEGED_PACKAGES = ("uidmap",)  # what mmdebstrap needs when it does not run as root

ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")  # so that after we are killed nobody still writes into .venv
TAIL_LINES = 15
NETWORK_TROUBLE = re.compile(
    r"temporary failure|could not (resolve|connect)|name or service not known|network is unreachable|timed out"
    r"|connection (refused|reset)|failed to (fetch|establish)|proxyerror|sslerror|certificate|max retries exceeded",
    re.IGNORECASE,
)
NETWORK_ADVICE = (
    "This looks like the network. Check that this machine reaches the package servers its apt and pip are configured"
    " for (proxy: http_proxy and https_proxy), then run the same command again; what is done stays done."
)


class Stop(Exception):
    """Setting up ends here; the message is for the person at the terminal."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class CannotRunHere(Stop):
    """This machine is not one the project can run on as it is."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 2)


class StepFailed(Stop):
    """A command failed; the message ends with the last lines of its output."""

    def __init__(self, what: str, output: Sequence[str]) -> None:
        advice = NETWORK_ADVICE if NETWORK_TROUBLE.search("\n".join(output)) else "Put that right and run it again."
        tail = "\n".join("    " + line for line in output[-TAIL_LINES:])
        super().__init__(f"{what} failed. Its last words:\n{tail}\n{advice}", 1)


def say(line: str, end: str = "\n") -> None:
    """Write `line` for the user, at once."""
    print(line, end=end, flush=True)  # noqa: T201 - the one place that prints


class Bar:
    """One step's progress: a bar that redraws itself on a terminal, a line each quarter in a log."""

    WIDTH = 30

    def __init__(self, title: str) -> None:
        self._title = title
        self._terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._percent = -1
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        self.show(0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._terminal:
            say("\r\x1b[K", end="")
        if kind is None:
            say(f"{self._title}: done in {time.monotonic() - self._since:.0f} s")

    def show(self, share: float) -> None:
        """Show that `share` (0..1) of the step is done; it never goes back."""
        percent = int(100 * min(max(share, 0), 1))
        if percent <= self._percent:
            return
        if self._terminal:
            full = self.WIDTH * percent // 100
            say(f"\r\x1b[K{self._title} [{'#' * full}{'-' * (self.WIDTH - full)}] {percent:3d} %", end="")
        elif percent // 25 > self._percent // 25 and percent < 100:  # the last quarter is the line that says done
            say(f"{self._title}: {percent} %")
        self._percent = percent


def lines_of(process: subprocess.Popen[bytes], idle: Callable[[], None]) -> Iterator[str]:
    """Yield the lines `process` writes as they come, and call `idle` about five times a second in between."""
    assert process.stdout is not None  # noqa: S101 - for the type checker
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            ready = selector.select(timeout=0.2)
            idle()
            if not ready:
                continue
            chunk = os.read(process.stdout.fileno(), 65536)
            *lines, rest = (rest + chunk).split(b"\n")
            if not chunk and rest:
                lines.append(rest)
            for line in lines:
                yield line.decode(errors="replace").rstrip()
            if not chunk:
                return


def follow(
    what: str,
    argv: Sequence[str],
    seen: Callable[[str], bool] = lambda _: False,
    *,
    idle: Callable[[], None] = lambda: None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run `argv` to its end, handing each line of output to `seen`, which says whether it was only about progress.

    Raises:
        StepFailed: it could not be started or its exit status is not 0.
    """
    output: collections.deque[str] = collections.deque(maxlen=200)
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
        )
    except OSError as error:
        raise StepFailed(what, [str(error)]) from None
    with process:
        output.extend(line for line in lines_of(process, idle) if line and not seen(line))
    if process.returncode != 0:
        raise StepFailed(what, list(output))


def output_of(*argv: str) -> str:
    """Return what `argv` writes to standard output, whatever its exit status; nothing if there is no such program."""
    program = shutil.which(argv[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin")  # which is not on every user's PATH
    if program is None:
        return ""
    done = subprocess.run([program, *argv[1:]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode()


def check_python(version: tuple[int, int]) -> None:
    """Refuse a Python the project or its locked packages do not exist for."""
    oldest, newest = PYTHONS
    if not oldest <= version <= newest:
        raise CannotRunHere(
            "Python {}.{} to {}.{} is needed and this is {}.{}: name another one, as in `make demo PYTHON=python3.11`,"
            " or use the container image (Dockerfile).".format(*oldest, *newest, *version)
        )


def check_system(os_release: str, *, has_mirror: bool) -> None:
    """Refuse a system the packages and the private Asterisk do not exist for.

    Args:
        os_release: the text of /etc/os-release.
        has_mirror: whether the user named a Debian mirror, which another system of Debian's family needs.
    """
    fields = {}
    for line in os_release.splitlines():
        name, found, value = line.partition("=")
        if found:
            fields[name.strip()] = value.strip().strip("\"'")
    number = fields.get("VERSION_ID", "").partition(".")[0]
    if fields.get("ID") == "debian":
        good = int(number) >= OLDEST_DEBIAN if number.isdigit() else fields.get("VERSION_CODENAME") in NEWER_DEBIANS
    else:
        good = has_mirror and "debian" in fields.get("ID_LIKE", "").split()
    if not good:
        raise CannotRunHere(
            "Debian {} or newer is needed and this is {}: use the container image (Dockerfile), or, on a relative of"
            " Debian, set {} to the address of a Debian mirror.".format(
                OLDEST_DEBIAN, fields.get("PRETTY_NAME", "an unknown system"), MIRROR_SETTING
            )
        )


def host_asterisk() -> int:
    """Return the major version of the Asterisk installed on this machine; 0 when there is none."""
    found = re.match(r"Asterisk (?:\D*-)?(\d+)", output_of("asterisk", "-V"))
    return int(found[1]) if found else 0


def needed_packages(version: tuple[int, int], *, is_root: bool) -> list[str]:
    """Return the Debian packages this machine needs, installed or not."""
    packages = list(PACKAGES)
    if host_asterisk() < OLDEST_ASTERISK:
        packages += ROOT_FILE_SYSTEM_PACKAGES
        packages += () if is_root else UNPRIVILEGED_PACKAGES
    if importlib.util.find_spec("ensurepip") is None:  # Debian ships it apart from Python
        packages.append(f"python{version[0]}.{version[1]}-venv")
    return packages


def missing_packages(packages: Sequence[str]) -> list[str]:
    """Return those of `packages` that are not fully installed."""
    known = output_of("dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *packages)
    installed = {line.split()[0] for line in known.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def as_root(missing: Sequence[str]) -> list[str]:
    """Return the words to put before a command that only root may run; none when we are root.

    Raises:
        CannotRunHere: there is no way to become root.
    """
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and (
        sys.stdin.isatty() or subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL) == 0
    ):
        return ["sudo"]
    raise CannotRunHere(
        "Only root may install packages, and there is no usable sudo; as root run once: apt-get update &&"
        f" apt-get install --no-install-recommends {' '.join(missing)}"
    )


def apt_share(line: str) -> float | None:
    """Read a line of apt's status output: the share of all its work (0..1) that is done; None for any other line.

    Downloading counts for the first half and installing for the second; both are reported as 0..100 of their own.
    """
    found = re.match(r"(dl|pm)status:[^:]*:([0-9.]+):", line)
    if found is None:
        return None
    return float(found[2]) / 200 + (0.5 if found[1] == "pm" else 0)


def install_packages(missing: Sequence[str]) -> None:
    """Install `missing` with apt, from where this machine's apt is configured to get them."""
    proxies = [f"{name}={value}" for name, value in os.environ.items() if name.lower().endswith("_proxy")]
    root = [*as_root(missing), "env", "DEBIAN_FRONTEND=noninteractive", *proxies]  # sudo drops the environment
    apt = [*root, "apt-get", "-qq", "-o", "APT::Status-Fd=1", "-o", "DPkg::Lock::Timeout=300"]

    with Bar(f"Debian packages ({len(missing)})") as bar:

        def seen(line: str) -> bool:
            share = apt_share(line)
            if share is not None:
                bar.show(share)
            return share is not None

        follow("Finishing an interrupted installation of packages", [*root, "dpkg", "--configure", "-a"])
        trouble = None
        try:
            follow("apt-get update", [*apt, "update"], lambda line: apt_share(line) is not None)
        except StepFailed as failed:
            trouble = failed  # perhaps of a source we need nothing from: the installation will tell
        try:
            follow("apt-get install", [*apt, "install", "--yes", "--no-install-recommends", *missing], seen)
        except StepFailed as failed:
            raise trouble or failed from None


def check_namespaces() -> None:
    """Refuse a machine (most often a container) that does not let us make private namespaces."""
    bwrap = ["bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--unshare-net", "--proc", "/proc"]
    user = [] if os.geteuid() == 0 else ["--unshare-user"]
    tried = subprocess.run([*bwrap, *user, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if tried.returncode != 0:
        raise CannotRunHere(
            f"This machine allows no private namespaces ({tried.stderr.decode().strip()}): use a virtual machine, or"
            " give the container the right (docker run --privileged)."
        )


def fingerprint() -> dict[str, str]:
    """Return what the environment must have been made from to be ready, by part."""

    def digest(*parts: bytes) -> str:
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    python = f"{sys.version} {sys.base_prefix} {VENV}".encode()
    return {"packages": digest(LOCK.read_bytes(), python), "project": digest(PROJECT.read_bytes())}


def made_from() -> dict[str, str]:
    """Return the fingerprint of the environment that is there; empty when there is none or it was left half made."""
    return json.loads(STAMP.read_text()) if STAMP.exists() else {}


class PipProgress:
    """How far pip is with a list of packages: the first half is fetching them, the second installing them."""

    def __init__(self, total: int, site_packages: Path) -> None:
        self._total = total
        self._site_packages = site_packages
        self._before = self._installed()
        self._fetched = 0

    def _installed(self) -> int:
        return sum(1 for _ in self._site_packages.glob("*.dist-info"))

    def seen(self, line: str) -> bool:
        """Count a line of pip's output; says whether it was only about progress."""
        self._fetched += line.startswith("Collecting ")
        return line.lstrip().startswith(("Collecting ", "Downloading ", "Using cached ", "Looking in "))

    @property
    def share(self) -> float:
        """The share of the work (0..1) that is done."""
        return (self._fetched + self._installed() - self._before) / (2 * self._total)


def make_environment() -> None:
    """Make `.venv` anew with exactly the locked packages, each checked against its hash."""
    names = re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(), re.MULTILINE)
    with Bar(f"Python packages ({len(names)})") as bar:
        STAMP.unlink(missing_ok=True)
        follow("Making the virtual environment", [*ENDS_WITH_US, sys.executable, "-m", "venv", "--clear", str(VENV)])
        pip = PipProgress(len(names), next(VENV.glob("lib/python*/site-packages")))
        options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--progress-bar", "off"]
        follow(
            "Installing the Python packages",
            [*pip_command(), *options, "--requirement", str(LOCK)],
            pip.seen,
            idle=lambda: bar.show(pip.share),
        )


def install_project() -> None:
    """Install this checkout into `.venv` as it stands, so that edits need no second installation."""
    follow(
        "Installing this project into the environment",
        [*pip_command(), "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
    )


def pip_command() -> list[str]:
    """Return the environment's `pip install`, asking nothing."""
    python = str(VENV / "bin" / "python")
    return [*ENDS_WITH_US, python, "-m", "pip", "--no-input", "--disable-pip-version-check", "install"]


def prepare_environment() -> bool:
    """Bring `.venv` up to date, doing only what is needed; returns whether anything was."""
    wanted, found = fingerprint(), made_from()
    if found == wanted:
        return False
    if found.get("packages") != wanted["packages"]:
        make_environment()
        stamp(packages=wanted["packages"])
    install_project()
    stamp(**wanted)
    return True


def stamp(**parts: str) -> None:
    """Note that these parts are done, in one move: whoever finds the note finds a finished part."""
    half = STAMP.with_suffix(".half")
    half.write_text(json.dumps(parts))
    half.replace(STAMP)


def wait_for_turn() -> None:
    """Hold this checkout until we exit, so that two `make` at once set it up one after the other."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Waiting for another set-up of this checkout to finish.")
        fcntl.flock(folder, fcntl.LOCK_EX)


def set_up(*, pbx: bool) -> None:
    """Do all steps that are not done yet."""
    version = sys.version_info[:2]
    check_python(version)
    release = OS_RELEASE.read_text() if OS_RELEASE.exists() else ""
    check_system(release, has_mirror=bool(os.environ.get(MIRROR_SETTING)))
    wait_for_turn()
    since = time.monotonic()

    missing = missing_packages(needed_packages(version, is_root=os.geteuid() == 0))
    if missing:
        install_packages(missing)
    check_namespaces()
    made = prepare_environment()
    if pbx:
        status = subprocess.call([str(VENV / "bin" / "hotline"), "pbx", "install"])
        if status != 0:
            raise Stop("The private Asterisk is not ready (see above).", status)
    if missing or made:
        say(f"Set up in {time.monotonic() - since:.0f} s.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Set this checkout up: system packages, .venv, a private Asterisk.")
    parser.add_argument("--no-pbx", action="store_true", help="leave the private Asterisk out")
    options = parser.parse_args(arguments)
    try:
        set_up(pbx=not options.no_pbx)
    except Stop as stop:
        print(stop, file=sys.stderr)  # noqa: T201
        return stop.status
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again to go on; what is done stays done.", file=sys.stderr)  # noqa: T201
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
