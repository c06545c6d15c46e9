"""`hotline canary`: a call from outside that tells whether all is well."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hotline.cli.operator import read_number, with_vault
from hotline.cli.terminal import run
from hotline.console.textfile import write_canary
from hotline.desk import enrol
from hotline.phone import Credentials, Ear, HandmadePhone
from hotline.phone.canary import Finding, Limits, ring
from hotline.prompts import Library, Script
from hotline.settings import Settings, SettingsError

app = typer.Typer()

FAILED = 1
"""Exit status when the call did not go as it must."""


@app.callback(invoke_without_command=True)
def canary(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="as a JSON object")] = False,
) -> None:
    """Ring the hotline as the canary's sample member, listen, and say in one line whether all was as it must be.

    Exit status 0 when it was, 1 when not. The password that it hears is not shown.
    """
    if context.invoked_subcommand:
        return
    settings = Settings.load()
    finding = run(_rung(settings))
    seconds = {"response": finding.response, "reaction": finding.reaction, "call": finding.call}
    success = not finding.faults
    if settings.canary.textfile is not None:
        write_canary(settings.canary.textfile, success=success, seconds=seconds)
    if as_json:
        typer.echo(json.dumps({"success": success, "faults": list(finding.faults), "seconds": seconds}))
    else:
        took = ", ".join(f"{part} {value:.2f} s" for part, value in seconds.items() if value is not None)
        typer.echo(
            f"canary: {'all right' if success else 'failed: ' + '; '.join(finding.faults)} ({took or 'no call'})"
        )
    if not success:
        raise typer.Exit(FAILED)


@app.command("enrol")
def enrol_member() -> None:
    """Add the canary's own sample member, as the migrator: asks for a phone and an insurance number nobody has.

    Take a phone of your own and a number that is no citizen's. It gets a password that nobody knows.
    """
    settings = Settings.load()
    phone, number = read_number("Phone number"), read_number("Insurance number")

    async def work() -> bool:
        async with with_vault(settings) as (database, vault):
            return await enrol(database, vault, phone, number)

    added = run(work())
    typer.echo("added" if added else "there is a member with this insurance number already; nothing was changed")
    if not added:
        raise typer.Exit(FAILED)


async def _rung(settings: Settings) -> Finding:
    at = settings.canary
    missing = [name for name in ("password", "number") if not getattr(at, name).get_secret_value()]
    if missing:
        raise SettingsError(
            "\n".join(f"HOTLINE_CANARY__{name.upper()}: must be set for the canary" for name in missing)
        )
    library = Library.open(settings.voice.sounds, Script.load(settings.voice.script))
    host, _, port = at.server.rpartition(":")
    phone = HandmadePhone(
        "canary",
        (host, int(port)),
        Ear(library, library),
        address=str(at.address),
        account=Credentials("canary", at.password.get_secret_value()),
    )
    limits = Limits(at.response_seconds, at.reaction_seconds, at.call_seconds)
    async with phone:
        return await ring(phone, at.dials, at.number.get_secret_value(), digits=settings.password.length, limits=limits)
