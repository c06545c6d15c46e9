"""`hotline demo`: two calls, and the proof that what the caller heard signs in."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from hotline.demo import show
from hotline.demo.house import back_end, house
from hotline.desk import SignIn
from hotline.phone import Caller, Ear
from hotline.phone.picture import draw
from hotline.records import Database, calls
from hotline.records.outcomes import CallOutcome
from hotline.service import serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from rich.console import Console

    from hotline.demo.house import House
    from hotline.desk import Desk, SampleMember
    from hotline.settings import Settings

NUMBER = "19009068"
STRANGER = "9876543210"
"""An insurance number that no sample member has."""
A_KEY_A_SECOND = 1.0
RECORD_SECONDS = 5.0


class DemoFailed(Exception):
    """Something did not come out as it must."""


async def demo(settings: Settings, console: Console, out: Path, *, hurry: bool = False) -> None:
    """Ring the hotline twice, show what happens, and check it; in a `hurry` nobody hears a question out.

    Raises:
        DemoFailed: the digits that were heard do not sign in, or the old password still does, or a call went wrong.
    """
    async with contextlib.AsyncExitStack() as stack:
        with show.progress(console) as progress:
            rooms = await stack.enter_async_context(house(settings, progress))
            await stack.enter_async_context(serving(rooms.settings))
        desk = await stack.enter_async_context(back_end(rooms.settings))
        member = rooms.members[0]

        console.print(
            f"\n[bold]A member rings {NUMBER}[/] from {rooms.phones[0].name} ({member.full_name}, sample data)"
        )
        await _expect(desk, member, rooms.old_password.reveal(), SignIn.OK, "the old password before the call")
        conversation = _hurries if hurry else _listens
        heard = await _call(rooms, console, out / "match", conversation(member.insurance_number))
        await _tell_outcome(rooms, console, CallOutcome.REISSUED)
        if len(heard) < 2 or len(set(heard)) != 1:
            raise DemoFailed(f"the password must be read twice and alike; heard {len(heard)} readings")
        await _expect(desk, member, heard[0], SignIn.OK_MUST_CHANGE, "the digits decoded from the audio")
        await _expect(desk, member, rooms.old_password.reveal(), SignIn.REFUSED, "the old password after the call")
        console.print("  [green]✓[/] the digits decoded from what the caller heard sign in; the old password does not")

        console.print(f"\n[bold]The same phone keys a number that is not its own[/] ({STRANGER}, sample data)")
        await _call(rooms, console, out / "mismatch", _hurries(STRANGER, until="mismatch"))
        await _tell_outcome(rooms, console, CallOutcome.MISMATCH)
    console.print(f"\nWhat was heard is in [bold]{out}/[/] as match.wav and mismatch.wav, with a picture of each call.")


async def _call(
    rooms: House, console: Console, target: Path, conversation: Callable[[Caller], Awaitable[None]]
) -> list[str]:
    """Make one call, tell its story while it goes on, and save it; return the digits heard, reading by reading."""
    phone = rooms.softphone(rooms.phones[0], rooms.folder / target.name)
    story = show.Story(console)
    ear = Ear(rooms.library, rooms.library)
    async with phone, Caller(phone, ear) as caller:
        await caller.dial(NUMBER)
        await story.accompany(asyncio.ensure_future(conversation(caller)), caller.timeline)
        await caller.hang_up()
        story.tell(caller.timeline(), over=True)
        caller.heard().save(target.with_suffix(".wav"))
        await asyncio.to_thread(draw, caller.witness, target)
        heard = caller.digits()
    dumps = [ear.listen_wav(dump) for dump in phone.dumps]
    decoded = ["".join(one.id for one in said if one.kind == "digit") for said in dumps]
    if "".join(heard) not in decoded:
        raise DemoFailed("what the softphone decoded is not what was seen on the wire")
    return heard


def _listens(number: str) -> Callable[[Caller], Awaitable[None]]:
    """A patient caller: hears every prompt out and keys one key a second."""

    async def conversation(caller: Caller) -> None:
        await caller.hears_end("menu", within=15)
        await caller.press("8")
        await caller.hears_end("ask-number")
        await caller.press(f"{number}#", pace=A_KEY_A_SECOND)
        await caller.hears_end("after-reading", within=40)

    return conversation


def _hurries(number: str, until: str = "after-reading") -> Callable[[Caller], Awaitable[None]]:
    """A caller who knows the way, keys as soon as a question begins, and hangs up after the prompt `until`."""

    async def conversation(caller: Caller) -> None:
        await caller.hears("menu", within=15)
        await caller.press("8")
        await caller.hears("ask-number")
        await caller.press(f"{number}#")
        await caller.hears_end(until, within=40)

    return conversation


async def _expect(desk: Desk, member: SampleMember, password: str, result: SignIn, what: str) -> None:
    found = await desk.sign_in(member.insurance_number, password)
    if found is not result:
        raise DemoFailed(f"signing in with {what}: {found.value}; expected: {result.value}")


async def _tell_outcome(rooms: House, console: Console, expected: CallOutcome) -> None:
    """Print what the records say of the last call."""
    async with Database(rooms.settings.database) as database, asyncio.timeout(RECORD_SECONDS):
        row = None
        while row is None or row.outcome != expected:
            await asyncio.sleep(0.05)
            async with database.transaction() as connection:
                row = await calls.newest(connection)
    minutes = f"{row.billed_minutes} started minute" + ("s" if row.billed_minutes != 1 else "")
    price = f"{row.price:,}".replace(",", ".")
    console.print(f"  [bold]Outcome[/] {row.outcome}   [bold]Price[/] {price} đ ({minutes})", highlight=False)
