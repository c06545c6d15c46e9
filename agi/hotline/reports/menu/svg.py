"""The menu as SVG: columns of boxes, keys in them, and a line from each key to where it leads, as thick as it was used.

No layout program is asked: a menu has few boxes, and columns by the number of keys to them read like the call itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hotline.reports.menu.graph import Box, Graph, Row

WIDTH: Final = 270
"""Of a box, in pixels, like all that follows."""
LINE: Final = 20
PAD: Final = 10
BETWEEN_COLUMNS: Final = 110
BETWEEN_BOXES: Final = 26
HEAD: Final = 56
"""Above the columns, for the title."""
LETTERS: Final = 38
"""Of a line in a box, at most."""

# Okabe and Ito's palette, as in the other pictures; each kind has a word of its own as well.
_COLOURS: Final = {
    "door": "#999999",
    "menu": "#0072B2",
    "reissue": "#009E73",
    "information": "#56B4E9",
    "end": "#666666",
    "off": "#D55E00",
}
_LEFT: Final = "#D55E00"
_INK: Final = "#222222"


@dataclass(frozen=True)
class _Placed:
    box: Box
    column: int
    x: float
    y: float

    @property
    def height(self) -> float:
        return 2 * PAD + LINE * (1 + len(self.box.said) + len(self.box.rows) + len(self.box.ended))

    def row_y(self, number: int) -> float:
        return self.y + PAD + LINE * (1 + len(self.box.said) + number + 0.5)


def svg(graph: Graph) -> str:
    """Return the text of the picture."""
    placed = {one.box.id: one for one in _placed(graph)}
    width = len(graph.columns) * (WIDTH + BETWEEN_COLUMNS) - BETWEEN_COLUMNS + 4 * PAD
    height = max(one.y + one.height for one in placed.values()) + 2 * PAD
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
            "font-family": "DejaVu Sans, Arial, sans-serif",
            "font-size": "13",
            "role": "img",
        },
    )
    ET.SubElement(root, "title").text = graph.title
    ET.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "white"})
    _write(root, 2 * PAD, HEAD / 2, graph.title, size="17", weight="bold")
    most = max((row.calls or 0 for box in graph.boxes.values() for row in box.rows), default=0)
    for one in placed.values():
        for number, row in enumerate(one.box.rows):
            if row.to:
                _connect(root, one, number, placed[row.to], _thickness(row, most))
    for one in placed.values():
        _draw(root, one)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _placed(graph: Graph) -> Iterator[_Placed]:
    for number, column in enumerate(graph.columns):
        y = float(HEAD)
        for box in column:
            one = _Placed(box, number, 2 * PAD + number * (WIDTH + BETWEEN_COLUMNS), y)
            yield one
            y += one.height + BETWEEN_BOXES


def _thickness(row: Row, most: int) -> float:
    return 1.0 + (7.0 * row.calls / most if row.calls else 0.0)


def _connect(root: ET.Element, start: _Placed, number: int, end: _Placed, thickness: float) -> None:
    """Draw the line of a row: to the left side of a box further on, else round to its right side."""
    x, y = start.x + WIDTH, start.row_y(number)
    onward = end.column > start.column
    to_x, to_y = (end.x if onward else end.x + WIDTH), end.y + PAD + LINE / 2
    bend = max(BETWEEN_COLUMNS / 2, (to_x - x) / 2) if onward else BETWEEN_COLUMNS * 0.7
    to_bend = to_x - bend if onward else to_x + bend
    ET.SubElement(
        root,
        "path",
        {
            "d": f"M {x:g} {y:g} C {x + bend:g} {y:g}, {to_bend:g} {to_y:g}, {to_x:g} {to_y:g}",
            "fill": "none",
            "stroke": _COLOURS[end.box.kind],
            "stroke-width": f"{thickness:.1f}",
            "stroke-opacity": "0.6",
        },
    )


def _draw(root: ET.Element, one: _Placed) -> None:
    box, colour = one.box, _COLOURS[one.box.kind]
    frame = {"x": f"{one.x:g}", "y": f"{one.y:g}", "width": f"{WIDTH}", "height": f"{one.height:g}", "rx": "6"}
    ET.SubElement(root, "rect", frame | {"fill": "white", "stroke": colour, "stroke-width": "2"})
    y = one.y + PAD + LINE / 2
    _write(root, one.x + PAD, y, box.title, weight="bold")
    if box.calls is not None:
        _write(root, one.x + WIDTH - PAD, y, f"{box.calls:,}", anchor="end", weight="bold")
    for said in box.said:
        y += LINE
        _write(root, one.x + PAD, y, said, fill="#555555")
    for row in box.rows:
        y += LINE
        _write(root, one.x + PAD, y, row.key, weight="bold", fill=colour)
        _write(root, one.x + PAD + (22 if row.key else 0), y, row.words)
        if row.calls is not None:
            _write(root, one.x + WIDTH - PAD, y, f"{row.calls:,}", anchor="end")
    for outcome, calls in box.ended:
        y += LINE
        _write(root, one.x + PAD, y, f"ended here: {outcome}", fill=_LEFT)
        _write(root, one.x + WIDTH - PAD, y, f"{calls:,}", anchor="end", fill=_LEFT)


def _write(
    root: ET.Element,
    x: float,
    y: float,
    text: str,
    *,
    size: str = "13",
    weight: str = "normal",
    fill: str = _INK,
    anchor: str = "start",
) -> None:
    """Write a line; what does not fit is in its tooltip."""
    style = {"font-size": size, "font-weight": weight, "fill": fill, "text-anchor": anchor}
    place = {"x": f"{x:g}", "y": f"{y:g}", "dominant-baseline": "central"}
    line = ET.SubElement(root, "text", place | style)
    if size == "13" and len(text) > LETTERS:
        line.text = text[: LETTERS - 1] + "…"
        ET.SubElement(line, "title").text = text
    else:
        line.text = text
