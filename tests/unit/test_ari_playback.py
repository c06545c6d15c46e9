"""What a playback came to."""

import asyncio

import pytest

from hotline.ari import Outcome, Playback
from hotline.ari.models import PlaybackFinished, PlaybackStarted
from hotline.ari.playback import End, Playing


def started(media="sound:/a", made=0.0):
    """The event of a sound's start, made this many seconds after the first."""
    return PlaybackStarted(timestamp=clock(made), playback=Playback("p", "channel:c", "playing", media))


def finished(state, media="sound:/a", made=9.0):
    """The event of the end."""
    return PlaybackFinished(timestamp=clock(made), playback=Playback("p", "channel:c", state, media))


def clock(seconds):
    """The time as Asterisk writes it."""
    return f"2026-11-22T15:21:{seconds:06.3f}+0000"


@pytest.mark.parametrize(
    ("state", "gone", "stopped", "outcome"),
    [
        ("done", False, False, Outcome.FINISHED),
        ("done", True, False, Outcome.FINISHED),
        ("done", False, True, Outcome.STOPPED),
        ("failed", False, False, Outcome.FAILED),
        ("failed", True, False, Outcome.GONE),
    ],
)
async def test_the_state_alone_is_no_proof(state, gone, stopped, outcome):
    """`done` also follows a stop and `failed` also a hang-up; the outcome tells them apart."""
    playing = Playing()
    playing.started_sound(started())
    playing.finished(finished(state))
    result = playing.result(gone=gone, stopped=stopped)
    assert (result.outcome, result.observed) == (outcome, True)


async def test_only_the_first_end_counts():
    """A hang-up in the middle stays one, whatever is told after it."""
    playing = Playing()
    playing.finish(End.GONE)
    playing.finished(finished("done"))
    assert playing.result(gone=True, stopped=False).outcome is Outcome.GONE


async def test_nothing_that_began_took_no_time():
    """A playback stopped while it was queued has played for 0 s."""
    playing = Playing()
    playing.accept()
    playing.stop_asked = True
    await asyncio.sleep(0.01)
    playing.finished(finished("done"))
    assert playing.result(gone=False, stopped=True).seconds == 0.0


async def test_seconds_run_from_the_first_sound():
    """Time counts from the first sound of a list, not the last."""
    playing = Playing()
    playing.started_sound(started())
    await asyncio.sleep(0.02)
    playing.started_sound(started())
    playing.finished(finished("done"))
    assert playing.result(gone=False, stopped=False).seconds >= 0.02


async def test_an_end_not_seen_is_said_to_be_so():
    """A playback that Asterisk no longer knows is taken as finished, but not as observed."""
    playing = Playing()
    playing.accept()
    await asyncio.sleep(0.01)
    playing.vanish(0.0)
    await playing.end
    result = playing.result(gone=False, stopped=False)
    assert (result.outcome, result.observed) == (Outcome.FINISHED, False)
    assert result.seconds >= 0.01


async def test_an_event_on_its_way_is_waited_for():
    """When Asterisk no longer knows a playback, the event of its end still has a moment to come."""
    playing = Playing()
    playing.started_sound(started())
    playing.vanish(0.05)
    playing.finished(finished("failed"))
    await asyncio.sleep(0.06)
    result = playing.result(gone=False, stopped=False)
    assert (result.outcome, result.observed) == (Outcome.FAILED, True)


async def test_nobody_heard_what_nobody_saw_him_hear():
    """A caller who went while events were missing has heard what there was until the last sign of life, not more."""
    playing = Playing()
    playing.started_sound(started())
    playing.lose_sight(asyncio.get_running_loop().time())
    await asyncio.sleep(0.05)
    playing.finish(End.GONE)
    result = playing.result(gone=True, stopped=False)
    assert (result.outcome, result.observed) == (Outcome.GONE, False)
    assert result.seconds < 0.05


async def test_a_start_not_seen_is_assumed():
    """A playback whose start was lost with a socket counts from when it was asked for."""
    playing = Playing()
    playing.accept()
    playing.lose_sight(0.0)
    playing.see_again()
    await asyncio.sleep(0.02)
    playing.finished(finished("done"))
    result = playing.result(gone=False, stopped=False)
    assert (result.outcome, result.observed) == (Outcome.FINISHED, True)
    assert result.seconds >= 0.02


async def test_seen_again_all_counts():
    """A playback that is found still playing after a lost socket counts in full."""
    playing = Playing()
    playing.started_sound(started())
    playing.lose_sight(asyncio.get_running_loop().time())
    await asyncio.sleep(0.02)
    playing.see_again()
    playing.finish(End.GONE)
    result = playing.result(gone=True, stopped=False)
    assert result.observed
    assert result.seconds >= 0.02


