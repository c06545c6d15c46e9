"""`hotline run`: the hotline with all around it, kept up for testers with softphones."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rich.table import Table

from hotline.console import control
from hotline.demo import show
from hotline.demo.card import Card
from hotline.demo.house import house
from hotline.pbx.refusals import counted_refusals
from hotline.service import serving, stop_signal, stopped_or_ended

if TYPE_CHECKING:
    from rich.console import Console

    from hotline.demo.house import House
    from hotline.settings import Settings


async def run(settings: Settings, console: Console, address: str) -> None:
    """Keep the hotline up, with SIP on `address`, until SIGINT or SIGTERM, or until Asterisk will have us no more.

    Until it is up they end it as they end any program.
    """
    async with contextlib.AsyncExitStack() as stack:
        with show.progress(console) as progress:
            rooms = await stack.enter_async_context(house(settings, progress, address))
            running = await stack.enter_async_context(serving(rooms.settings))
            refusals = await stack.enter_async_context(counted_refusals(rooms.settings.ami))
            steering = running.steering(refusals.last_hour)
            await stack.enter_async_context(control(rooms.settings.ari.app, steering))
        card(rooms, pepper_drawn=not settings.password.has_pepper).leave(rooms.folder)
        stop = stop_signal()
        explain(rooms, console)
        await stopped_or_ended(stop, running.task)
        console.print("\nStopping: calls end, every process is ended …")
    console.print("All ended.")


def card(rooms: House, *, pepper_drawn: bool) -> Card:
    """Return what other commands need of this run; its pepper only where it was drawn for it, and goes with it."""
    settings = rooms.settings
    pepper = {
        "HOTLINE_PASSWORD__PEPPER": settings.password.pepper.get_secret_value(),
        "HOTLINE_PASSWORD__PEPPER_KEY_ID": settings.password.pepper_key_id,
    }
    return Card(
        server=rooms.server,
        number=rooms.asterisk.site.number,
        pbx=rooms.asterisk.run_dir,
        root=rooms.asterisk.root,
        sounds=settings.voice.sounds.resolve(),
        environment={
            "HOTLINE_ARI__URL": settings.ari.url,
            "HOTLINE_ARI__USER": settings.ari.user,
            "HOTLINE_ARI__PASSWORD": settings.ari.password.get_secret_value(),
            "HOTLINE_AMI__PORT": str(settings.ami.port),
            "HOTLINE_AMI__PASSWORD": settings.ami.password.get_secret_value(),
            "HOTLINE_VOICE__SOUNDS": str(settings.voice.sounds.resolve()),
            "HOTLINE_DATABASE__DSN": settings.database.dsn.get_secret_value(),
            **(pepper if pepper_drawn else {}),
        },
    )


def explain(rooms: House, console: Console) -> None:
    """Print how to ring this hotline with a softphone."""
    site = rooms.asterisk.site
    host, port = rooms.server.rsplit(":", 1)
    console.print("\n[bold]The hotline is up.[/] Set a softphone (Linphone, Zoiper, baresip …) to:")
    console.print(f"  SIP server  [bold]{host}[/], port [bold]{port}[/], UDP or TCP, codec PCMA (A-law)")
    console.print(f"  then dial   [bold]{site.number}[/], press 8, and key an insurance number of that phone and #\n")
    table = Table()
    for heading in ("user name =\nphone number", "password", "insurance\nnumber", "or personal\nnumber"):
        table.add_column(heading, no_wrap=True)  # what is typed in has to be there whole, on 80 columns too
    table.add_column("sample member")
    passwords = {account.number: account for account in rooms.phones}
    for member in rooms.members:
        account = passwords[member.phone]
        table.add_row(
            account.name, account.password, member.insurance_number, member.personal_number or "–", member.full_name
        )
    console.print(table)
    if host.startswith("127."):
        console.print(
            "Only this machine can ring it. For a phone elsewhere: make run ARGS='--address <this machine's address>'",
            soft_wrap=True,
        )
    console.print("Any other number gets the mismatch sentence. Ctrl-C ends everything.\n")
