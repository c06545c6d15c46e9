"""`hotline menu draft`, `publish`, `rollback` and the like: what callers hear, changed while calls go on."""

from __future__ import annotations

import contextlib
import difflib
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from hotline.cli.moments import moment
from hotline.cli.operator import By, Why, read_number, reason, with_vault
from hotline.cli.reach import within_reach
from hotline.cli.terminal import console, run
from hotline.desk import vietnamese_e164
from hotline.dialogue import Timer
from hotline.dialogue.vocabulary import PROMPTS
from hotline.menu import Moment, text_of
from hotline.publishing import FILE_NUMBER, Maker, NoDraft, Press, branch8, greeting_off, greeting_on
from hotline.records import Database
from hotline.records.retention import VIETNAM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from hotline.publishing import Edition
    from hotline.records.attempts import Trace
    from hotline.records.menus import Version
    from hotline.settings import Settings


app = typer.Typer()
emergency = typer.Typer(no_args_is_help=True)
switch = typer.Typer(no_args_is_help=True)
app.add_typer(emergency, name="emergency")
app.add_typer(switch, name="branch8")

Number = Annotated[int | None, typer.Argument(min=0, help="number of a version; 0 is the file of HOTLINE_MENU")]
DAY = "%Y-%m-%d %H:%M"


class Said(StrEnum):
    """When an emergency greeting is said."""

    BEFORE_ANSWER = "before-answer"
    BEFORE_MENU = "before-menu"


def press(settings: Settings, database: Database) -> Press:
    """Return what menus are published with."""
    maker = Maker(settings.voice.script, settings.voice.sounds, PROMPTS)

    async def time(edition: Edition) -> None:
        timer = Timer(edition.menu, edition.library, settings.password.length, settings.call.notice)
        for way in await timer.all():
            if way.too_long:
                _say(f"warning: {way.name}: {way.seconds:.1f} s from the answer, and {way.limit:g} is the most")

    return Press(database, maker, settings.menu, time)


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Press]:
    """Yield it over the database of the settings."""
    async with Database(settings.database) as database:
        yield press(settings, database)


@app.command("draft")
def draft(
    file: Annotated[Path, typer.Argument(help="the menu")],
    *,
    why: Why,
    by: By = "",
    callers: Annotated[
        bool,
        typer.Option("--callers", help="also for calls from these phones, asked for unseen or piped in, one a line"),
    ] = False,
) -> None:
    """Let testers hear a menu while callers hear the live one: who rings the test extension, and listed phones."""
    settings = within_reach()
    given_reason = reason(by, why)
    text = text_of(file)
    phones = _phones_of_testers() if callers else []

    async def work() -> list[Trace]:
        testers = await _traced(settings, phones) if phones else []
        async with opened(settings) as at:
            await at.make_draft(text, str(file), given_reason, testers)
        return testers

    testers = run(work())
    theirs = f", and calls from {', '.join(tester.masked for tester in testers)}" if testers else ""
    _say(f"{file} is the draft: who rings 602 hears it{theirs}. `hotline menu publish --why …` makes it live")


@app.command("discard")
def discard(*, why: Why, by: By = "") -> None:
    """Have no draft any more: testers hear what callers hear."""
    settings = within_reach()
    given_reason = reason(by, why)

    async def work() -> None:
        async with opened(settings) as at:
            await at.discard_draft(given_reason)

    run(work())
    _say("there is no draft any more")


@app.command("publish")
def publish(
    file: Annotated[Path | None, typer.Argument(help="the menu [default: the draft]")] = None,
    *,
    why: Why,
    by: By = "",
) -> None:
    """Make a menu what new calls hear, within a second and on every process; calls in progress keep theirs."""
    settings = within_reach()
    given_reason = reason(by, why)
    text = None if file is None else text_of(file)

    async def work() -> int:
        async with opened(settings) as at:
            if text is None:
                return await at.publish_draft(given_reason)
            return await at.publish(text, str(file), given_reason)

    _live(run(work()))


@app.command("rollback")
def rollback(to: Number = None, *, why: Why, by: By = "") -> None:
    """Publish an older version again: by default the one before the live one, unless that was undone already."""
    settings = within_reach()
    given_reason = reason(by, why)

    async def work() -> tuple[int, int]:
        async with opened(settings) as at:
            return await at.roll_back(to, given_reason)

    older, number = run(work())
    _live(number, f", the same as {_name(older)}")


@app.command("versions")
def versions(*, limit: Annotated[int, typer.Option(min=1, max=10_000, help="the newest so many")] = 20) -> None:
    """List what was published, newest first, and the draft."""
    settings = within_reach()

    async def work() -> tuple[list[Version], str]:
        async with opened(settings) as at:
            listed = await at.versions(limit=limit)
            try:
                there = await at.draft()
            except NoDraft:
                return listed, ""
            heard = ", ".join(["602", *there.testers_masked])
            return (
                listed,
                f"draft by {there.drafted_by}, {there.at.astimezone(VIETNAM):{DAY}}, for {heard}: {there.why}",
            )

    listed, there = run(work())
    if listed:
        table = Table("version", "published (Vietnam)", "by", "what", "why", "SHA-256", highlight=False)
        for one in listed:
            live = " (live)" if one is listed[0] else ""
            when = f"{one.at.astimezone(VIETNAM):{DAY}}"
            row = (f"{one.number}{live}", when, one.published_by, one.deed, one.why, one.sha256.hex()[:12])
            table.add_row(*map(escape, row))
        console.print(table)
    else:
        _say(f"nothing was published yet: callers hear {settings.menu}")
    if there:
        _say(there)


