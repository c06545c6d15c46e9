"""`hotline menu`: the menu as data."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from hotline.cli import publishing
from hotline.cli.calls import Kind, midnight
from hotline.cli.moments import day_of, moment
from hotline.cli.reach import within_reach
from hotline.cli.terminal import console, run
from hotline.dialogue.vocabulary import PROMPTS
from hotline.menu import Menu, Moment, read, text_of, warned
from hotline.prompts import Library, PromptsError, Script
from hotline.records import Database
from hotline.records.walks import walks
from hotline.reports import Period
from hotline.reports.menu import graph, mermaid, svg
from hotline.reports.period import today
from hotline.settings import Settings

if TYPE_CHECKING:
    from hotline.records.walks import Walks

app = typer.Typer(no_args_is_help=True)
app.add_typer(publishing.app)


@app.callback()
def menu() -> None:
    """The menu as data: what callers hear, and how it is changed while calls go on."""


def told(faults: list[str]) -> None:
    """Print warnings."""
    for fault in faults:
        console.print(f"warning: {fault}", style="yellow", highlight=False, markup=False, soft_wrap=True)


@app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(help="the menu [default: the file of HOTLINE_MENU]")] = None,
    *,
    at: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="MOMENT", help="also tell what who calls then would hear")
    ] = None,
) -> None:
    """Say every fault of a menu, with file and line, and what is worth a second look."""
    settings = Settings.load()
    path = file or settings.menu
    text = text_of(path)
    found = read(text, str(path), Script.load(settings.voice.script, required=PROMPTS).prompts)
    told(warned(found, text, str(path), datetime.now(UTC)))
    console.print(f"{path}: no fault", highlight=False, markup=False, soft_wrap=True)
    if at is not None:
        console.print(_heard(found, at), highlight=False, markup=False)


def _heard(menu: Menu, at: datetime) -> str:
    if closed := menu.closed_at(at):
        return f"{Moment(at)} in Vietnam: closed, “{closed}” is said before the answer"
    emergency = menu.emergency_at(at)
    greeting = f", with “{emergency.prompt}” {emergency.said.replace('-', ' the ')}" if emergency else ""
    return f"{Moment(at)} in Vietnam: open{greeting}" + ("" if menu.branch8.open else ", branch 8 switched off")


@app.command("draw")
def draw(
    out: Annotated[Path, typer.Argument(help="draw it as OUT.svg and OUT.mmd, which is Mermaid")],
    *,
    file: Annotated[Path | None, typer.Option("--menu", help="a menu [default: what callers hear]")] = None,
    version: Annotated[
        int | None, typer.Option(min=0, help="a published version; 0 is the file of HOTLINE_MENU")
    ] = None,
    calls: Annotated[
        Kind | None, typer.Option(help="with how many callers went and left where, in this period")
    ] = None,
    day: Annotated[
        date | None, typer.Option(parser=day_of, metavar="DAY", help="a day of it, as 2026-11-22 [default: today]")
    ] = None,
) -> None:
    """Draw a menu: its branches and keys, the seconds of each prompt, and the ways of callers."""
    settings = within_reach()
    period = Period.of(calls.value, day or today()) if calls else None

    async def work() -> tuple[str, str, Walks | None]:
        if file is not None and period is None:
            return str(file), text_of(file), None
        async with Database(settings.database) as database:
            name, text = str(file), text_of(file) if file else ""
            if file is None:
                at = publishing.press(settings, database)
                number, text = await at.text(version)
                name = f"menu version {number}" if number else str(settings.menu)
            return name, text, await _walks(database, period) if period else None

    name, text, ways = run(work())
    script = Script.load(settings.voice.script, required=PROMPTS)
    shown = read(text, name, script.prompts)
    title = name if ways is None else f"{name}: {ways.calls:,} calls, {period}"
    drawn = graph(shown, title, _seconds(settings, script), ways)
    for path, picture in ((_with(out, "svg"), svg(drawn)), (_with(out, "mmd"), mermaid(drawn))):
        path.write_text(picture, encoding="utf-8")
        console.print(f"drawn: {path}", highlight=False, markup=False, soft_wrap=True)


async def _walks(database: Database, period: Period) -> Walks:
    async with database.transaction() as connection:
        return await walks(connection, midnight(period.first), midnight(period.last, after=True))


def _with(out: Path, extension: str) -> Path:
    return out.with_name(f"{out.name}.{extension}")


def _seconds(settings: Settings, script: Script) -> dict[str, float]:
    """Return how long each prompt is; none where they are not built."""
    try:
        library = Library.open(settings.voice.sounds, script)
    except PromptsError:
        console.print("without seconds: `hotline sounds build` makes the sounds", highlight=False)
        return {}
    return {prompt: library[prompt].seconds for prompt in library}
