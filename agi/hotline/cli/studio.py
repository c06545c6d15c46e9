"""`hotline sounds studio`: a person's voice in place of the engine's."""

from __future__ import annotations

import csv
import sys
from itertools import groupby
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated

import typer

from hotline.cli.terminal import console
from hotline.prompts import Script, recording_list, take_in
from hotline.settings import Settings

NOT_WELL = 1
"""Exit status when a take can't be used."""

app = typer.Typer(no_args_is_help=True)

_HOW = """\
# Danh sách thu âm của tổng đài
#
# Mỗi câu thu vào một tệp, đặt đúng tên ghi trước câu (wav, flac, ogg…, 16 kHz trở lên, một kênh).
# Giọng rõ, chậm vừa, đều nhau; phòng yên tĩnh; không nhạc nền. Khoảng lặng đầu và cuối được cắt tự động.
# Mười chữ số: thu đủ cả mười, mỗi số ngắn gọn dưới 0,6 giây, dài gần bằng nhau.
"""


@app.callback()
def studio() -> None:
    """A person's voice in place of the engine's."""


@app.command("list")
def list_(*, as_csv: Annotated[bool, typer.Option("--csv", help="as CSV: group, file, words")] = False) -> None:
    """Print what there is to record, in Vietnamese, with the name of each file."""
    lines = recording_list(Script.load(Settings.load().voice.script))
    if as_csv:
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(("nhóm", "tệp", "lời"))
        table.writerows((line.group, f"{line.file}.wav", line.words) for line in lines)
        return
    print(_HOW)
    for group, members in groupby(lines, key=lambda line: line.group):
        print(f"== {group}\n")
        for line in members:
            print(f"{line.file}.wav\n    {line.words}\n")


@app.command("take")
def take(
    folder: Annotated[Path, typer.Argument(help="the takes, named as in the list; digits in digits/")],
    *,
    into: Annotated[
        Path | None, typer.Option(help="where recorded voices are kept; default: beside the script")
    ] = None,
) -> None:
    """Take recorded voices in, and say which can't be used, why, and what is missing; exit status 1 if one can't be."""
    voice = Settings.load().voice
    recorded = into or voice.recorded
    session = take_in(folder, Script.load(voice.script), recorded)
    faulty = [one for one in session.takes if one.faults]
    for one in faulty:
        for fault in one.faults:
            console.print(f"{one.path.relative_to(folder)}: {fault}", style="red", highlight=False, markup=False)
    left = sorted(one.id for one in session.takes if not one.faults and one.id not in session.taken)
    if left:
        console.print(f"{', '.join(left)}: good, and left until all ten digits are", highlight=False)
    console.print(f"{len(session.taken)} taken in to {recorded}", highlight=False, markup=False, soft_wrap=True)
    if session.missing:
        console.print(f"not recorded, so the engine says them: {', '.join(session.missing)}", highlight=False)
    if session.taken:
        console.print("now: hotline sounds build, and hotline sounds check --html page.html", highlight=False)
    if faulty or left:
        raise typer.Exit(NOT_WELL)