@app.command("show")
def show(
    number: Number = None, *, the_draft: Annotated[bool, typer.Option("--draft", help="the draft")] = False
) -> None:
    """Print a menu, to be saved and edited: by default what callers hear."""
    settings = within_reach()

    async def work() -> str:
        async with opened(settings) as at:
            return ((await at.draft()).body or "") if the_draft else (await at.text(number))[1]

    sys.stdout.write(run(work()))


@app.command("compare")
def compare(
    old: Annotated[int, typer.Argument(min=0, help="number of a version; 0 is the file of HOTLINE_MENU")],
    new: Number = None,
) -> None:
    """Show line by line what one version has and another has not; by default against what callers hear."""
    settings = within_reach()

    async def work() -> tuple[str, int, str]:
        async with opened(settings) as at:
            _, before = await at.text(old)
            number, after = await at.text(new)
            return before, number, after

    before, number, after = run(work())
    lines = list(
        difflib.unified_diff(before.splitlines(), after.splitlines(), _name(old), _name(number), lineterm="", n=2)
    )
    for line in lines or [f"{_name(old)} and {_name(number)} are the same"]:
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[0])
        console.print(line, style=colour, highlight=False, markup=False, soft_wrap=True)


@emergency.callback()
def emergency_group() -> None:
    """The greeting for a time of trouble."""


@emergency.command("on")
def emergency_on(
    *,
    until: Annotated[
        datetime, typer.Option(parser=moment, metavar="MOMENT", help="its end in Vietnam: 18:00, or 2026-11-23T18:00")
    ],
    why: Why,
    by: By = "",
    prompt: Annotated[str, typer.Option(help="what is said [default: as the menu has it, or emergency]")] = "",
    said: Annotated[Said | None, typer.Option(help="when [default: as the menu has it, or before-answer]")] = None,
) -> None:
    """Have every caller hear a greeting first, until a moment; it ends by itself."""
    if until <= datetime.now(UTC):
        raise typer.BadParameter(f"{Moment(until)} in Vietnam is over", param_hint="--until")
    settings = within_reach()
    given_reason = reason(by, why)

    async def work() -> int:
        async with opened(settings) as at:
            return await at.change(
                lambda text: greeting_on(text, until, prompt=prompt, said=said or ""), "emergency", given_reason
            )

    _live(run(work()), f": callers hear the greeting until {Moment(until)} in Vietnam")


@emergency.command("off")
def emergency_off(*, why: Why, by: By = "") -> None:
    """End the greeting now."""
    settings = within_reach()
    given_reason = reason(by, why)

    async def work() -> int:
        async with opened(settings) as at:
            return await at.change(greeting_off, "emergency", given_reason)

    _live(run(work()), ": without a greeting")


@switch.callback()
def switch_group() -> None:
    """The switch of branch 8, the re-issue."""


@switch.command("off")
def branch8_off(
    *,
    why: Why,
    by: By = "",
    prompt: Annotated[str, typer.Option(help="what is said [default: as the menu has it, or branch8-off]")] = "",
) -> None:
    """Have nobody get a password: who presses 8 hears a sentence, and the menu again."""
    _switch(why, by, prompt, on=False)


@switch.command("on")
def branch8_on(*, why: Why, by: By = "") -> None:
    """Have citizens get passwords again."""
    _switch(why, by, "", on=True)


def _switch(why: str, by: str, prompt: str, *, on: bool) -> None:
    settings = within_reach()
    given_reason = reason(by, why)

    async def work() -> int:
        async with opened(settings) as at:
            return await at.change(lambda text: branch8(text, on=on, prompt=prompt), "branch8", given_reason)

    _live(run(work()), f": branch 8 is switched {'on' if on else 'off'}")


def _phones_of_testers() -> list[str]:
    """Ask for the phones that hear the draft."""
    phones = []
    while number := read_number("Phone number of a tester, or nothing"):
        phones.append(vietnamese_e164(number))
    return phones


async def _traced(settings: Settings, phones: Sequence[str]) -> list[Trace]:
    """Return phones as calls from them are known."""
    async with with_vault(settings, looks_for_number=True) as (_, vault):
        return [vault.trace(phone) for phone in phones]


def _name(number: int) -> str:
    return "the file" if number == FILE_NUMBER else f"version {number}"


def _live(number: int, more: str = "") -> None:
    _say(f"version {number} is live{more}; back: `hotline menu rollback --why …`")


def _say(text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
