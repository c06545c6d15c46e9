"""The console of a running Asterisk, asked from outside: `asterisk -rx`."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from hotline.pbx.errors import PbxUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from hotline.processes import Box

PROGRAM: Final = "/usr/sbin/asterisk"
ANSWER_SECONDS: Final = 5.0
# Nothing of our own environment, where secrets may be, is handed to Asterisk.
ENV: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TERM": "dumb"}
# What the console says first on a machine, or in a namespace, without a network card.
_NO_CARD = "No ethernet interface found for seeding global EID. You will have to set it manually.\n"


class Console:
    """The console of one Asterisk, running or not.

    Args:
        options: its asterisk.conf.
        box: where the program is found, and what it can see; the machine itself when None.
    """

    def __init__(self, options: Path, box: Box | None = None) -> None:
        self._options = options
        self._box = box

    async def ask(self, command: str) -> str:
        """Return what `command` prints, for example `core show channels concise`.

        Raises:
            PbxUnavailable: Asterisk is not running, or gave no answer within 5 s.
        """
        argv = [PROGRAM, "-C", str(self._options), "-rx", command]
        try:
            process = await asyncio.create_subprocess_exec(
                *(argv if self._box is None else self._box.command(argv)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=ENV,
            )
        except FileNotFoundError:
            raise PbxUnavailable(f"{argv[0]} is not there") from None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                printed, complaint = await process.communicate()
        except TimeoutError:
            raise PbxUnavailable(f"Asterisk's console gave no answer in {ANSWER_SECONDS:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if process.returncode != 0:
            raise PbxUnavailable(f"Asterisk's console: {(printed + complaint).decode(errors='replace').strip()}")
        return printed.decode(errors="replace").removeprefix(_NO_CARD)
