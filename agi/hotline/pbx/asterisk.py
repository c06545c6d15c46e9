"""A private Asterisk: own folders, own ports, the shipped configuration, gone when we are."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Self

from hotline.pbx import ready
from hotline.pbx.console import ENV, PROGRAM, Console
from hotline.pbx.errors import PbxUnavailable
from hotline.pbx.folders import FOLDERS, directories
from hotline.processes import Box, Child
from hotline.settings import SHARE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from hotline.pbx.site import Site

START_SECONDS = 20.0
STOP_SECONDS = 2.0
_SOCKET_PATH_MAX = 107  # sockaddr_un
_PROBLEM = re.compile(r"\b(?:WARNING|ERROR)\[")


class PrivateAsterisk:
    """One Asterisk of our own; an async context manager.

    Attributes:
        run_dir: its folder; in it etc/, db/, run/, log/ and spool/.
        site: the values it was started with.
        root: the root file system its program comes from; the machine's own when None.
    """

    def __init__(self, root: Path | None, run_dir: Path, site: Site, dialplan: Path = SHARE / "dialplan") -> None:
        """Prepare one, not started yet.

        Args:
            root: root file system with Asterisk, from `install_root`; the machine's own when None.
            run_dir: folder for everything it writes, made if missing.
            site: addresses, ports, accounts, folders.
            dialplan: folder of the configuration to run.
        """
        self.run_dir = run_dir.resolve()
        self.site = site
        self.root = root
        self._dialplan = dialplan
        self._argv = [PROGRAM, "-f", "-C", str(self._etc / "asterisk.conf")]
        hosts = Path("/etc/hosts")
        mount = [hosts] if root is not None and hosts.exists() and (root / "etc/hosts").exists() else []
        self._box = Box(root=root, shared=[self.run_dir, site.sounds, site.secrets, *mount])
        self._console = Console(self._etc / "asterisk.conf", self._box)
        self._child: Child | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def log(self) -> Path:
        """Its log file."""
        return self.run_dir / "log" / "messages"

    @property
    def running(self) -> bool:
        """Whether its process is there, frozen or not."""
        return self._child is not None and self._child.running

    async def start(self) -> None:
        """Write its configuration, start it, and return when it takes calls; also starts it again after `kill`.

        Raises:
            PbxUnavailable: it did not come up, or not within 20 s; with the last lines it logged.
            SiteError: a value of the site cannot stand in its configuration.
        """
        self._write()
        with (self.run_dir / "log" / "console").open("ab") as output:
            self._child = await Child.start(self._argv, box=self._box, name="asterisk", output=output, env=ENV)
        try:
            await self._take_calls()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End it at once; calls are cut. Returns when it is gone and its ports are free."""
        child, self._child = self._child, None
        if child is not None:
            await child.stop()

    async def console(self, command: str) -> str:
        """Return what `command` prints on its console, for example `core show channels concise`.

        Raises:
            PbxUnavailable: it is not running, or gave no answer within 5 s.
        """
        return await self._console.ask(command)

    def modules_wanted(self) -> set[str]:
        """Return the modules its modules.conf asks for."""
        text = (self._dialplan / "modules.conf").read_text(encoding="utf-8") + self.site.files()["modules.conf"]
        return set(re.findall(r"^(?:pre)?(?:load|require)\s*=>?\s*(\S+)", text, re.MULTILINE))

    def problems(self) -> list[str]:
        """Return the lines of its log that are warnings or errors."""
        return [line for line in _lines(self.log) if _PROBLEM.search(line)]

    async def freeze(self) -> None:
        """Stop it in its tracks: its sockets stay open and nothing is answered, until `thaw`."""
        pid = self._pid()
        os.kill(pid, signal.SIGSTOP)

        async def stopped() -> bool:
            return _stopped(pid)

        await self._until(stopped)  # each thread takes notice in its own time

    async def thaw(self) -> None:
        """Let it go on after `freeze`; returns when it takes calls again.

        Raises:
            PbxUnavailable: it does not, within 20 s.
        """
        os.kill(self._pid(), signal.SIGCONT)
        await self._take_calls()

    async def kill(self) -> None:
        """Let it crash: SIGKILL, no goodbye to callers or applications; returns when it is gone."""
        os.kill(self._pid(), signal.SIGKILL)
        if self._child is not None:
            await self._child.wait()

    @property
    def _etc(self) -> Path:
        return self.run_dir / "etc"

    def _write(self) -> None:
        control = self.run_dir / "run" / "asterisk.ctl"
        if len(str(control)) > _SOCKET_PATH_MAX:
            raise PbxUnavailable(f"{self.run_dir} is too long a path for a run folder: use one under 90 letters")
        for folder in (self.site.sounds, self.site.secrets):
            if not folder.is_dir():
                raise PbxUnavailable(f"{folder} is not there; Asterisk is to play files from it")
        self.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(self._etc, ignore_errors=True)
        for name in FOLDERS:
            (self.run_dir / name).mkdir(mode=0o700, exist_ok=True)
        # A file in the place of its folder: nothing can be recorded (modules.conf says why that is needed).
        (self.run_dir / "spool" / "recording").touch()
        for source in self._dialplan.glob("*.conf"):
            shutil.copyfile(source, self._etc / source.name)
        options = (self._dialplan / "asterisk.conf").read_text(encoding="utf-8")
        (self._etc / "asterisk.conf").write_text(f"{directories(self.run_dir, self.root)}\n{options}", encoding="utf-8")
        self.site.write(self._etc / "site")

    async def _take_calls(self) -> None:
        """Wait until SIP and ARI answer and every module wanted is running."""
        site = self.site
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._until(lambda: ready.sip(site.address, site.sip_port))
                await self._until(lambda: ready.ari(site.http_port, site.ari_user, site.ari_password))
                await self._until(self._modules_run)
        except TimeoutError:
            raise PbxUnavailable(f"Asterisk did not come up in {START_SECONDS:g} s{self._last_words()}") from None

    async def _until(self, passed: Callable[[], Awaitable[bool]]) -> None:
        """Try `passed` every 30 ms as long as its process is there."""
        while not await passed():
            if not self.running:
                raise PbxUnavailable(f"Asterisk ended while it was waited for{self._last_words()}")
            await asyncio.sleep(0.03)

    async def _modules_run(self) -> bool:
        try:
            return self.modules_wanted() <= ready.running(await self.console("module show"))
        except PbxUnavailable:  # the console may be the last to listen
            return False

    def _pid(self) -> int:
        """Return the process id of Asterisk itself, a grandchild of ours inside its box."""
        wanted = "\0".join(self._argv).encode() + b"\0"
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (process / "cmdline").read_bytes() == wanted:
                    return int(process.name)
        raise PbxUnavailable("Asterisk is not running")

    def _last_words(self) -> str:
        said = [*_lines(self.log), *_lines(self.run_dir / "log" / "console")]
        telling = [line for line in said if _PROBLEM.search(line)] or said
        return "".join(f"\n  {line}" for line in telling[-8:])


def _stopped(pid: int) -> bool:
    """Return whether every thread of the process is stopped."""
    try:
        states = [(thread / "stat").read_text(encoding="utf-8") for thread in Path(f"/proc/{pid}/task").iterdir()]
    except FileNotFoundError:  # a thread that ended meanwhile
        return False
    return all(state.rpartition(") ")[2].startswith("T") for state in states)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
