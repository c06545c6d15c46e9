"""Calls, over the fake and over a real Asterisk: the same results in the same time."""

import asyncio

import pytest

from hotline.ari import AriError, Gone, NotFound, NotInStasis, Outcome, Rejected
from hotline.ari.fake import Heard

pytestmark = pytest.mark.asyncio(loop_scope="session")

SLACK = 0.5
"""Seconds by which a playback may seem longer than its sounds, on a busy machine."""


def lasted(result, seconds):
    """Whether a playback took as long as it should have."""
    return seconds - 0.03 <= result.seconds <= seconds + SLACK


async def test_a_call_comes_in_with_its_arguments(one_call):
    """A handler gets the channel, its caller and the dialplan's arguments."""
    async with one_call("origin=trunk", "pai=%2B84", answer=False) as (call, stay):
        assert stay.channel.id == call.id
        assert stay.channel.caller.number == "0912345678"
        assert stay.channel.state == "Ring"
        assert stay.channel.language == "vi"
        assert stay.args == ["origin=trunk", "pai=%2B84"]


async def test_ring_progress_answer(one_call):
    """What is asked of a channel reaches the caller in order, and answering twice is harmless."""
    async with one_call(answer=False) as (call, stay):
        await stay.ring()
        await stay.progress()
        await stay.answer()
        await stay.answer()
        await asyncio.sleep(0.05)
        assert call.signals == ["RINGING", "PROGRESS", "ANSWER"]


async def test_a_list_is_played_to_its_end(one_call, pbx):
    """A list takes the seconds of all its sounds."""
    short, middle = pbx.sound("short"), pbx.sound("middle")
    async with one_call() as (call, stay):
        result = await stay.play([short, middle, short], limit_seconds=3)
        assert (result.outcome, result.missing, result.observed) == (Outcome.FINISHED, (), True)
        assert lasted(result, 0.8)
        assert await call.has_heard() == [Heard((short, middle, short), "done", stopped=False)]


async def test_before_the_answer(one_call, pbx):
    """A sound is played before the answer as it is after it."""
    async with one_call(answer=False) as (call, stay):
        await stay.progress()
        result = await stay.play([pbx.sound("short")], limit_seconds=3)
        assert result.outcome is Outcome.FINISHED
        assert lasted(result, 0.1)
        assert call.signals == ["PROGRESS"]


async def test_a_key_stops_the_playback(one_call, pbx):
    """A key that shall stop the playback does, others do not; the result says that it was stopped, and when."""
    async with one_call() as (call, stay):
        playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60, stop_keys="8"))
        await call.playing(pbx.sound("long"))
        await call.press("7")
        await asyncio.sleep(0.3)
        assert not playing.done()
        await call.press("8")
        result = await asyncio.wait_for(playing, 1)
        assert result.outcome is Outcome.STOPPED
        assert 0.3 <= result.seconds < 1.3
        assert [await stay.key(within=0), await stay.key(within=0)] == ["7", "8"]
        assert await call.has_heard() == [Heard((pbx.sound("long"),), "done", stopped=True)]


async def test_a_key_pressed_before_skips_the_playback(one_call, pbx):
    """Who has keyed ahead does not hear the prompt, unless the keys were flushed."""
    async with one_call() as (call, stay):
        await call.press("8")
        await asyncio.sleep(0.3)
        result = await stay.play([pbx.sound("long")], limit_seconds=60, stop_keys="8")
        assert (result.outcome, result.seconds) == (Outcome.STOPPED, 0.0)
        stay.flush_keys()
        result = await stay.play([pbx.sound("short")], limit_seconds=60, stop_keys="8")
        assert result.outcome is Outcome.FINISHED
        assert await stay.key(within=0) is None


async def test_a_stop_before_asterisk_has_it_is_not_lost(one_call, pbx, gate):
    """A stop that comes while the request is on its way stops the playback as soon as Asterisk has it."""
    async with one_call() as (call, stay):
        gate.delay_seconds = 0.1
        playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
        await asyncio.sleep(0.01)
        stay.stop_playback()
        stay.stop_playback()
        result = await asyncio.wait_for(playing, 2)
        assert result.outcome is Outcome.STOPPED
        assert result.seconds < 1
        gate.delay_seconds = 0.0
        assert (await call.has_heard())[0].stopped


