"""Requests whose answer is lost, late or wrong, against the fake Asterisk."""

import asyncio

import structlog

from hotline.ari import Outcome
from pupil import LONG, SHORT, Pupil, reconnected


async def playing_id(fake, call):
    """The id of what plays to a caller."""
    await call.playing(LONG)
    return next(one for one, playback in fake._playbacks.items() if playback.target == call.id)


async def test_a_stop_without_an_answer_is_not_a_finish(fake, client_of):
    """If nobody knows whether a stop was done, an end that follows was a stop: nobody is said to have heard it all."""
    pupil = Pupil()
    async with client_of(pupil, request_limit_seconds=0.2):
        call = await fake.incoming()
        stay = await pupil.stay()
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        fake.late[await playing_id(fake, call)] = 0.5
        stay.stop_playback()
        result = await asyncio.wait_for(playing, 2)
        assert (result.outcome, result.observed) == (Outcome.STOPPED, True)


async def test_a_stop_whose_answer_was_lost_is_not_a_finish(fake, client_of):
    """A stop that was done before its connection broke is not sent again, for the second answer would hide it."""
    pupil = Pupil()
    async with client_of(pupil) as client:
        call = await fake.incoming()
        stay = await pupil.stay()
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        fake.late[await playing_id(fake, call)] = 0.3
        stay.stop_playback()
        await asyncio.sleep(0.1)
        await fake.lose_socket()
        assert (await asyncio.wait_for(playing, 2)).outcome is Outcome.STOPPED
        assert len([one for one in fake.requests if one.startswith("DELETE /playbacks")]) == 1
        await asyncio.wait_for(client.connected.wait(), 2)


async def test_who_hung_up_is_gone_whatever_became_of_a_stop(fake, client_of):
    """A handler whose caller has gone does not wait for the answer to a stop."""
    pupil = Pupil()
    async with client_of(pupil):
        call = await fake.incoming()
        stay = await pupil.stay()
        playing = asyncio.create_task(stay.play([LONG], limit_seconds=60))
        await call.playing(LONG)
        fake.delay_seconds = 1.5
        stay.stop_playback()
        await call.hang_up()
        assert (await asyncio.wait_for(playing, 1)).outcome is Outcome.GONE
        fake.delay_seconds = 0.0


async def test_one_bad_answer_holds_up_no_other_call(fake, client_of):
    """When Asterisk will not tell about one call's playback after a reconnect, all calls go on over the new socket."""
    pupil = Pupil()
    async with client_of(pupil) as client:
        calls = [await fake.incoming() for _ in range(3)]
        stays = {stay.channel.id: stay for stay in [await pupil.stay() for _ in calls]}
        playing = [asyncio.create_task(stays[call.id].play([LONG], limit_seconds=60)) for call in calls]
        bad = [await playing_id(fake, call) for call in calls][1]
        fake.statuses[bad] = 500
        with structlog.testing.capture_logs() as logs:
            await fake.lose_socket()
            await reconnected(client)
        assert [line["channel"] for line in logs if line["event"] == "ari_not_caught_up"] == [calls[1].id]
        del fake.statuses[bad]
        assert fake.requests.count("GET /events") == 2
        for call, result in zip(calls, playing, strict=True):
            stays[call.id].stop_playback()
            assert (await asyncio.wait_for(result, 1)).outcome is Outcome.STOPPED


async def test_a_lost_answer_to_a_play_does_not_play_it_twice(fake, client_of):
    """If the connection breaks after Asterisk took a playback, it is not sent again: Asterisk would play it twice."""
    pupil = Pupil()
    async with client_of(pupil):
        call = await fake.incoming()
        stay = await pupil.stay()
        fake.cut_answers = 1
        assert (await stay.play([SHORT], limit_seconds=2)).outcome is Outcome.FINISHED
        assert len(call.heard) == 1


async def test_a_lost_answer_to_an_answer_is_tried_again(fake, client_of):
    """A request that may be done twice is tried again when its connection breaks."""
    pupil = Pupil()
    async with client_of(pupil):
        call = await fake.incoming()
        stay = await pupil.stay()
        fake.cut_answers = 2
        await stay.answer()
        assert call.done == ["answer"] * 3


async def test_a_lost_answer_to_a_hang_up_is_a_success(fake, client_of):
    """A hang-up that was done, but whose answer was lost, is found done when tried again."""
    pupil = Pupil()
    async with client_of(pupil):
        call = await fake.incoming()
        stay = await pupil.stay()
        fake.cut_answers = 1
        await stay.hang_up()
        assert call.ended.is_set()


async def test_a_play_without_an_answer_never_starts(fake, client_of):
    """A playback that Asterisk does not take in time has not started, and is stopped if it starts after all."""
    pupil = Pupil()
    async with client_of(pupil, request_limit_seconds=0.2):
        call = await fake.incoming()
        stay = await pupil.stay()
        fake.delay_seconds = 0.3
        result = await asyncio.wait_for(stay.play([LONG], limit_seconds=5), 3)
        assert (result.outcome, result.seconds) == (Outcome.NEVER_STARTED, 0.0)
        fake.delay_seconds = 0.0
        await asyncio.sleep(0.4)
        assert call.heard[0].stopped
        assert (await stay.play([SHORT], limit_seconds=5)).outcome is Outcome.FINISHED
