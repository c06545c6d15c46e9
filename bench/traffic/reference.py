"""The reference call (PROOF.md): a member who keys ahead, hears the password twice and hangs up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.traffic.carrier import Plan
from hotline.menu import load
from hotline.phone.g711 import RATE
from hotline.prompts import Script, compose

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.traffic.ground import Member
    from hotline.demo.house import House

CHOOSES, KEYS = 1.0, 2.0
"""Seconds from the answer at which 8 is keyed, and the number begins to be."""
TONE = GAP = 0.1
SLACK = 1.5
"""Seconds of the closing sentence a caller listens to; as much a call may be late and still be heard in full."""


def planner(rooms: House) -> Callable[[Member], Plan]:
    """Return what makes a member's reference call; all take equally long, as all readings do."""
    menu = load(rooms.settings.menu, Script.load(rooms.settings.voice.script).prompts)
    digits = "0" * rooms.settings.password.length
    readings = sum(
        len(compose(rooms.library, lead, digits, digit_gap=gaps.digit_gap, group_gap=gaps.group_gap)) / RATE
        for lead, gaps in (("new-password", menu.reading), ("repeat-password", menu.repeat))
    )
    keyed = KEYS + 11 * (TONE + GAP)
    seconds = keyed + rooms.library["check"].seconds + readings + SLACK

    def plan(member: Member) -> Plan:
        return Plan(member.phone, ((CHOOSES, "8"), (KEYS, f"{member.number}#")), seconds, TONE, GAP)

    return plan
