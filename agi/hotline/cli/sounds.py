"""`hotline sounds`: the prompts."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from hotline.cli import studio
from hotline.cli.terminal import console, run
from hotline.demo.house import prompts
from hotline.demo.show import progress
from hotline.dialogue import Timer
from hotline.dialogue.vocabulary import PROMPTS
from hotline.menu import load
from hotline.prompts import LANGUAGES, Library, Proof, Script, WordList, inspect, page
from hotline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hotline.dialogue import Timed
    from hotline.prompts import Inspected

NOT_WELL = 1
"""Exit status when the prompts are not as they must be."""

app = typer.Typer(no_args_is_help=True)
app.add_typer(studio.app, name="studio")


@app.callback()
def sounds() -> None:
    """The prompts."""


@app.command("build")
def build() -> None:
    """Make the sounds that are not made yet, or whose words or voice changed; exit status 1 if calls got too long."""
    settings = Settings.load()
    with progress(console) as show:
        prompts(settings, show)
    _end(_too_long(settings, _timed(settings)))


@app.command("check")
def check(
    *,
    html: Annotated[
        Path | None, typer.Option(help="also write a page to listen to, with each prompt's waveform")
    ] = None,
    spelling: Annotated[bool, typer.Option(help="whether to look words up in the system's list")] = True,
) -> None:
    """Proofread the script, look at every prompt's sound, and time the calls; exit status 1 when all is not well.

    A sound must be there, whole, as loud as the others, not clipped, and without more silence than it was given.
    """
    settings = Settings.load()
    script = _proofread(settings, spelling=spelling)
    clips = inspect(settings.voice.sounds, script)
    console.print(_table_of_clips(clips))
    if html is not None:
        html.write_text(page(clips, title="Prompts of the hotline", language=script.language), encoding="utf-8")
        console.print(f"to listen to: {html}", highlight=False, markup=False)
    faults = [f"{clip.id}: {fault}" for clip in clips for fault in clip.faults]
    # Where a prompt is missing nobody knows how long a call is.
    _end(faults or _too_long(settings, _timed(settings)))


@app.command("time")
def time() -> None:
    """Tell how many seconds each way through the call takes; exit status 1 if one takes longer than it may."""
    settings = Settings.load()
    timed = _timed(settings)
    table = Table("way", "keys", "seconds", "at most", "minutes paid", highlight=False)
    for way in timed:
        limit = "" if way.limit is None else f"{way.limit:g}"
        table.add_row(way.name, way.keys, f"{way.seconds:.1f}", limit, str(way.billed_minutes))
    console.print(table)
    _end(_too_long(settings, timed))


def _proofread(settings: Settings, *, spelling: bool) -> Script:
    script = Script.load(settings.voice.script, required=PROMPTS)
    menu = load(settings.menu, script.prompts)
    words = WordList.load(LANGUAGES[script.language]) if spelling else None
    return Script.load(settings.voice.script, required=PROMPTS, proof=Proof(PROMPTS | menu.prompts, words))


def _timer(settings: Settings) -> Timer:
    script = Script.load(settings.voice.script, required=PROMPTS)
    menu = load(settings.menu, script.prompts)
    library = Library.open(settings.voice.sounds, script)
    return Timer(menu, library, settings.password.length, settings.call.notice)


def _timed(settings: Settings) -> Sequence[Timed]:
    return run(_timer(settings).all())


def _too_long(settings: Settings, timed: Sequence[Timed]) -> list[str]:
    told = [
        f"{way.name}: {way.seconds:.1f} s from the answer, {way.limit:g} at most"
        for way in timed
        if way.limit is not None and way.too_long
    ]
    if not told:
        return []
    if most := run(_timer(settings).most_digits()):
        length = (
            f"HOTLINE_PASSWORD__LENGTH={settings.password.length}: with these sounds {most} digits are the most that"
        )
        return [*told, f"{length} fit into a paid minute; set {most}, or shorten words and gaps"]
    return [*told, "shorten the words or the gaps, or speak faster (`hotline sounds time`)"]


def _table_of_clips(clips: Sequence[Inspected]) -> Table:
    table = Table("prompt", "seconds", "level dBFS", "peak dBFS", "silence before, after", "voice", "", highlight=False)
    for clip in clips:
        figures = [""] * 4
        if clip.measures:
            m = clip.measures
            figures = [f"{m.seconds:.2f}", f"{m.level:.1f}", f"{m.peak:.1f}", f"{m.lead:.2f}, {m.tail:.2f}"]
        verdict = "[red]fault[/]" if clip.faults else "ok"
        table.add_row(escape(clip.id), *figures, "recorded" if clip.recorded else "engine", verdict)
    return table


def _end(faults: Sequence[str]) -> None:
    for fault in faults:
        console.print(fault, style="red", highlight=False, markup=False, soft_wrap=True)
    if faults:
        raise typer.Exit(NOT_WELL)