async def test_without_an_end_it_is_overdue():
    """A playback that is not over when its limit is up is overdue; one not known to have begun never started."""
    playing = Playing()
    assert playing.result(gone=False, stopped=False).outcome is Outcome.NEVER_STARTED
    playing.started_sound(started())
    assert playing.result(gone=False, stopped=False).outcome is Outcome.OVERDUE


@pytest.mark.parametrize(
    ("end", "outcome"),
    [(End.REJECTED, Outcome.FAILED), (End.DROPPED, Outcome.FAILED), (End.NO_ANSWER, Outcome.NEVER_STARTED)],
)
async def test_a_request_that_failed(end, outcome):
    """What Asterisk would not play has failed; what it never took has never started."""
    playing = Playing()
    playing.finish(end)
    result = playing.result(gone=False, stopped=False)
    assert (result.outcome, result.seconds) == (outcome, 0.0)


@pytest.mark.parametrize(
    ("starts", "end", "missing"),
    [
        ([("a", 0.0), ("b", 1.0)], ("done", 2.0), ()),
        ([("a", 0.0), ("b", 0.001)], ("done", 2.0), ("a",)),
        ([("a", 0.0), ("b", 1.0), ("c", 1.001)], ("done", 2.0), ("b",)),
        ([("a", 0.0), ("b", 1.0)], ("failed", 1.001), ("b",)),
        ([("a", 0.0), ("b", 0.0), ("c", 0.001)], ("failed", 0.001), ("a", "b", "c")),
        ([("a", 0.0), ("b", 0.02)], ("done", 2.0), ()),
        ([("a", 0.0)], ("done", 0.0), ("a",)),
        ([("a", 0.0), ("b", 1.0)], ("done", 1.0), ("b",)),
    ],
)
async def test_a_sound_that_took_no_time_is_missing(starts, end, missing):
    """Asterisk comes to each sound of a list; one that it left at once was not there, whatever the list ended as."""
    playing = Playing()
    for media, made in starts:
        playing.started_sound(started(media, made))
    playing.finished(finished(end[0], starts[-1][0], end[1]))
    result = playing.result(gone=False, stopped=False)
    assert result.missing == missing
    assert result.outcome is (Outcome.FAILED if missing else Outcome.FINISHED)


async def test_a_stall_of_ours_makes_no_playback_longer():
    """A hang-up that waited for us in a stall happened when Asterisk says, not when we came to read of it."""
    playing = Playing()
    playing.started_sound(started("a", 0.0))
    await asyncio.sleep(0.05)
    playing.end_made(finished("failed", "a", 0.01).timestamp)
    playing.finish(End.GONE)
    assert playing.result(gone=True, stopped=False).seconds == pytest.approx(0.01)


async def test_a_stall_of_ours_makes_nothing_missing():
    """Events that come in one go, because our process stood still, are told apart by Asterisk's clock."""
    playing = Playing()
    for made, media in enumerate("abc"):
        playing.started_sound(started(media, made))
    playing.finished(finished("done", "c", 3.0))
    assert playing.result(gone=False, stopped=False).missing == ()


async def test_a_clock_set_back_makes_nothing_missing():
    """When Asterisk's clock is set back in the middle of a list, ours tells that time has passed."""
    playing = Playing()
    playing.started_sound(started("a", 9.0))
    await asyncio.sleep(0.02)
    playing.started_sound(started("b", 1.0))
    playing.finished(finished("done", "b", 2.0))
    assert playing.result(gone=False, stopped=False).missing == ()


async def test_a_sound_cut_in_its_first_moment_is_not_missing():
    """A caller who hangs up just as a sound begins makes it fail; that says nothing about the file."""
    playing = Playing()
    playing.started_sound(started("a", 0.0))
    playing.finished(finished("failed", "a", 0.001))
    result = playing.result(gone=True, stopped=False)
    assert (result.outcome, result.missing) == (Outcome.GONE, ())


async def test_an_end_told_before_its_start_counts_its_seconds():
    """When the start is told after the end, the seconds count from when the playback was asked for."""
    playing = Playing()
    playing.accept()
    await asyncio.sleep(0.02)
    playing.finished(finished("done"))
    result = playing.result(gone=False, stopped=False)
    assert (result.outcome, result.missing) == (Outcome.FINISHED, ())
    assert result.seconds >= 0.02
