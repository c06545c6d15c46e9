"""What the unit tests share: a conversation with a scripted caller and a desk without a database."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from hotline.call import Call, CallerGone
from hotline.call.scripted import On, ScriptedLine
from hotline.desk import (
    Activation,
    AlreadyIssued,
    MediaRule,
    Overloaded,
    RecordsUnavailable,
    ReissuedTooOften,
    SecretDigits,
    TooManyFailures,
)
from hotline.dialogue import Hotline, converse
from hotline.menu import load
from hotline.prompts import Script
from hotline.settings import SHARE

PHONE = "origin=phone", "number=0912345678"
NUMBER = "0123456789"
PERSONAL = "001085012345"
PASSWORD = "590143621"
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""Monday, ten in Vietnam."""
MEDIA = MediaRule((ip_network("192.0.2.0/24"),))


@dataclass(frozen=True)
class Clip:
    path: Path
    seconds: float


class Sounds(dict):
    """Every prompt there could be, two seconds long."""

    def __missing__(self, prompt):
        return Clip(Path("/sounds", prompt), 2.0)


class Readings:
    """Readings that are named after their lead, ten seconds long."""

    def __init__(self):
        self.read = []

    @contextlib.contextmanager
    def of(self, digits, lead, pace):
        """Note what is read and at which pace."""
        self.read.append((lead, digits, pace.group_gap))
        yield Clip(Path("/secrets", lead), 10.0)


@dataclass
class FakeReissue:
    log: list
    trouble: str = ""
    password: SecretDigits = field(default_factory=lambda: SecretDigits(PASSWORD))

    async def began(self):
        if self.trouble == "read before":
            raise AlreadyIssued
        self.log.append("began")
        return self.trouble != "overtaken"

    async def heard(self):
        await asyncio.sleep(0)
        self.log.append("heard")
        if self.trouble == "forever":
            await asyncio.sleep(60)
        return {"stuck": Activation.UNKNOWN, "too late": Activation.OVERTAKEN}.get(self.trouble, Activation.ACTIVE)

    def withdraw(self):
        self.log.append("withdrawn")


@dataclass
class FakeDesk:
    """A desk with one member, who has two numbers, telling what it was asked; `trouble` names what fails."""

    trouble: str = ""
    log: list = field(default_factory=list)
    alarms: list = field(default_factory=list)

    def line_unsafe(self, caller, unproven):
        self.alarms.append((caller.e164, unproven.reason))

    async def admit(self, caller):
        if self.trouble == "down":
            raise RecordsUnavailable("down")
        if self.trouble in {"hour", "day"} or (self.trouble == "last failure" and "mismatch" in self.log):
            raise TooManyFailures("day" if self.trouble == "day" else "hour")

    async def look_up(self, caller, number):
        self.log.append(f"look up {number.digits}")
        if self.trouble == "lost":
            raise RecordsUnavailable("lost")
        if self.trouble == "overloaded":
            raise Overloaded
        return number.digits in {NUMBER, PERSONAL}

    async def settle(self, finding, call_id):
        if self.trouble == "often":
            raise ReissuedTooOften
        if self.trouble == "issued before":
            raise AlreadyIssued
        if self.trouble == "meanwhile":
            raise TooManyFailures("hour")
        self.log.append("match" if finding else "mismatch")
        if not finding:
            return None
        return FakeReissue(self.log, self.trouble)


@dataclass
class Talk:
    """A conversation that has been held.

    Attributes:
        line: what was heard, and when.
        call: how it ended.
        desk: what the desk was asked.
        readings: what was read out.
    """

    line: ScriptedLine
    call: Call
    desk: FakeDesk
    readings: Readings

    def said(self):
        """Return the prompts, in order."""
        return [heard.sound for heard in self.line.heard]


@pytest.fixture(scope="session")
def menu():
    """The menu as delivered."""
    return load(SHARE / "dialplan" / "menu.toml", Script.load(SHARE / "sounds" / "vi.toml").prompts)


@pytest.fixture
def talk(menu):
    """Hold a conversation with a scripted caller."""

    async def hold(
        *script: On,
        arguments=PHONE,
        notice="early",
        trouble="",
        broken=(),
        ways=(),
        media=MEDIA,
        menu=menu,
        now=NOW,
        phones=True,
    ):
        line, desk, readings = ScriptedLine(*script, broken=broken), FakeDesk(trouble), Readings()
        line.ways = list(ways) or line.ways
        call = Call("call", line, Sounds(), arguments)
        with contextlib.suppress(CallerGone):
            await converse(call, Hotline(menu, desk, readings, media, notice, lambda: now, test_phones=phones))
        return Talk(line, call, desk, readings)

    return hold
