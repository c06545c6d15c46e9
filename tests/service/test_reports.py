"""Lists and sums of calls, on a real Postgres."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from hotline.desk import CallerNumber, CallRecord, Ledger, NumberMalformed
from hotline.records.retention import VIETNAM
from hotline.records.walks import Walks, walks
from hotline.reports import CallBook, Period, draw, summary

MORNING = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""Nine in Vietnam."""
LAN, MINH = CallerNumber("+84912345678"), CallerNumber("+84987654321")


@pytest.fixture
def ledger(database, vault):
    """Writes calls down."""
    return Ledger(database, vault, price_per_minute=1000)


def call(number, *, at=MORNING, outcome="reissued", seconds=50.0, caller=LAN, steps=("door", "answer", "menu")):
    """A call that was answered after a second, with a step every ten seconds."""
    return CallRecord(
        id=f"call-{number}",
        started_at=at,
        answered_at=at + timedelta(seconds=1),
        ended_at=at + timedelta(seconds=seconds),
        outcome=outcome,
        steps=[(step, 10.0 * index) for index, step in enumerate(steps)],
        caller=caller,
    )


@pytest.fixture
async def three(ledger):
    """Three calls on two days, the last of them just after midnight in Vietnam."""
    await ledger.write(call(1))
    await ledger.write(call(2, at=MORNING + timedelta(minutes=1), outcome="hung-up", seconds=25.0, caller=MINH))
    await ledger.write(call(3, at=datetime(2026, 11, 20, 17, 5, tzinfo=UTC), seconds=70.0, steps=("door", "answer")))


async def ids(book, **wanted):
    """The ids of the calls listed."""
    return [one.id for one in await book.listed(**wanted)]


async def test_calls_are_listed_masked_and_filtered(database, vault, three):
    """By time, outcome and caller, oldest first; the caller is masked, whatever form the number is given in."""
    book = CallBook(database, vault)
    assert await ids(book) == ["call-1", "call-2", "call-3"]
    assert await ids(book, limit=2) == ["call-2", "call-3"]
    assert await ids(book, outcome="hung-up") == ["call-2"]
    assert await ids(book, caller="0987654321") == ["call-2"]
    assert await ids(book, since=MORNING + timedelta(minutes=1), before=MORNING + timedelta(hours=1)) == ["call-2"]
    first = (await book.listed())[0]
    assert (first.caller, first.last_step, first.seconds, first.billed_minutes, first.price) == (
        "*******678",
        "menu",
        50.0,
        1,
        1000,
    )
    with pytest.raises(NumberMalformed):
        await book.listed(caller="12")


async def test_calls_are_followed_as_they_end(database, vault, ledger):
    """Each call comes once, soon after it was written down; those before do not."""
    book = CallBook(database, vault)
    await ledger.write(call(1))
    seen = []

    async def follow():
        async for one in book.follow():
            seen.append(one.id)  # noqa: PERF401 - it never ends

    following = asyncio.create_task(follow())
    await asyncio.sleep(0.3)
    now = datetime.now(UTC)
    await ledger.write(call(2, at=now, seconds=0.5))
    await ledger.write(call(3, at=now, seconds=0.6, outcome="hung-up"))
    for _ in range(60):
        if len(seen) == 2:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.2)
    following.cancel()
    assert seen == ["call-2", "call-3"]


async def test_a_day_is_summed_up(database, three):
    """Calls by outcome, seconds by step, where callers gave up, minutes and price; a day is one in Vietnam."""
    told = await summary(database, Period.of("day", date(2026, 11, 20)))
    assert [(one.outcome, one.calls, one.seconds, one.billed_minutes, one.price) for one in told.outcomes] == [
        ("hung-up", 1, 25.0, 1, 1000),
        ("reissued", 1, 50.0, 1, 1000),
    ]
    assert [(one.step, one.calls, one.seconds, one.gave_up) for one in told.steps] == [
        ("answer", 2, 20.0, 0),
        ("door", 2, 20.0, 0),
        ("menu", 2, 35.0, 1),
    ]
    assert (told.calls, told.billed_minutes, told.price) == (2, 2, 2000)


async def test_a_week_has_each_of_its_days(database, three):
    """Calls by day, days without one among them."""
    told = await summary(database, Period.of("week", date(2026, 11, 20)))
    assert [sum(outcomes.values()) for outcomes in told.per_day.values()] == [0, 0, 0, 0, 2, 1, 0]
    assert told.billed_minutes == 4


async def test_a_summary_is_a_table_for_others_too(database, three):
    """As CSV, every outcome and step is a row."""
    file = io.StringIO()
    (await summary(database, Period.of("day", date(2026, 11, 20)))).write_csv(file)
    assert file.getvalue().splitlines() == [
        "what,name,calls,mean_seconds,gave_up,billed_minutes,price",
        "outcome,hung-up,1,25.0,,1,1000",
        "outcome,reissued,1,50.0,,1,1000",
        "step,answer,2,10.0,0,,",
        "step,door,2,10.0,0,,",
        "step,menu,2,17.5,1,,",
    ]


@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2026, 1, 1)])
async def test_a_summary_is_drawn(database, three, tmp_path, day):
    """As PNG and SVG, also of a day without calls."""
    png, svg = draw(await summary(database, Period.of("day", day)), tmp_path / "report")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "gave up" in svg.read_text()


async def test_calls_without_an_end_are_under_way_and_later_lost(database, vault, ledger):
    """What a process that died leaves of its calls may go on for an hour; then lists and sums say that it is lost."""
    now = datetime.now(UTC)
    await ledger.write(CallRecord("old", now - timedelta(minutes=66)), CallRecord("new", now - timedelta(minutes=64)))
    book = CallBook(database, vault)
    assert {one.id: one.outcome for one in await book.listed()} == {"old": "lost", "new": "under-way"}
    assert await ids(book, outcome="lost") == ["old"]
    assert await ids(book, outcome="under-way") == ["new"]
    days = [Period.of("day", (now - timedelta(minutes=minutes)).astimezone(VIETNAM).date()) for minutes in (66, 64)]
    both = Period(days[0].first, days[1].last)
    told = await summary(database, both)
    assert {one.outcome: one.calls for one in told.outcomes} == {"lost": 1, "under-way": 1}


async def test_the_ways_of_calls_are_summed_up(database, ledger):
    """Each call counts once wherever it came and went, however often; drafts, calls under way and other days do not."""
    menu = ("door", "answer", "menu:main", "help", "menu:main", "number")
    await ledger.write(call(1, steps=menu))
    await ledger.write(replace(call(2, outcome="hung-up", steps=menu[:3]), menu="4"))
    await ledger.write(replace(call(3, steps=menu), menu="draft"))
    await ledger.write(replace(call(4, steps=menu), ended_at=None, outcome=None))
    await ledger.write(call(5, at=MORNING + timedelta(days=1), steps=menu))
    async with database.transaction() as connection:
        summed = await walks(connection, MORNING, MORNING + timedelta(hours=1))
    assert summed == Walks(
        2,
        {"door": 2, "answer": 2, "menu:main": 2, "help": 1, "number": 1},
        {
            ("door", "answer"): 2,
            ("answer", "menu:main"): 2,
            ("menu:main", "help"): 1,
            ("help", "menu:main"): 1,
            ("menu:main", "number"): 1,
        },
        {("number", "reissued"): 1, ("menu:main", "hung-up"): 1},
    )
