"""The picture of a menu: every box and key is in it, with seconds and the ways of callers."""

from xml.etree import ElementTree as ET

import msgspec
import pytest

from hotline.menu import Branch8, Emergency, Moment
from hotline.records.walks import Walks
from hotline.reports.menu import graph, mermaid, svg

SECONDS = {"menu": 8.44, "menu-help": 10.3, "information": 14.5, "other-ways": 22.9, "branch8-off": 5.9}
WALKS = Walks(
    calls=1000,
    reached={"door": 1000, "answer": 950, "menu:main": 940, "number": 812, "menu:information": 90, "say:other-ways": 40,
             "end": 85, "check": 800},
    went={("door", "answer"): 950, ("answer", "menu:main"): 940, ("menu:main", "number"): 812,
          ("menu:main", "menu:information"): 90, ("menu:main", "help"): 20, ("menu:main", "end"): 7,
          ("menu:information", "say:other-ways"): 40, ("menu:information", "end"): 78},
    ended={("door", "closed"): 50, ("answer", "hung-up"): 10, ("menu:main", "hung-up"): 31, ("repeat", "reissued"): 700,
           ("mismatch", "mismatch"): 100, ("check", "hung-up"): 12, ("menu:information", "hung-up"): 3,
           ("say:other-ways", "hung-up"): 9, ("end", "ended"): 85},
)  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


def words(picture):
    """Return every text in an SVG, in order, whole."""
    texts = ET.fromstring(picture).iter(f"{SVG}text")
    return [title.text if (title := text.find(f"{SVG}title")) is not None else text.text or "" for text in texts]


def test_each_place_is_a_column_further_than_the_one_before_it(menu):
    """The call, the menu, where its keys lead: once each, in the order of the way to them."""
    drawn = graph(menu, "menu", {})
    assert [[box.id for box in column] for column in drawn.columns] == [
        ["door"],
        ["menu:main"],
        ["number", "menu:information", "end", "given-up"],
        ["say:other-ways", "say:official-sources"],
    ]


def test_the_ways_of_callers_stand_at_the_keys_they_took(menu):
    """How many went where, and how calls ended whose last step it was; the re-issue's own steps are one box."""
    boxes = graph(menu, "menu", SECONDS, WALKS).boxes
    main = boxes["menu:main"]
    assert {(row.key, row.to): row.calls for row in main.rows} == {
        ("8", "number"): 812, ("1", "menu:information"): 90, ("0", ""): 20, ("9", "end"): 7, ("…", "given-up"): 0,
    }  # fmt: skip
    assert (main.calls, main.ended, main.said) == (940, (("hung-up", 31),), ("“menu” 8.4 s", "“menu-help” 10.3 s"))
    assert boxes["door"].ended == (("closed", 50), ("hung-up", 10))
    assert (boxes["number"].calls, boxes["number"].ended) == (
        812,
        (("reissued", 700), ("mismatch", 100), ("hung-up", 12)),
    )
    assert sum(calls for box in boxes.values() for _, calls in box.ended) == WALKS.calls


def test_the_greeting_and_the_switch_are_in_the_picture(menu):
    """What is out of the ordinary is seen at a glance."""
    changed = msgspec.structs.replace(
        menu, emergency=Emergency(Moment.parse("2026-11-23 18:00")), branch8=Branch8(open=False)
    )
    boxes = graph(changed, "menu", SECONDS).boxes
    assert boxes["door"].said == ("until 2026-11-23 18:00: “emergency”",)
    assert boxes["branch8-off"].said == ("“branch8-off” 5.9 s",)
    assert "number" not in boxes


@pytest.mark.parametrize("walks", [None, WALKS])
def test_the_svg_has_every_box_and_key(menu, walks):
    """A well-formed picture, with its title, each key, each prompt with its seconds, and the calls where counted."""
    drawn = graph(menu, 'menu <1> & "2"', SECONDS, walks)
    told = words(svg(drawn))
    assert told[0] == 'menu <1> & "2"'
    for box in drawn.boxes.values():
        assert box.title in told
        assert all(said in told for said in box.said)
        assert all(row.key in told and row.words in told for row in box.rows)
    assert ("812" in told) is (walks is not None)
    paths = list(ET.fromstring(svg(drawn)).iter(f"{SVG}path"))
    assert len(paths) == sum(bool(row.to) for box in drawn.boxes.values() for row in box.rows)


def test_boxes_do_not_lie_on_each_other(menu):
    """Each has its place: no two rectangles of a picture overlap."""
    rects = [
        tuple(float(rect.get(side)) for side in ("x", "y", "width", "height"))
        for rect in ET.fromstring(svg(graph(menu, "menu", SECONDS, WALKS))).iter(f"{SVG}rect")
        if rect.get("x")
    ]
    for number, (x, y, width, height) in enumerate(rects):
        for other_x, other_y, other_width, other_height in rects[number + 1 :]:
            apart = x + width <= other_x or other_x + other_width <= x
            assert apart or y + height <= other_y or other_y + other_height <= y


def test_the_mermaid_has_every_key_and_nothing_that_breaks_it(menu):
    """A node for each box, an arrow for each key, quotes and angle brackets written as Mermaid wants them."""
    text = mermaid(graph(menu, 'a "title"', SECONDS | {"menu": 8.4}, WALKS))
    assert text.startswith('---\ntitle: "a \\"title\\""\n---\nflowchart LR\n')
    assert '  n1["menu main · 940 calls<br/>“menu” 8.4 s<br/>“menu-help” 10.3 s<br/>ended here: hung-up 31"]\n' in text
    assert '  n1 -- "8 · 812 calls" --> n2\n' in text
    assert '  n1 -- "0 · 20 calls" --> n1\n' in text
