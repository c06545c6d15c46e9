"""`python -m bench.proof`: the results of the benchmarks as docs/proof.md.

What is in out/bench/ goes to docs/proof/ first, program by program; the page is made of all that is there.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.run import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE, FOLDER = Path("docs/proof.md"), Path("docs/proof")
TITLES = {
    "load": "Load: whole calls with database, every one heard",
    "beside": "The reference call beside the alternatives",
    "ari_cost": "What a call costs",
    "ari_operations": "Requests over the socket and by HTTP",
    "faults": "Faults",
    "soak": "Soak",
    "equal_time": "Time tells nothing",
    "member_lookup": "Look-up among many members",
    "fuzz": "Bytes that somebody else has made",
    "digits": "Digits a recogniser mishears",
}
HEAD = """\
# Proof

Made by `python -m bench.proof` from [the data](proof/) of the programs in [bench/](../bench/README.md); what failed is
here with the rest. Every figure is of caller, switchboard, application and database on one machine. `make bench` and
`make faults` measure again.
"""
MARKS = {True: "✓", False: "**✗**", None: ""}


def gather(results: Path, folder: Path) -> None:
    """Take over the newest results of each program: its figures and its chart."""
    folder.mkdir(parents=True, exist_ok=True)
    for run in sorted(results.glob("*/run.json")):
        name = run.parent.name
        shutil.copyfile(run, folder / f"{name}.json")
        chart = run.parent / f"{name}.png"
        if chart.exists():
            shutil.copyfile(chart, folder / chart.name)


def page(folder: Path) -> str:
    """Return the page of all that is in `folder`."""
    runs = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    order = [*(name for name in TITLES if name in runs), *sorted(set(runs) - set(TITLES))]
    missed = [(name, part, figure) for name in order for part, figure in _missed_of(runs[name]["figures"])]
    parts = [HEAD, _missed(missed), *(_section(name, runs[name], folder) for name in order)]
    return "\n".join(parts)


def _is_head(figure: dict[str, Any]) -> bool:
    return not figure["value"] and figure["held"] is None


def _missed_of(figures: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what was not held, with the line that heads it."""
    head = ""
    for figure in figures:
        head = figure["what"] if _is_head(figure) else head
        if figure["held"] is False:
            yield head, figure


def _missed(missed: list[tuple[str, str, dict[str, Any]]]) -> str:
    if not missed:
        return "Every goal was held.\n"
    lines = [f"Goals that were not held: {len(missed)}.\n"]
    lines += [
        f"- {_cell(head or TITLES.get(name, name))}: {_cell(figure['what'])}, {_cell(figure['value'])}"
        + (f"; goal: {_cell(figure['goal'])}" if figure["goal"] else "")
        for name, head, figure in missed
    ]
    return "\n".join(lines) + "\n"


def _section(name: str, run: dict[str, Any], folder: Path) -> str:
    machine = run["machine"]
    load = ", ".join(f"{one:.1f}" for one in machine["load"])
    lines = [
        f"## {TITLES.get(name, name)}\n",
        f"`bench.{name}`, {run['at']}, {machine['cores']} cores"
        + (f" ({machine['processor']})" if machine.get("processor") else "")
        + f", load {load} at the end, {machine['system']}, Python {machine['python']}.  ",
        "Options: " + (", ".join(f"{key} {_option(value)}" for key, value in run["options"].items()) or "none") + ".  ",
    ]
    if run.get("versions"):
        lines.append("Versions: " + ", ".join(f"{key} {value}" for key, value in run["versions"].items()) + ".")
    lines += ["", "| what | figure | goal | held |", "|---|---|---|---|"]
    for figure in run["figures"]:
        what = f"**{_cell(figure['what'])}**" if _is_head(figure) else _cell(figure["what"])
        lines.append(f"| {what} | {_cell(figure['value'])} | {_cell(figure['goal'])} | {MARKS[figure['held']]} |")
    if (folder / f"{name}.png").exists():
        lines += ["", f"![{TITLES.get(name, name)}]({folder.name}/{name}.png)"]
    return "\n".join(lines) + "\n"


def _option(value: object) -> str:
    return "; ".join(map(str, value)) or "nothing" if isinstance(value, list) else str(value)


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|")


def main(
    results: Annotated[Path, typer.Option(help="folder of the results")] = RESULTS,
    target: Annotated[Path, typer.Option(help="the page; what it is made of goes beside it")] = PAGE,
) -> None:
    """Make the page of all results there are."""
    folder = target.with_suffix("")
    gather(results, folder)
    target.write_text(page(folder), encoding="utf-8")
    print(f"{target}, from {len(list(folder.glob('*.json')))} programs")


if __name__ == "__main__":
    typer.run(main)
