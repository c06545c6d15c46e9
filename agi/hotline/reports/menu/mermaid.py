"""The menu in Mermaid, which GitHub, GitLab and many wikis draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotline.reports.menu.graph import Box, Graph

_SHAPES = {"door": ("([", "])"), "menu": ("[", "]"), "reissue": ("[[", "]]"), "end": ("([", "])"), "off": ("[/", "/]")}


def mermaid(graph: Graph) -> str:
    """Return the text of the picture."""
    ids = {id_: f"n{number}" for number, id_ in enumerate(graph.boxes)}
    lines = ["---", f"title: {_title(graph.title)}", "---", "flowchart LR"]
    for box in graph.boxes.values():
        left, right = _SHAPES.get(box.kind, ("[", "]"))
        lines.append(f'  {ids[box.id]}{left}"{_text(*_words(box))}"{right}')
    for box in graph.boxes.values():
        for row in box.rows:
            label = _text(" · ".join(part for part in (row.key, _calls(row.calls)) if part))
            arrow = f'-- "{label}" -->' if label else "-->"
            lines.append(f"  {ids[box.id]} {arrow} {ids[row.to or box.id]}")
    return "\n".join(lines) + "\n"


def _words(box: Box) -> list[str]:
    ended = [f"ended here: {', '.join(f'{outcome} {calls:,}' for outcome, calls in box.ended)}"] if box.ended else []
    return [" · ".join(part for part in (box.title, _calls(box.calls)) if part), *box.said, *ended]


def _calls(calls: int | None) -> str:
    return "" if calls is None else f"{calls:,} calls"


def _text(*lines: str) -> str:
    """Return lines as Mermaid takes them between quotes."""
    escaped = (line.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;") for line in lines)
    return "<br/>".join(escaped)


def _title(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
