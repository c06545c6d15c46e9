"""What a playback came to."""

import asyncio

import pytest

from hotline.ari import Outcome, Playback
from hotline.ari.playback import End, Playing


def finished(state):
    """The playback as the event of its end shows it."""
    return Playback("p", "channel:c", state)


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
    playing.start()
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
    await asyncio.sleep(0.01)
    playing.finished(finished("done"))
    assert playing.result(gone=False, stopped=True).seconds == 0.0


async def test_seconds_run_from_the_first_sound():
    """Time counts from the first sound of a list, not the last."""
    playing = Playing()
    playing.start()
    await asyncio.sleep(0.02)
    playing.start()
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
    playing.start()
    playing.vanish(0.05)
    playing.finished(finished("failed"))
    await asyncio.sleep(0.06)
    result = playing.result(gone=False, stopped=False)
    assert (result.outcome, result.observed) == (Outcome.FAILED, True)


async def test_nobody_heard_what_nobody_saw_him_hear():
    """A caller who went while events were missing has heard what there was until the last sign of life, not more."""
    playing = Playing()
    playing.start()
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
    playing.start()
    playing.lose_sight(asyncio.get_running_loop().time())
    await asyncio.sleep(0.02)
    playing.see_again()
    playing.finish(End.GONE)
    result = playing.result(gone=True, stopped=False)
    assert result.observed
    assert result.seconds >= 0.02


async def test_without_an_end_it_is_overdue():
    """A playback that is not over when its limit is up is overdue."""
    playing = Playing()
    playing.start()
    assert playing.result(gone=False, stopped=False).outcome is Outcome.OVERDUE


@pytest.mark.parametrize(("end", "outcome"), [(End.REJECTED, Outcome.FAILED), (End.NO_ANSWER, Outcome.NEVER_STARTED)])
async def test_a_request_that_failed(end, outcome):
    """What Asterisk would not play has failed; what it never took has never started."""
    playing = Playing()
    playing.finish(end)
    result = playing.result(gone=False, stopped=False)
    assert (result.outcome, result.seconds) == (outcome, 0.0)
