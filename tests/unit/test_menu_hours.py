"""When the hotline is open: hours, holidays, the greeting that ends by itself; by the clocks of Vietnam."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.menu import VIETNAM, Branch, Days, Emergency, Hours, Menu, Moment, Span

MAIN = {"main": Branch(prompt="menu", again="menu", keys={"8": "reissue", "9": "end"})}
OFFICE = Hours(**{day: (Span.parse("07:30-11:30"), Span.parse("13:00-17:00")) for day in ("monday", "friday")})
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 2 * 365 * 86400).map(lambda seconds: FIRST + timedelta(0, seconds))
ZONES = st.integers(min_value=-12, max_value=14).map(lambda hours: timezone(timedelta(hours=hours)))


def menu(**what):
    """Return a menu with what is said of it."""
    return Menu(start="main", give_up="other-ways", menu=MAIN, **what)


def in_vietnam(text):
    """Return a moment by the clocks of Vietnam."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-11-23 07:29:59", False),
        ("2026-11-23 07:30:00", True),
        ("2026-11-23 11:29:59", True),
        ("2026-11-23 11:30:00", False),
        ("2026-11-23 13:00:00", True),
        ("2026-11-23 17:00:00", False),
        ("2026-11-24 09:00:00", False),
        ("2026-11-27 09:00:00", True),
    ],
)
def test_hours_have_a_first_and_a_last_minute(moment, open_):
    """Open from the first minute to the one before the last, several times a day, on the days named."""
    assert menu(hours=OFFICE).closed_at(in_vietnam(moment)) == (None if open_ else "closed")


def test_without_hours_it_is_open_day_and_night():
    """As shipped nobody is turned away for the time of the day."""
    assert menu().closed_at(in_vietnam("2026-11-22 03:00")) is None


def test_a_day_may_end_at_midnight_and_go_on():
    """24:00 is the end of a day, and the next may begin with 00:00: no minute between them is closed."""
    night = Hours(monday=(Span.parse("22:00-24:00"),), tuesday=(Span.parse("00:00-06:00"),))
    assert menu(hours=night).closed_at(in_vietnam("2026-11-23 23:59:59")) is None
    assert menu(hours=night).closed_at(in_vietnam("2026-11-24 00:00:00")) is None


@given(moment=MOMENTS, zone=ZONES)
def test_the_zone_in_which_a_moment_is_told_makes_no_difference(moment, zone):
    """Whatever the zone of the machine, what counts is the time in Vietnam, seven hours ahead of UTC."""
    there = moment + timedelta(hours=7)
    minute = 60 * there.hour + there.minute
    open_ = there.weekday() in {0, 4} and (450 <= minute < 690 or 780 <= minute < 1020)
    assert OFFICE.open_at(moment) is open_
    assert OFFICE.open_at(moment.astimezone(zone)) is open_


@given(moment=MOMENTS)
def test_a_holiday_is_a_day_in_vietnam(moment):
    """It begins and ends at midnight there, also for dates at the ends of a range, and hours do not open it."""
    days = (Days.parse("2027-02-05..2027-02-11"), Days.parse(date(2027, 1, 1)))
    there = (moment + timedelta(hours=7)).date()
    closed = date(2027, 2, 5) <= there <= date(2027, 2, 11) or there == date(2027, 1, 1)
    allday = Hours(**dict.fromkeys(Hours.__struct_fields__, (Span(0, 1440),)))
    assert menu(holidays={"Tết": days}).closed_at(moment) == ("closed-holiday" if closed else None)
    assert menu(holidays={"Tết": days}, hours=allday).closed_at(moment) == ("closed-holiday" if closed else None)


@given(begins=st.integers(0, 1439), length=st.integers(1, 1440))
def test_a_span_reads_back_as_it_is_written(begins, length):
    """What is shown of hours can be written into the file."""
    span = Span(begins, min(begins + length, 1440))
    assert Span.parse(str(span)) == span


@pytest.mark.parametrize(
    "written", [datetime.fromisoformat("2026-11-23T18:00"), "2026-11-23 18:00", "2026-11-23T11:00:00+00:00"]
)
def test_the_greeting_ends_by_itself(written):
    """Said until its end, in Vietnam where no zone is given, and not from that moment on."""
    storm = menu(emergency=Emergency(Moment.parse(written)))
    assert storm.emergency_at(in_vietnam("2026-11-23 17:59:59")) is storm.emergency
    assert storm.emergency_at(in_vietnam("2026-11-23 18:00:00")) is None
