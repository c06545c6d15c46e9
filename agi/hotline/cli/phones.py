"""`hotline phones`: softphone accounts of testers."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Annotated

import segno
import typer
from rich.table import Table

from hotline.cli.switchboard import SiteOption, Switchboard, require_test_system
from hotline.cli.terminal import console, run
from hotline.demo.house import move_in
from hotline.desk import sample_members, stored_e164
from hotline.pbx import SiteError
from hotline.pbx.softphones import Softphone, handed_out
from hotline.settings import Settings

if TYPE_CHECKING:
    from hotline.desk import SampleMember
    from hotline.pbx import PhonesFile

app = typer.Typer(no_args_is_help=True)

WAIT_SECONDS = 300.0
"""For a phone to fetch its settings."""


@app.callback()
def phones() -> None:
    """Softphone accounts of testers, each with a sample member's number; not in production."""


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="user name of the account, as `lan`")],
    number: Annotated[
        str, typer.Option(help="phone number of a sample member [default: the first that no account has]")
    ] = "",
    site: SiteOption = None,
    server: Annotated[str, typer.Option(help="host:port that the phone is to use [default: as configured]")] = "",
    *,
    qr: Annotated[bool, typer.Option("--qr", help="show Linphone's QR code, and hand its settings out once")] = False,
) -> None:
    """Make an account and show, once, what to set in the phone."""
    at = Switchboard.find(site)
    at.require_test_system()
    host, port = at.server(server)
    if qr and host.startswith("127."):
        raise SiteError(
            "--qr: no phone reaches 127.0.0.1: `hotline run --address` with one of this machine's, or --server"
        )
    account = at.file.add(name, _number(number, at.file))
    run(at.reload(name))
    phone = Softphone(account, host, port)
    _show(phone)
    if qr:
        try:
            run(_hand_out(phone))
        except OSError:
            raise SiteError(
                f"--qr: {host} is no address of this machine, so the settings can't be fetched here"
            ) from None


@app.command("list")
def list_all(site: SiteOption = None) -> None:
    """List the accounts, and the sample member each of them is."""
    at = Switchboard.find(site)
    table = Table("user name", "phone number", "insurance number", "or personal number", "sample member")
    for account in at.file.accounts():
        members = _members(account.number)
        for member in members:
            personal = member.personal_number or "–"
            table.add_row(account.name, account.number, member.insurance_number, personal, member.full_name)
        if not members:
            table.add_row(account.name, "[red]not a sample member's[/]", "", "", "")
    console.print(table)


@app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="user name of the account")], site: SiteOption = None) -> None:
    """Take an account away; a call that it is in goes on."""
    at = Switchboard.find(site)
    at.file.remove(name)
    run(at.reload(name, there=False))
    console.print(f"Account {name} is gone.", highlight=False)


@app.command("samples")
def samples() -> None:
    """Have the sample members in the database of the settings, with no past; `hotline run` has them without."""
    settings = Settings.load()
    require_test_system(settings)
    run(move_in(settings))
    console.print("The sample members are there.")


def _number(given: str, file: PhonesFile) -> str:
    """Return the number of a sample member: the given one, or one that no account has."""
    samples = list(dict.fromkeys(member.phone for member in sample_members()))
    if given:
        number = stored_e164(given)
        if number not in samples:
            raise SiteError("--number: a test phone can only have a sample member's number (db/sample_members.csv)")
        return number
    used = {account.number for account in file.accounts()}
    return next((number for number in samples if number not in used), samples[0])


def _members(phone: str) -> list[SampleMember]:
    """Return the sample members with this phone number: more than one where it is a parent's."""
    return [member for member in sample_members() if member.phone == phone]


def _show(phone: Softphone) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in phone.fields().items():
        table.add_row(name, f"[bold]{value}[/]")
    table.add_row("caller number", f"{phone.account.number} (sample data)")
    for member in _members(phone.account.number):
        numbers = " or ".join(filter(None, (member.insurance_number, member.personal_number)))
        table.add_row("number to key", f"{numbers}, of {member.full_name}")
    console.print(f"\nAccount [bold]{phone.account.name}[/]. Its password is shown this once.\n", highlight=False)
    console.print(table, highlight=False)
    console.print("\nbaresip, in ~/.baresip/accounts:")
    console.print(phone.baresip(), soft_wrap=True, markup=False, highlight=False)
    console.print("\nDial 19009068; 600 for an echo; 601 to hear which keys arrive.", highlight=False)


async def _hand_out(phone: Softphone) -> None:
    """Show Linphone's QR code until a phone has fetched its settings."""
    code = io.StringIO()
    async with handed_out(phone.linphone(), phone.host) as offer:
        console.print("\nLinphone: scan this (assistant, QR code). It can be fetched once, within five minutes.")
        segno.make(offer.url, error="l", micro=False).terminal(code, compact=True)
        print(code.getvalue())
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await offer.fetched.wait()
                await asyncio.sleep(0.5)  # the answer has to leave
        except TimeoutError:
            console.print("Nobody fetched them.")
        else:
            console.print("Fetched.")
