"""`hotline call`: a call from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from hotline.cli.operator import read_secret
from hotline.cli.switchboard import NUMBER, SiteOption, Switchboard
from hotline.cli.terminal import console, run
from hotline.demo.ring import Line, ring
from hotline.pbx import SiteError
from hotline.phone.baresip import KEY_PACE, KEYS
from hotline.settings import Settings

app = typer.Typer()

NOT_ANSWERED = 1
"""Exit status of a call that was refused, or rang for too long."""


@app.command("call")
def call(
    keys: Annotated[
        list[str] | None, typer.Argument(help="keys, each run for one question, as: 8 0123456789# ; quote a *")
    ] = None,
    *,
    site: SiteOption = None,
    account: Annotated[str, typer.Option(help="user name of the test phone [default: the first]")] = "",
    server: Annotated[
        str, typer.Option(help="host:port of another SIP server; the account's password is then asked for")
    ] = "",
    number: Annotated[str, typer.Option(help="what is dialled [default: the hotline]")] = "",
    pace: Annotated[float, typer.Option(min=0.1, max=10.0, help="seconds from key to key")] = KEY_PACE,
    ahead: Annotated[bool, typer.Option("--ahead", help="key everything from the answer on, hear nothing out")] = False,
) -> None:
    """Ring the hotline with a softphone, key each run once it has been heard out, and print what was said, and when.

    With sample members' numbers only: every process of the machine can read them. As root, for packets are captured.
    """
    runs = keys or []
    if not set("".join(runs)) <= KEYS:
        raise SiteError("a phone has the keys 0 to 9, * and #")
    line = _elsewhere(server, account, number) if server else _known(Switchboard.find(site), account, number)
    if not run(ring(line, runs, console, pace=pace, ahead=ahead)):
        raise typer.Exit(NOT_ANSWERED)


def _known(at: Switchboard, name: str, number: str) -> Line:
    accounts = at.file.accounts()
    account = next((one for one in accounts if name in {"", one.name}), None)
    if account is None:
        raise SiteError("there is no such test phone: `hotline phones list` has them, `hotline phones add` makes one")
    host, port = at.server("")
    return Line(host, port, account.name, account.password, number or at.number, at.sounds)


def _elsewhere(server: str, name: str, number: str) -> Line:
    host, _, port = server.rpartition(":")
    if not host or not port.isdecimal() or not name:
        raise SiteError("--server host:port goes with --account NAME")
    password = read_secret("Password of the test phone").reveal()
    return Line(host, int(port), name, password, number or NUMBER, Settings.load().voice.sounds)
