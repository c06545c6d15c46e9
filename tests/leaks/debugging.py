"""The shipped switchboard with everything switched on that an admin could switch on to find a fault."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from typing import TYPE_CHECKING

from hotline.settings import SHARE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from hotline.pbx import Ami

MODULES = ["res_pjsip_logger", "res_cdrel_custom", "cdr_custom", "cel_custom"]
FIELDS = {
    "cdr": "clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,disposition,"
    "uniqueid,userfield,linkedid,sequence",
    "cel": "eventtype,eventtime,name,num,exten,context,channame,appname,appdata,uniqueid,linkedid,peer,eventextra",
}
FILES = {
    "logger.conf": "[general]\nqueue_log = no\n\n[logfiles]\nmessages => notice,warning,error\n"
    "full => notice,warning,error,debug,verbose,dtmf,fax,security\n",
    "cdr.conf": "[general]\nenable = yes\nunanswered = yes\n",
    "cdr_custom.conf": f"[cdr.csv]\nfields = {FIELDS['cdr']}\n",
    "cel.conf": "[general]\nenable = yes\napps = all\nevents = ALL\n",
    "cel_custom.conf": f"[cel.csv]\nfields = {FIELDS['cel']}\n",
}
COMMANDS = [
    "core set verbose 10",
    "core set debug 10",
    "pjsip set logger verbose on",
    "pjsip set logger on",
    "rtp set debug on",
    "rtcp set debug on",
    "ari set debug all on",
]


def talkative(folder: Path) -> Path:
    """Write the shipped dialplan into `folder`, with all logs of Asterisk on, and return it."""
    shutil.copytree(SHARE / "dialplan", folder)
    with (folder / "modules.conf").open("a", encoding="utf-8") as modules:
        modules.writelines(f"require = {name}.so\n" for name in MODULES)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@contextlib.asynccontextmanager
async def watching(ami: Ami, target: Path) -> AsyncIterator[None]:
    """Write every event of the manager interface to `target` as long as the block lasts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ami.port)
    writer.write(f"Action: Login\r\nUsername: watch\r\nSecret: {ami.password}\r\nEvents: on\r\n\r\n".encode())

    async def write_down() -> None:
        with target.open("wb", buffering=0) as file:
            while data := await reader.read(65536):
                file.write(data)

    writing = asyncio.create_task(write_down())
    try:
        yield
    finally:
        writing.cancel()
        await asyncio.wait({writing})
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