async def test_a_stop_after_the_end_is_harmless(one_call, pbx):
    """A stop with nothing playing does nothing, and the next playback is not stopped by it."""
    async with one_call() as (_, stay):
        for _ in range(2):
            stay.stop_playback()
            assert (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.FINISHED


async def test_cancelling_stops_the_sound(one_call, pbx, gate):
    """When nobody waits for a playback any more it is stopped, even if its request was still on its way."""
    async with one_call() as (call, stay):
        gate.delay_seconds = 0.05
        playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
        await asyncio.sleep(0.01)
        playing.cancel()
        await asyncio.sleep(0)
        assert (await stay.play([pbx.sound("short")], limit_seconds=3)).outcome is Outcome.FINISHED
        assert [heard.stopped for heard in await call.has_heard(2)] == [True, False]


async def test_a_hang_up_in_the_middle(one_call, pbx):
    """A caller who hangs up in a prompt is gone, and the seconds he heard are told."""
    async with one_call() as (call, stay):
        playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
        await call.playing(pbx.sound("long"))
        await asyncio.sleep(0.2)
        await call.hang_up()
        result = await asyncio.wait_for(playing, 1)
        assert result.outcome is Outcome.GONE
        assert lasted(result, 0.2)


async def test_an_end_without_a_request(one_call, pbx):
    """When the dialplan's time limit ends a call, the cut playback comes before the end and still means gone."""
    async with one_call(limit=0.5) as (_, stay):
        result = await asyncio.wait_for(stay.play([pbx.sound("long")], limit_seconds=60), 2)
        assert result.outcome is Outcome.GONE
        assert 0.2 < result.seconds < 0.8


async def test_a_missing_file_fails(one_call, pbx):
    """A file that is not there is told and named at once."""
    none = pbx.sound("none")
    async with one_call() as (_, stay):
        result = await stay.play([none], limit_seconds=2)
        assert (result.outcome, result.missing) == (Outcome.FAILED, (none,))
        assert lasted(result, 0.0)


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_missing_file_in_a_list_is_found(one_call, pbx, place):
    """Asterisk passes over a missing file of a list, and says `done` if it is not the last; it is found and named."""
    media = [pbx.sound("short"), pbx.sound("short")]
    media.insert(place, pbx.sound("none"))
    async with one_call() as (call, stay):
        result = await stay.play(media, limit_seconds=2)
        assert (result.outcome, result.missing) == (Outcome.FAILED, (pbx.sound("none"),))
        assert lasted(result, 0.2)
        assert (await call.has_heard())[0].state == ("failed" if place == 2 else "done")


async def test_what_asterisk_cannot_play_is_not_asked_for(one_call, pbx):
    """Asterisk tells no end of a scheme it does not know, so the client tells it at once; the call goes on."""
    async with one_call() as (_, stay):
        result = await asyncio.wait_for(stay.play([pbx.sound("short"), "bogus:x"], limit_seconds=9), 0.5)
        assert (result.outcome, result.missing) == (Outcome.FAILED, ("bogus:x",))
        assert (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.FINISHED


async def test_a_playback_whose_end_is_never_told(one_call, pbx):
    """A recording that is not there never ends by itself: the limit ends the waiting, and the call goes on."""
    async with one_call() as (_, stay):
        result = await asyncio.wait_for(stay.play(["recording:none"], limit_seconds=0.3), 1)
        assert result.outcome is Outcome.FAILED
        assert (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.FINISHED


async def test_an_overdue_playback_is_stopped(one_call, pbx):
    """What runs over its limit is not heard any longer."""
    async with one_call() as (call, stay):
        result = await stay.play([pbx.sound("long")], limit_seconds=0.2)
        assert result.outcome is Outcome.OVERDUE
        assert (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.FINISHED
        assert [heard.stopped for heard in await call.has_heard(2)] == [True, False]


async def test_keys_come_in_order(one_call):
    """Keys come in the order they were pressed, whether somebody waited for them or not."""
    async with one_call() as (call, stay):
        pressing = asyncio.create_task(call.press("0123456789*#"))
        keys = []
        while (key := await stay.key(within=0.5)) is not None:
            keys.append(key)
        await pressing
        assert "".join(keys) == "0123456789*#"


async def test_no_key_comes(one_call):
    """Who waits for a key that does not come is told so when the time is up; a hang-up ends the waiting at once."""
    async with one_call() as (call, stay):
        assert await stay.key(within=0.05) is None
        waiting = asyncio.create_task(stay.key(within=9))
        await asyncio.sleep(0)
        await call.hang_up()
        with pytest.raises(Gone):
            await asyncio.wait_for(waiting, 1)


async def test_after_the_end_nothing_hangs(one_call, pbx):
    """After a hang-up requests say that the caller is gone, and hanging up again is a success."""
    async with one_call() as (call, stay):
        await call.hang_up()
        await asyncio.wait_for(stay.ended.wait(), 2)
        await call.over()
        await asyncio.sleep(0.05)
        assert (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.GONE
        with pytest.raises(Gone):
            await stay.answer()
        with pytest.raises(NotFound):
            await stay._channels.answer(call.id)
        await stay.hang_up()


async def test_a_hang_up_gives_its_reason(one_call):
    """The reason of a hang-up reaches the caller, and ends the stay."""
    async with one_call() as (call, stay):
        await stay.hang_up(34)
        assert stay.ended.is_set()
        await call.over()
        await asyncio.sleep(0.05)
        assert call.cause == 34


async def test_going_on_in_the_dialplan(one_call, pbx):
    """A channel that goes on in the dialplan, in the middle of a sound, is not hung up when its handler ends."""
    async with one_call() as (call, stay):
        playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
        await call.playing(pbx.sound("long"))
        await stay.continue_in_dialplan("after", "x", 3)
        assert (await asyncio.wait_for(playing, 1)).outcome in {Outcome.STOPPED, Outcome.GONE}
        await call.over()
        with pytest.raises(Gone):
            await stay.answer()
        with pytest.raises(NotInStasis):
            await stay._channels.answer(call.id)
        assert await call.place() == ("after", "x", 3)
    assert await call.place() == ("after", "x", 3)
    await call.hang_up()


async def test_a_variable_that_is_not_set_is_none(one_call):
    """A variable is its value, also an empty one, and None if it is not set; a gone channel is another thing."""
    async with one_call() as (call, stay):
        variables = stay._channels
        await variables.set_channel_var(stay.channel.id, "x", "y")
        await variables.set_channel_var(stay.channel.id, "empty", "")
        assert await variables.get_channel_var(stay.channel.id, "x") == "y"
        assert await variables.get_channel_var(stay.channel.id, "empty") == ""
        assert await variables.get_channel_var(stay.channel.id, "none") is None
        with pytest.raises(Rejected, match="Unable to read provided function"):
            await variables.get_channel_var(stay.channel.id, "NONE(x)")
        await stay.continue_in_dialplan("after", "x", 3)
        await call.over()
        assert await variables.get_channel_var(stay.channel.id, "x") == "y"
        assert await variables.get_channel_var(stay.channel.id, "none") is None
        with pytest.raises(NotInStasis):
            await variables.set_channel_var(stay.channel.id, "x", "z")
        await call.hang_up()
        await asyncio.sleep(0.1)
        with pytest.raises(NotFound, match="Provided channel was not found"):
            await variables.get_channel_var(stay.channel.id, "none")


async def test_a_variable_does_not_wait_for_the_sound(one_call, pbx):
    """Who asks for a variable during a sound is told at once."""
    async with one_call() as (call, stay):
        await stay._channels.set_channel_var(stay.channel.id, "x", "y")
        playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
        await call.playing(pbx.sound("long"))
        assert await asyncio.wait_for(stay._channels.get_channel_var(stay.channel.id, "x"), 1) == "y"
        stay.stop_playback()
        await playing


async def test_what_is_given_up_is_forgotten(one_call, pbx):
    """A playback nobody waits for, and whose end is never told, is not kept until the call ends."""
    async with one_call() as (_, stay):
        playing = asyncio.create_task(stay.play(["recording:none"], limit_seconds=60))
        await asyncio.sleep(0.1)
        playing.cancel()
        await asyncio.sleep(0.2)
        assert not stay._player._abandoned
        assert (await stay.play([pbx.sound("short")], limit_seconds=2)).outcome is Outcome.FINISHED


async def test_an_answer_waits_for_the_sound(one_call, pbx):
    """An answer asked for during a sound comes after it, which is why it may not stand in front of other requests."""
    async with one_call(answer=False) as (call, stay):
        playing = asyncio.create_task(stay.play([pbx.sound("middle")], limit_seconds=9))
        await call.playing(pbx.sound("middle"))
        began = asyncio.get_running_loop().time()
        await stay.answer()
        assert 0.4 < asyncio.get_running_loop().time() - began < 0.6 + SLACK
        assert (await playing).outcome is Outcome.FINISHED


async def test_a_hang_up_ends_an_answer_that_waits(one_call, pbx):
    """A caller who hangs up while an answer waits for a sound leaves neither hanging."""
    async with one_call(answer=False) as (call, stay):
        playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=60))
        await call.playing(pbx.sound("long"))
        answering = asyncio.create_task(stay.answer())
        await asyncio.sleep(0.1)
        await call.hang_up()
        assert (await asyncio.wait_for(playing, 1)).outcome is Outcome.GONE
        with pytest.raises(AriError):
            await asyncio.wait_for(answering, 1)


async def test_a_stop_in_the_very_first_moment(one_call, pbx):
    """A sound that is stopped as soon as it was asked for, before Asterisk can have begun it, is stopped at once."""
    async with one_call() as (_, stay):
        for _ in range(150):
            playing = asyncio.create_task(stay.play([pbx.sound("long")], limit_seconds=5))
            await asyncio.sleep(0)
            stay.stop_playback()
            assert (await playing).outcome is Outcome.STOPPED
