"""Whatever comes from outside: events, keys, members' files, menus. It is understood or refused by name, no crash."""

import asyncio
import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline.ari.models import UnknownEvent, decode_event
from hotline.call.scripted import HANG_UP, On
from hotline.members.csv_file import MembersFile
from hotline.members.errors import FileMalformed, RowMalformed
from hotline.members.row import MemberRow
from hotline.menu import MenuError
from hotline.menu.load import read
from hotline.prompts import Script
from hotline.settings import SHARE

ONE_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
TYPES = ("StasisStart", "StasisEnd", "ChannelDtmfReceived", "PlaybackFinished", "ApplicationReplaced", "RESTResponse")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["channel", "playback", "digit", "application", "args", "id", "state", "message_body", "status"]
)


@given(kind=st.sampled_from(TYPES), fields=st.dictionaries(FIELDS, ANYTHING))
def test_any_event_is_decoded_or_unknown(kind, fields):
    """An event that is not what its type promises is one we do not know; a later Asterisk can't stop the reader."""
    event = decode_event(json.dumps({"type": kind, **fields}))
    assert isinstance(event, UnknownEvent) or type(event).__name__ == kind


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_unknown(data):
    """The events socket may carry anything."""
    assert decode_event(data) is not None


PROMPTS = (
    "notice",
    "menu",
    "menu-help",
    "ask-number",
    "check",
    "mismatch",
    "no-input",
    "continue-number",
    "information",
)
KEYED = st.text("0123456789*#", min_size=1, max_size=14) | st.just("0123456789#") | st.just(HANG_UP) | st.just("8")
DOING = st.builds(On, st.sampled_from(PROMPTS), KEYED, st.floats(-2.0, 8.0), st.floats(0.05, 7.0))
TROUBLE = st.sampled_from(["", "", "", "down", "lost", "often", "stuck", "overtaken", "overloaded", "hour"])


@ONE_FIXTURE
@given(script=st.lists(DOING, max_size=8), trouble=TROUBLE)
def test_any_keys_lead_to_an_end(talk, script, trouble):
    """Whatever is keyed, whenever: the call ends within its longest time, and a password read is one that was begun."""
    held = asyncio.run(talk(On("menu", "8"), *script, trouble=trouble))
    assert held.line.gone_at is not None
    assert held.call.seconds() < 900
    read_out = [lead for lead, _, _ in held.readings.read if lead == "new-password"]
    assert len(read_out) <= held.desk.log.count("began") <= 1
    if "heard" in held.desk.log:
        assert read_out


HEADER = "phone,insurance_number,personal_number,full_name,email\n"
CELL = st.text(string.printable, max_size=20) | st.sampled_from(
    ["0912345678", "0123456789", "", '"', "Nguyễn A", "\x00"]
)


@ONE_FIXTURE
@given(rows=st.lists(st.lists(CELL, max_size=7), max_size=5), ends=st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_row_is_a_member_or_malformed(tmp_path, rows, ends):
    """Each line of a members' file is told by its number, as a member or with what is wrong."""
    path = tmp_path / "members.csv"
    path.write_bytes((HEADER + ends.join(",".join(row) for row in rows)).encode("utf-8", "replace"))
    with MembersFile(path) as file:
        told = list(file.rows())
    assert all(number > 1 and isinstance(row, MemberRow | RowMalformed) for number, row in told)


@ONE_FIXTURE
@given(st.binary(max_size=400))
def test_any_file_is_members_or_malformed(tmp_path, data):
    """A file that is none is refused with its name."""
    path = tmp_path / "members.csv"
    path.write_bytes(data)
    told = str(path)
    try:
        with MembersFile(path) as file:
            list(file.rows())
    except FileMalformed as fault:
        told = str(fault)
    assert str(path) in told


@pytest.fixture(scope="module")
def delivered():
    """The menu as delivered, as text, and the prompts it may use."""
    prompts = Script.load(SHARE / "sounds" / "vi.toml").prompts
    return (SHARE / "dialplan" / "menu.toml").read_text(encoding="utf-8"), prompts


@settings(max_examples=60)
@given(data=st.data())
def test_any_slip_in_a_menu_is_told_with_its_line(delivered, data):
    """A line of the menu lost, doubled or changed leaves a menu, or an error that names the line."""
    text, prompts = delivered
    lines = text.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        slip = data.draw(st.sampled_from(["lost", "doubled", "cut", "other"]))
        lines[place : place + 1] = {
            "lost": [],
            "doubled": [lines[place]] * 2,
            "cut": [lines[place][: len(lines[place]) // 2]],
            "other": [data.draw(st.text(string.printable, max_size=30))],
        }[slip]
    told = []
    try:
        read("\n".join(lines), "menu.toml", prompts)
    except MenuError as fault:
        told = str(fault).splitlines()
    assert [line for line in told if not line.startswith("menu.toml:")] == []
